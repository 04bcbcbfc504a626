// Results and captures of mg_match for random strings and patterns, as checksums per pattern length. Patterns with a
// `?` behind a `*` or `#` are matched without captures: for them the reference writes beyond the array.

#include "mongoose.h"

static uint32_t state = 12345;

static uint32_t next(uint32_t n) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % n;
}

static void fill(char *s, uint32_t len, const char *alphabet) {
  for (uint32_t i = 0; i < len; i++) s[i] = alphabet[next((uint32_t) strlen(alphabet))];
  s[len] = '\0';
}

int main(void) {
  for (uint32_t length = 0; length < 9; length++) {
    uint32_t results = 0, captures = 0, matches = 0, captured = 0;
    for (int i = 0; i < 20000; i++) {
      char s[16], pattern[16];
      struct mg_str caps[16];
      fill(s, next(12), i & 1 ? "ab/" : "a/");
      fill(pattern, length, i & 2 ? "ab/*#?" : "a/*#");
      memset(caps, 0, sizeof(caps));
      bool safe = strchr(pattern, '?') == NULL || strcspn(pattern, "*#") > (size_t) (strrchr(pattern, '?') - pattern);
      bool matched = mg_match(mg_str(s), mg_str(pattern), safe ? caps : NULL);
      matches += matched;
      results = mg_crc32(results, matched ? "1" : "0", 1);
      if (!matched || !safe) continue;
      captured++;
      for (int j = 0; j < 16; j++) {
        char text[32] = "(none)";
        if (caps[j].buf != NULL) snprintf(text, sizeof(text), "%d+%d", (int) (caps[j].buf - s), (int) caps[j].len);
        captures = mg_crc32(captures, text, strlen(text));
      }
    }
    printf("patterns of %d: %u matches %08x, %u captured %08x\n", (int) length, matches, results, captured, captures);
  }
  return 0;
}
