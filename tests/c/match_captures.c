// Captures of mg_match: one per `?`, one per run of `*` and `#`, then {NULL, 0} unless the pattern ends with `*` or
// `#`. Elements that are not used keep their content.

#include "mongoose.h"

#define ELEMENTS 8

static char unused[] = "unused";

static void show(const char *s, const char *pattern) {
  struct mg_str caps[ELEMENTS];
  for (int i = 0; i < ELEMENTS; i++) caps[i] = mg_str_n(unused, 77);
  bool matched = mg_match(mg_str(s), mg_str(pattern), caps);
  printf("\"%s\" and \"%s\":", s, pattern);
  if (!matched) {
    printf(" no match\n");
    return;
  }
  for (int i = 0; i < ELEMENTS; i++) {
    if (caps[i].buf == unused) printf(" -");
    else if (caps[i].buf == NULL) printf(" NULL%s", caps[i].len ? " with a length" : "");
    else printf(" [%.*s]", (int) caps[i].len, caps[i].buf);
  }
  printf("\n");
}

int main(void) {
  static const char *table[][2] = {
      {"", ""}, {"a", "a"}, {"a", "?"}, {"ab", "?b"}, {"ab", "a?"}, {"ab", "??"}, {"ab", "?*"}, {"ab", "*b"},
      {"ab", "*"}, {"ab", "a*"}, {"ab", "ab*"}, {"ab", "#"}, {"ab", "?#b"}, {"", "*"}, {"", "**"}, {"a", "**"},
      {"ab", "**b"}, {"ab", "*#*b"}, {"a/b", "*/*"}, {"a/b", "#"}, {"a/b", "*#"}, {"/x/2", "/x/*"},
      {"/foo/bar", "/*/*"}, {"/foo/", "/*/*"}, {"/foo/", "/*/"}, {"abc", "?#"}, {"a*c", "?*"}, {"a#c", "?#"},
      {"abc", "a*c"}, {"abcabc", "*abc"}, {"a", "#a"}, {"a__b_c", "a*b*c"}, {"a_b_c__c", "a*b*c"},
      {".aa..b...b", "#a#b"}, {"caabba", "#aa#bb#"}, {"/api/v1/users/42", "/api/#/users/*"}, {"foo.bar", "*.?ar"},
      {"/a/b/c", "/*/c"}, {"/api/a/b/c/get", "/api/*/get"}, {"x", "y"}, {"/1/2/3/4", "/?/?/?/?"},
      {"aaab", "*?b"}, {"abc", "*?"}, {"aab", "#?b"},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) show(table[i][0], table[i][1]);

  struct mg_str caps[2] = {{unused, 77}, {unused, 77}};
  const char *slash = "/foo/";
  mg_match(mg_str(slash), mg_str("/foo/*"), caps);
  printf("an empty capture points into the string: %d, length %d\n", caps[0].buf == slash + 5, (int) caps[0].len);
  return 0;
}
