// mg_http_next_multipart: the parts of well-formed and of broken bodies.

#include "mongoose.h"

static void print(struct mg_str s) {
  if (s.buf == NULL) {
    printf(" NULL");
    return;
  }
  printf(" [");
  for (size_t i = 0; i < s.len; i++) {
    if (s.buf[i] == '\r') printf("\\r");
    else if (s.buf[i] == '\n') printf("\\n");
    else putchar(s.buf[i]);
  }
  printf("]");
}

static void run(const char *label, const char *text, size_t len) {
  struct mg_str body = {(char *) text, len};
  struct mg_http_part part;
  size_t ofs = 0, count = 0, n = 0;
  printf("%s:", label);
  memset(&part, 0xa5, sizeof(part));
  while (n++ < 9 && (ofs = mg_http_next_multipart(body, ofs, &part)) > 0) {
    printf(" %zu", ofs);
    print(part.name), print(part.filename), print(part.body);
  }
  printf(" end");
  print(part.name), print(part.filename), print(part.body);
  for (ofs = 0; count < 9 && (ofs = mg_http_next_multipart(body, ofs, NULL)) > 0;) count++;
  printf(" count %zu\n", count);
}

#define R(label, s) run(label, s, sizeof(s) - 1)
#define CD "Content-Disposition: form-data; "
#define TWO                                                              \
  "--xyz\r\n" CD "name=\"val\"\r\n\r\nabc\r\ndef\r\n"                     \
  "--xyz\r\n" CD "name=\"foo\"; filename=\"a b.txt\"\r\n"                 \
  "Content-Type: text/plain\r\n\r\nhello world\r\n\r\n"

int main(void) {
  mg_log_level = MG_LL_NONE;
  run("nothing", NULL, 0);
  R("empty", "");
  R("two parts", TWO "--xyz--\r\n");
  R("two parts, no last line end", TWO "--xyz--");
  R("two parts, ordinary last delimiter", TWO "--xyz\r\n");
  R("two parts, no last delimiter", TWO);
  R("two parts, cut in the last delimiter", TWO "--xy");
  R("two parts, and text behind", TWO "--xyz--\r\nepilogue\r\n\r\nmore\r\n");
  R("two parts, and a part behind", TWO "--xyz--\r\n--xyz\r\n" CD "name=\"evil\"\r\n\r\nc\r\n--xyz--\r\n");
  R("boundary that ends with dashes", "--x--\r\n\r\nbody\r\n--x--\r\n\r\nmore\r\n--x----\r\n");
  R("no headers", "--x\r\n\r\nbody\r\n--x--\r\n");
  R("empty part", "--x\r\n\r\n\r\n--x--\r\n");
  R("empty part, line end missing", "--x\r\n\r\n--x--\r\n");
  R("two empty parts", "--x\r\n\r\n\r\n--x\r\n\r\n\r\n--x--\r\n");
  R("filename before name", "--x\r\n" CD "filename=\"fn.txt\"; name=\"nm\"\r\n\r\nb\r\n--x--\r\n");
  R("unquoted name", "--x\r\n" CD "name=nn\r\n\r\nb\r\n--x--\r\n");
  R("unquoted name of one character", "--x\r\n" CD "name=n\r\n\r\nb\r\n--x--\r\n");
  R("quoted name of one character", "--x\r\n" CD "name=\"n\"\r\n\r\nb\r\n--x--\r\n");
  R("empty name", "--x\r\n" CD "name=\"\"\r\n\r\nb\r\n--x--\r\n");
  R("escaped quote", "--x\r\n" CD "name=\"n\\\"1\"\r\n\r\nb\r\n--x--\r\n");
  R("extended filename", "--x\r\n" CD "filename*=UTF-8''a.txt\r\n\r\nb\r\n--x--\r\n");
  R("header in lower case", "--x\r\ncontent-disposition: form-data; name=\"nm\"\r\n\r\nb\r\n--x--\r\n");
  R("blank before the colon", "--x\r\nContent-Disposition : form-data; name=\"nm\"\r\n\r\nb\r\n--x--\r\n");
  R("no blank behind the colon", "--x\r\nContent-Disposition:form-data;name=\"nm\"\r\n\r\nb\r\n--x--\r\n");
  R("two dispositions", "--x\r\n" CD "name=\"n1\"; filename=\"f1\"\r\n" CD "name=\"n2\"\r\n\r\nb\r\n--x--\r\n");
  R("other headers", "--x\r\nA: b\r\n" CD "name=\"nm\"\r\nC: d\r\n\r\nb\r\n--x--\r\n");
  R("line that is no header", "--x\r\ngarbage\r\n\r\nb\r\n--x--\r\n");
  R("carriage return in a filename", "--x\r\n" CD "filename=\"a\rb\"\r\n\r\nb\r\n--x--\r\n");
  R("text that begins like the delimiter", "--x\r\n\r\na\r\n--xyz is text\r\nb\r\n--x--\r\n");
  R("preamble", "preamble\r\n--x\r\n\r\nbody\r\n--x--\r\n");
  R("leading line end", "\r\n--x\r\n\r\nbody\r\n--x--\r\n");
  R("bare line feeds", "--x\n\nbody\n--x--\n");
  R("delimiter alone", "--x\r\n");
  R("delimiter without line end", "--x");
  R("last delimiter alone", "--x--\r\n");
  R("headers without end", "--x\r\nA: b\r\n");
  R("cut behind the headers", "--x\r\nA: b\r\n\r\n");
  R("cut in the body", "--xyz\r\n\r\n012345678901234567890123456789");
  R("delimiter without dashes", "x\r\n\r\nbody\r\nx--\r\n");
  R("binary body", "--x\r\n\r\n\r\n\r\n-\r\n--\r\n--x--\r\n");
  struct mg_http_part part;
  printf("offset behind the end: %zu\n", mg_http_next_multipart(mg_str("--x\r\n\r\nb\r\n--x--"), 1000, &part));
  printf("offset of the last delimiter: %zu\n", mg_http_next_multipart(mg_str("--x\r\n\r\nb\r\n--x--\r\n"), 10, &part));
  return 0;
}
