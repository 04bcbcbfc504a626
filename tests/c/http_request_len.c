// mg_http_get_request_len: where a message head ends.

#include "mongoose.h"

static void run(const char *label, const char *s, size_t len) {
  printf("%s: %d\n", label, mg_http_get_request_len((const unsigned char *) s, len));
}

#define R(s) run(#s, s, sizeof(s) - 1)

int main(void) {
  run("NULL", NULL, 0);
  R("");
  R("\n");
  R("\n\n");
  R("\r\n\r\n");
  R("a\n\r\n");
  R("aa\n\r\n");
  R("a\n\n");
  R("x\r\n\n");
  R("x\n\r\n\n");
  R("\r\r\n\n");
  R("ab\r\r\n\r\n");
  R("GET / HTTP/1.1\r\n\r\n");
  R("GET / HTTP/1.1\r\n\r");
  R("GET / HTTP/1.1\r\n");
  R("GET / HTTP/1.1\n\n");
  R("GET / HTTP/1.1\nA; b\r\nC; d\n\r\n");
  R("a\r\n\r\nbody\n\n");
  R("a\n\nb\0");
  R("a\0");
  R("a\x01\n\n");
  R("a\x0b\n\n");
  R("a\x0c\n\n");
  R("a\x1b\n\n");
  R("a\x1f\n\n");
  R("a\t\n\n");
  R("a\x7f\n\n");
  R("a\xff\n\n");
  R("\x08" "23");
  R("\x09" "23");
  return 0;
}
