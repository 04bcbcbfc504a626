// Comparison of strings: signed bytes, ASCII case only.

#include "mongoose.h"

static void show(const char *a, size_t alen, const char *b, size_t blen, const char *label) {
  struct mg_str x = mg_str_n(a, alen), y = mg_str_n(b, blen);
  printf("mg_strcmp %s: %d\n", label, mg_strcmp(x, y));
  printf("mg_strcasecmp %s: %d\n", label, mg_strcasecmp(x, y));
}

int main(void) {
  static const char *table[][2] = {
      {"", ""}, {"a", "a"}, {"a", "A"}, {"A", "a"}, {"a", "b"}, {"b", "a"}, {"", "1"}, {"1", ""}, {"abc", "ab"},
      {"ab", "abc"}, {"Z", "["}, {"[", "z"}, {"\xff", "a"}, {"a", "\xff"}, {"\x80", "\x7f"}, {"\xe9", "\xc9"},
      {"HeLLo", "hEllO"}, {"hello!", "HELLO"}, {"a", "_"}, {"_", "a"}, {"A", "_"}, {"b", "ab"}, {"@", "`"},
      {"{", "["},
  };
  for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    const char *a = table[i][0], *b = table[i][1];
    char label[64] = "";
    for (const char *p = a; *p != '\0'; p++) snprintf(label + strlen(label), 8, "%02x", (unsigned char) *p);
    strcat(label, " ");
    for (const char *p = b; *p != '\0'; p++) snprintf(label + strlen(label), 8, "%02x", (unsigned char) *p);
    printf("mg_casecmp %s: %d\n", label, mg_casecmp(a, b));
    show(a, strlen(a), b, strlen(b), label);
  }
  show(NULL, 0, "", 0, "no string and an empty one");
  show(NULL, 0, "a", 1, "no string and one");
  show("a\0b", 3, "a\0a", 3, "NUL inside");
  show("a\0", 2, "a", 1, "NUL at the end");
  show("abX", 2, "abY", 2, "length counts");

  uint32_t state = 1, crc = 0;
  for (int i = 0; i < 100000; i++) {
    char text[2][4], result[64];
    for (int j = 0; j < 8; j++) {
      state = state * 1664525u + 1013904223u;
      text[j / 4][j % 4] = "aAbBzZ_[`{@\x80\xff\0"[(state >> 8) % 14];
    }
    struct mg_str a = mg_str_n(text[0], (size_t) (i % 5)), b = mg_str_n(text[1], (size_t) (i / 5 % 5));
    snprintf(result, sizeof(result), "%d %d", mg_strcmp(a, b), mg_strcasecmp(a, b));
    crc = mg_crc32(crc, result, strlen(result));
    text[0][3] = text[1][3] = '\0';
    snprintf(result, sizeof(result), "%d", mg_casecmp(text[0], text[1]));
    crc = mg_crc32(crc, result, strlen(result));
  }
  printf("random pairs: %08x\n", crc);
  return 0;
}
