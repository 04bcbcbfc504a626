// mg_http_var and mg_http_get_var.

#include "mongoose.h"

static void var(const char *text, const char *name) {
  struct mg_str v = mg_http_var(mg_str(text), mg_str(name));
  printf("var '%s' in '%s': ", name, text);
  if (v.buf == NULL) printf("NULL %zu\n", v.len);
  else printf("[%.*s]\n", (int) v.len, v.buf);
}

static void get(const char *text, const char *name, size_t size) {
  char buf[32];
  struct mg_str s = mg_str(text);
  memset(buf, '#', sizeof(buf));
  int n = mg_http_get_var(&s, name, buf, size);
  printf("get '%s' in '%s' size %zu: %d", name, text, size, n);
  for (size_t i = 0; i < 12; i++) {
    if (buf[i] == '\0') printf(" NUL");
    else printf(" %c", buf[i]);
  }
  printf("\n");
}

int main(void) {
  char buf[10] = "#########";
  struct mg_str null = {NULL, 0}, empty = {(char *) "x", 0}, s = mg_str("a=b");
  mg_log_level = MG_LL_NONE;
  var("a=b&c=d", "C");
  var("a=b&c=d", "a");
  var("a&b=1", "a");
  var("a=", "a");
  var("&&&a=1", "a");
  var("a=1=2&b", "a");
  var("a=1=2&b", "b");
  var("a=1&a=2", "a");
  var("%61=1", "a");
  var("a=1;b=2", "b");
  var("=5", "");
  var("", "a");
  var("", "");
  var("a", "");
  var("&", "");
  var("ab=1", "a");
  var("a=1", "ab");

  printf("size 0: %d\n", mg_http_get_var(&s, "a", buf, 0));
  printf("no destination: %d\n", mg_http_get_var(&s, "a", NULL, 10));
  printf("no name: %d %d\n", mg_http_get_var(&s, NULL, buf, sizeof(buf)), buf[0]);
  printf("null source: %d\n", mg_http_get_var(&null, "a", buf, sizeof(buf)));
  printf("empty source: %d\n", mg_http_get_var(&empty, "a", buf, sizeof(buf)));
  printf("both bad: %d\n", mg_http_get_var(&null, "a", buf, 0));
  get("a=b%20c+d", "a", 32);
  get("a=hello", "a", 6);
  get("a=hello", "a", 5);
  get("a=hello", "a", 1);
  get("a=hello", "b", 32);
  get("a=%", "a", 32);
  get("a=%4", "a", 32);
  get("a=%zz", "a", 32);
  get("a=xy%zz", "a", 32);
  get("a=hello%zz", "a", 4);
  get("a", "a", 32);
  get("a=", "a", 32);
  get("a=%00b", "a", 32);
  get("a=%41%2b%2B", "A", 32);
  get("a=%2541", "a", 32);
  return 0;
}
