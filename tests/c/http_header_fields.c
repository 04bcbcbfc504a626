// mg_http_get_header and mg_http_get_header_var.

#include "mongoose.h"

static void print(const char *label, struct mg_str s) {
  if (s.buf == NULL) printf("%s: NULL %zu\n", label, s.len);
  else printf("%s: [%.*s]\n", label, (int) s.len, s.buf);
}

static void header(struct mg_http_message *hm, const char *name) {
  struct mg_str *v = mg_http_get_header(hm, name);
  char label[40];
  snprintf(label, sizeof(label), "header '%s'", name);
  if (v == NULL) printf("%s: NULL\n", label);
  else print(label, *v);
}

static void var(const char *text, const char *name) {
  char label[200];
  size_t n = (size_t) snprintf(label, sizeof(label), "'%s' in '%s'", name, text);
  for (size_t i = 0; i < n; i++) {
    if (label[i] == '\t') label[i] = '~';
  }
  print(label, mg_http_get_header_var(mg_str(text), mg_str(name)));
}

int main(void) {
  static struct mg_http_message hm;
  const char *req = "GET / HTTP/1.1\r\nA: 1\r\na: 2\r\nFoo-Bar: baz\r\nEmpty:\r\n\r\n";
  mg_log_level = MG_LL_NONE;
  mg_http_parse(req, strlen(req), &hm);
  header(&hm, "A");
  header(&hm, "a");
  header(&hm, "foo-bar");
  header(&hm, "FOO-BAR");
  header(&hm, "Foo");
  header(&hm, "Foo-Bar:");
  header(&hm, "Foo-Barr");
  header(&hm, "Empty");
  header(&hm, "");
  printf("points into the message: %d\n", mg_http_get_header(&hm, "foo-bar") == &hm.headers[2].value);
  hm.headers[1].name.len = 0;
  header(&hm, "EMPTY");

  var("multipart/form-data; boundary=abc", "boundary");
  var("a=b", "a");
  var("x=1; a=b", "a");
  var("a=", "a");
  var("a=b;", "a");
  var("x=1; a=b ", "a");
  var("a=bc", "a");
  var("a=\"b c; d\", e=fg", "a");
  var("a=\"b c; d\", e=fg", "e");
  var("a=\"unclosed x", "a");
  var("a=\"\"; b=cc", "a");
  var("a=; b=cc", "a");
  var("a=; b=cc", "b");
  var("a=\"b\\\"c\"", "a");
  var("a=\"xyz\"trail;", "a");
  var("a=b\tc", "a");
  var("a=b,c", "a");
  var("xa=one; a=two", "a");
  var("a-b=one;b=two", "b");
  var("form-data; filename=\"x.txt\"; name=\"y\"", "name");
  var("form-data; name=\"a; filename=evil\"; filename=good", "filename");
  var("A=bcd", "a");
  var("a = bcd", "a");
  var("a=bcd", "");
  var("", "a");
  var("a", "a");
  var("a==bcd", "a");
  var("key=\"value\"", "key");
  var("qop=\"auth\",nonce=abc", "nonce");
  return 0;
}
