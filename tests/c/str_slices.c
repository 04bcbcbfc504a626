// mg_str_s, mg_str_n, mg_strdup and mg_span.

#include "mongoose.h"

static char untouched[] = "untouched";

static void span(const char *text, char sep) {
  struct mg_str a = mg_str(untouched), b = mg_str(untouched);
  bool ok = mg_span(mg_str(text), &a, &b, sep);
  printf("span \"%s\" at %d: %d [%.*s][%.*s]\n", text ? text : "(none)", sep, ok, (int) a.len, a.buf, (int) b.len, b.buf);
}

int main(void) {
  const char *text = "hello";
  printf("mg_str of NULL: %d %d\n", mg_str(NULL).buf == NULL, (int) mg_str(NULL).len);
  printf("mg_str: %d %d\n", mg_str(text).buf == text, (int) mg_str(text).len);
  printf("mg_str_n: %d %d\n", mg_str_n(text, 2).buf == text, (int) mg_str_n(text, 2).len);

  struct mg_str copy = mg_strdup(mg_str_n("a\0b", 3));
  printf("copy keeps NUL: %d, terminated %d\n", (int) copy.len == 3 && memcmp(copy.buf, "a\0b", 3) == 0, copy.buf[3] == 0);
  mg_free(copy.buf);
  copy = mg_strdup(mg_str_n("hello", 2));
  printf("copy of a part: %s\n", copy.buf);
  free(copy.buf);
  copy = mg_strdup(mg_str(""));
  printf("copy of an empty string: %d %d\n", copy.buf == NULL, (int) copy.len);
  copy = mg_strdup(mg_str(NULL));
  printf("copy of no string: %d %d\n", copy.buf == NULL, (int) copy.len);

  static const char *list[] = {"a=333,b", ",abc", "abc,", ",,", ",", "abc", "", NULL};
  for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) span(list[i], ',');
  span("a=333,b", '=');
  span("abc", '\0');
  span("\xff" "a", (char) 0xff);
  span("b\xff" "a", (char) 0xff);
  struct mg_str a, b, s = mg_str_n("a\0b", 3);
  printf("NUL as separator: %d", mg_span(s, &a, &b, '\0'));
  printf(" %d %d\n", (int) a.len, (int) b.len);
  text = "abc";
  mg_span(mg_str(text), &a, &b, ',');
  printf("the rest points at the end: %d\n", b.buf == text + 3);
  text = "abc,";
  mg_span(mg_str(text), &a, &b, ',');
  printf("the rest points behind the separator: %d\n", b.buf == text + 4);
  printf("outputs are optional: %d %d %d\n", mg_span(mg_str("a,b"), NULL, NULL, ','), mg_span(mg_str("a,b"), &a, NULL, ','),
         mg_span(mg_str("a,b"), NULL, &b, ','));
  printf("optional outputs: [%.*s][%.*s]\n", (int) a.len, a.buf, (int) b.len, b.buf);
  printf("elements of a list:");
  s = mg_str("one,,three,");
  while (mg_span(s, &a, &s, ',')) printf(" [%.*s]", (int) a.len, a.buf);
  printf("\n");
  return 0;
}
