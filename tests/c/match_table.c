// mg_match: `?` one byte, `*` any bytes but not past a `/`, `#` any bytes; the whole string has to match.

#include "mongoose.h"

static const char *table[][2] = {
    {"", ""}, {"", "*"}, {"", "#"}, {"", "?"}, {"ab", "*"}, {"a/b", "*"}, {"a/b", "#"}, {"/", "/*"},
    {"/x/2", "/x/*"}, {"/x/2/foo", "/x/*"}, {"/x/2/foo", "/x/*/*"}, {"/x/2/foo", "/x/#"},
    {"/foo/bar", "/*/*"}, {"/foo/", "/*/*"}, {"/foo", "/*/*"}, {"abc", "?#"}, {"a*c", "?*"}, {"a#c", "?#"},
    {"abc", "a*c"}, {"abc", "*c"}, {"abcabc", "*abc"}, {"a", "#a"}, {"a__b_c", "a*b*c"},
    {"a_b_c__c", "a*b*c"}, {"a_b_c_", "a*b*c"}, {".aa..b...b", "#a#b"}, {"caabba", "#aa#bb#"},
    {"/api/v1/users/42", "/api/#/users/*"}, {"foo.bar", "*.?ar"}, {"ABC", "abc"}, {"abc", "ab"}, {"ab", "abc"},
    {"g", "*gzip*"}, {"gzip, br", "*gzip*"}, {"ab", "**"}, {"a/b", "*#"}, {"a/b", "#*"}, {"/a/b/c", "/*/c"},
    {"/api/a/b/c/get", "/api/*/get"}, {"/a/b/x", "/a/*x"}, {"x/ab", "*ab"}, {"aaab", "*?b"}, {"abc", "*?"},
    {"index.shtml", "#.shtml"}, {"a/index.shtml", "#.shtml"}, {"a/index.shtml", "*.shtml"}, {"*", "*"},
    {"?", "?"}, {"a?c", "a?c"}, {"\xff", "?"}, {"\xc3\xa9", "?"}, {"\xc3\xa9", "??"}, {"a", "a?"}, {"a", "a*"},
    {"a", "a#"}, {"a", "aa"}, {"aa", "a"}, {"mqtt/a/b", "mqtt/+/b"}, {"%2f", "%2f"}, {"a\\b", "a\\b"},
};

int main(void) {
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    const char *s = table[i][0], *p = table[i][1];
    printf("\"%s\" and \"%s\": %d\n", s, p, mg_match(mg_str(s), mg_str(p), NULL));
  }
  printf("no string, empty pattern: %d\n", mg_match(mg_str(NULL), mg_str(""), NULL));
  printf("no string, no pattern: %d\n", mg_match(mg_str(NULL), mg_str(NULL), NULL));
  printf("no string, star: %d\n", mg_match(mg_str(NULL), mg_str("*"), NULL));
  printf("string with NUL, ?: %d\n", mg_match(mg_str_n("a\0b", 3), mg_str("a?b"), NULL));
  printf("string with NUL, NUL: %d\n", mg_match(mg_str_n("a\0b", 3), mg_str_n("a\0b", 3), NULL));
  printf("length counts, not the terminator: %d\n", mg_match(mg_str_n("abc", 2), mg_str_n("abX", 2), NULL));
  return 0;
}
