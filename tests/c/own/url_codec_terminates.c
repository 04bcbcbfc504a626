// Whatever mg_url_decode and mg_url_encode return, the output ends with a NUL. The reference leaves it open after a bad
// escape or for lack of room, and programs go on with what was on the stack.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

int main(void) {
  uint32_t state = 1;
  int failures = 0;
  for (int i = 0; i < 300000; i++) {
    char from[16], to[40];
    size_t len = (size_t) (i % 15), room = 1 + (size_t) (i / 15 % 38);
    for (size_t j = 0; j < len; j++) {
      state = state * 1664525u + 1013904223u;
      from[j] = "%%%0123abcdefABG+/ "[(state >> 8) % 19];
    }
    memset(to, '#', sizeof(to));
    int n = mg_url_decode(from, len, to, room, i & 1);
    CHECK(memchr(to, 0, room) != NULL && to[room] == '#');
    CHECK(n < 0 || (n < (int) room && to[n] == 0));
    failures += n < 0;
    memset(to, '#', sizeof(to));
    size_t m = mg_url_encode(from, len, to, room);
    CHECK(memchr(to, 0, room) != NULL && to[room] == '#');
    CHECK(m < room && (m == 0 || to[m] == 0));
    failures += m == 0;
  }
  CHECK(failures > 1000);

  char buf[8] = "ab%4g";
  CHECK(mg_url_decode(buf, 5, buf, sizeof(buf), 0) == -1 && strcmp(buf, "ab") == 0);
  CHECK(mg_url_decode("%4", 2, NULL, 0, 0) == -1);
  CHECK(mg_url_decode(NULL, 0, buf, 1, 0) == 0 && buf[0] == 0);
  CHECK(mg_url_encode(NULL, 0, NULL, 0) == 0 && mg_url_encode("x", 1, NULL, 0) == 0);
  // A program that does not know how much room there is.
  CHECK(mg_url_encode("a b", 3, buf, SIZE_MAX) == 5 && strcmp(buf, "a%20b") == 0);
  return 0;
}
