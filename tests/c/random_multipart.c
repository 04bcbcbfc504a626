// Random multipart bodies: the parts and where each ends.
#include "random.h"

static void headers(void) {
  static const char *fields[] = {"Content-Type: text/plain", "content-disposition: form-data; name=\"nn\"", "Content-Length: 3", "X-Y: z",
                                 "Content-Transfer-Encoding: binary"};
  if (!one_in(6)) {
    put("Content-Disposition: form-data");
    bool named = !one_in(5);
    if (named) put("; name=\"v"), put_from("ab [].", 6), put("x\"");
    // Without a name, the reference finds one inside "filename" (http_multipart_table).
    if (named && one_in(3)) put("; filename=\"f"), put_from("ab ./\\", 12), put("x\"");
    put("\r\n");
  }
  for (uint32_t n = number(3); n > 0; n--) put(PICK(fields)), put("\r\n");
  put("\r\n");
}

static void walk(void) {
  struct mg_http_part part;
  struct mg_str body = mg_str_n(text, len);
  show(text, len);
  size_t ofs = 0, count = 0;
  do {
    memset(&part, 0xa5, sizeof(part));
    ofs = mg_http_next_multipart(body, ofs, &part);
    result("next", (long long) ofs);
    view("name", part.name), view("filename", part.filename), view("body", part.body);
  } while (ofs > 0 && ++count < 50);
}

static void valid(void) {
  static const char *boundaries[] = {"xyz", "----WebKitFormBoundary7MA4YWxk", "a'()+_,-./:=?b", "-0-"};
  const char *boundary = PICK(boundaries);
  for (uint32_t n = 1 + number(5); n > 0; n--) {
    put("--"), put(boundary), put("\r\n");
    headers();
    for (uint32_t bytes = number(one_in(10) ? 300 : 20); bytes > 0; bytes--) put_byte(one_in(3) ? (uint8_t) "\r\n-x"[number(4)] : number(256));
    put("\r\n");
  }
  put("--"), put(boundary), put("--\r\n");
  walk();
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "valid", 24, valid);
  return 0;
}
