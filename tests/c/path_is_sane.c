// mg_path_is_sane: no `..` at the start or behind a slash of either kind, no `~` at the start, no NUL inside.

#include "mongoose.h"

int main(void) {
  static const char *paths[] = {
      "", "a", "/", ".", "./a", "/~", "a~", "a..", "a..b", ".a", ".a.", "/.", "./", "a/.b", "/a/./b", "%2e%2e", "C:\\x", "..",
      "../a", "/..", "a/..", "a/..b", "a/...", "/...", "...", "..a", "a//..", "a\\..\\b", "C:\\..", "C:..", "~", "~x", "/a/~",
      "\\..", "\\", ". ./", "a/. ./b", "....", "a/b../c", "a./.b", "..\\", "a/.\\..", " ..", "a/ ..",
  };
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
    printf("\"%s\": %d\n", paths[i], mg_path_is_sane(mg_str(paths[i])));
  }
  printf("no path: %d\n", mg_path_is_sane(mg_str(NULL)));
  printf("cut before the dots end: %d\n", mg_path_is_sane(mg_str_n("a/..", 3)));
  printf("cut to a slash: %d\n", mg_path_is_sane(mg_str_n("a/..", 2)));
  printf("a NUL: %d\n", mg_path_is_sane(mg_str_n("\0", 1)));
  printf("NUL at the end: %d\n", mg_path_is_sane(mg_str_n("a\0", 2)));
  printf("NUL inside: %d\n", mg_path_is_sane(mg_str_n("a\0b", 3)));
  printf("NUL at the start: %d\n", mg_path_is_sane(mg_str_n("\0a", 2)));
  printf("dots behind a NUL: %d\n", mg_path_is_sane(mg_str_n("\0..", 3)));

  uint32_t state = 1, crc = 0, sane = 0;
  for (int i = 0; i < 200000; i++) {
    char path[12];
    size_t len = (size_t) (i % 12);
    for (size_t j = 0; j < len; j++) {
      state = state * 1664525u + 1013904223u;
      path[j] = "..//\\~abcdefgh"[(state >> 8) % 14];
    }
    bool ok = mg_path_is_sane(mg_str_n(path, len));
    sane += ok;
    crc = mg_crc32(crc, ok ? "1" : "0", 1);
  }
  printf("random paths: %u %08x\n", sane, crc);
  return 0;
}
