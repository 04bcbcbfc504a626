// Random query strings, forms and header parameters.
#include "random.h"

static void query(void) {
  static const char *names[] = {"a", "b", "ab", "A", "a%20b", "", "name", "x"};
  char out[64];
  uint32_t n = number(6);
  for (uint32_t i = 0; i < n; i++) {
    if (i > 0) put("&");
    put(PICK(names));
    if (!one_in(8)) put("=");
    put_from("ab0+% =\xc3\xa9", one_in(6) ? 60 : 8);
    if (one_in(4)) put("%41"), put(one_in(2) ? "%zz" : "%c3%A9");
  }
  if (one_in(3)) damage("&=%ab+;\x01");
  show(text, len);
  struct mg_str vars = mg_str_n(text, len);
  const char *name = PICK(names);
  view("var", mg_http_var(vars, mg_str(name)));
  size_t room = one_in(3) ? number(20) : sizeof(out);
  int got = mg_http_get_var(&vars, name, out, room);
  result("get", got);
  if (got > 0) bytes("value", out, (size_t) got + 1);
}

// Values of two and more characters that no name is a part of; http_header_fields has the others.
static void parameters(void) {
  static const char *names[] = {"boundary", "charset", "token", "q1"};
  static const char *starts[] = {"form-data; ", "text/html; ", "Digest ", "", "multipart/mixed;"};
  static const char *separators[] = {"; ", ";", ", ", ";\t", " "};
  put(PICK(starts));
  uint32_t n = number(4);
  for (uint32_t i = 0; i < n; i++) {
    bool quoted = one_in(2);
    if (i > 0) put(PICK(separators));
    put(PICK(names)), put(quoted ? "=\"" : "=");
    put("v0"), put_from("zwv0-_./", 12);
    if (quoted) put_from(" /:-", 3), put("\"");
  }
  show(text, len);
  view("value", mg_http_get_header_var(mg_str_n(text, len), mg_str(PICK(names))));
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "queries", 24, query);
  run_blocks(argc, argv, "parameters", 20, parameters);
  return 0;
}
