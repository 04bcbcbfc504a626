// Captures of patterns with `?` behind `*` or `#`: the reference writes beyond wildcards + 1 elements, with lengths of
// 2^64 - 1.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static uint32_t state = 1;

static uint32_t next(uint32_t n) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % n;
}

static bool is(struct mg_str capture, const char *text) {
  return mg_strcmp(capture, mg_str(text)) == 0;
}

int main(void) {
  struct mg_str caps[8];
  CHECK(mg_match(mg_str("aaaaaaaaaaaaaaab"), mg_str("*??b"), caps));
  CHECK(is(caps[0], "aaaaaaaaaaaaa") && is(caps[1], "a") && is(caps[2], "a") && caps[3].buf == NULL);
  CHECK(mg_match(mg_str("bbbcc"), mg_str("#b??"), caps));
  CHECK(is(caps[0], "bb") && is(caps[1], "c") && is(caps[2], "c") && caps[3].buf == NULL);

  // What is captured, put into the pattern, gives the string. Nothing else is written.
  static char guard[] = "guard";
  int matches = 0;
  for (int i = 0; i < 300000; i++) {
    char s[16], pattern[8], rebuilt[64] = "";
    uint32_t len = next(12), plen = next(8), wildcards = 0;
    for (uint32_t j = 0; j < len; j++) s[j] = "ab/"[next(3)];
    for (uint32_t j = 0; j < plen; j++) pattern[j] = "ab/??*#"[next(7)], wildcards += strchr("?*#", pattern[j]) != NULL;
    s[len] = pattern[plen] = '\0';
    for (int j = 0; j < 8; j++) caps[j] = mg_str_n(guard, 5);
    bool matched = mg_match(mg_str_n(s, len), mg_str_n(pattern, plen), caps);
    for (uint32_t j = wildcards + 1; j < 8; j++) CHECK(caps[j].buf == guard && caps[j].len == 5);
    if (!matched) {
      CHECK(caps[0].buf == NULL && caps[0].len == 0);
      continue;
    }
    struct mg_str *cap = caps;
    for (uint32_t j = 0; j < plen; j++) {
      if (strchr("*#", pattern[j]) && j > 0 && strchr("*#", pattern[j - 1])) continue;
      if (strchr("?*#", pattern[j])) strncat(rebuilt, cap->buf, cap->len), cap++;
      else strncat(rebuilt, &pattern[j], 1);
    }
    CHECK(strcmp(rebuilt, s) == 0);
    matches++;
  }
  CHECK(matches > 1000);
  return 0;
}
