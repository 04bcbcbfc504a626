// mg_url_decode and mg_url_encode: results, room they need, what they write.

#include "mongoose.h"

static void print(const char *buf, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char) buf[i];
    if (c >= 33 && c < 127 && c != '\\') printf("%c", c);
    else printf("\\%02x", c);
  }
  printf("\n");
}

static void decode(const char *text, size_t room, int form) {
  char buf[32];
  memset(buf, '#', sizeof(buf));
  int n = mg_url_decode(text, strlen(text), buf, room, form);
  printf("decode \"%s\" room %d form %d: %d ", text, (int) room, form, n);
  print(buf, n < 0 ? 0 : 12);
}

static void encode(const char *text, size_t room) {
  char buf[32];
  memset(buf, '#', sizeof(buf));
  size_t n = mg_url_encode(text, strlen(text), buf, room);
  printf("encode \"%s\" room %d: %d ", text, (int) room, (int) n);
  print(buf, n == 0 ? 0 : 20);
}

int main(void) {
  static const char *texts[] = {"",    "abc",     "a+b", "%41", "%ff%FE", "%2541", "%00x", "ab%4g",
                                "%g4", "ab%",     "ab%4", "%%%", "a%20b+c", "%"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    decode(texts[i], 12, 0);
    decode(texts[i], 12, 1);
    decode(texts[i], 3, 0);
  }
  decode("abc", 4, 0);
  decode("%41%42%43", 4, 0);
  decode("%41%42%43", 3, 0);
  decode("", 1, 0);
  decode("", 0, 0);
  decode("a", 0, 0);
  decode("a", 1, 0);
  decode("a+b", 12, 2);

  char text[32] = "a%41%42%43d+";
  int n = mg_url_decode(text, strlen(text), text, sizeof(text), 1);
  printf("in place: %d [%s]\n", n, text);

  encode("", 5);
  encode("", 1);
  encode("", 0);
  encode("a", 0);
  encode("a", 4);
  encode("a", 5);
  encode("ab", 5);
  encode("ab", 6);
  encode("%", 4);
  encode("%", 5);
  encode("%%", 7);
  encode("%%", 8);
  encode("a@%>", 20);
  encode("a b/c", 20);
  encode("-._~", 20);
  encode("\xc3\xa9", 20);

  memset(text, '#', sizeof(text));
  n = mg_url_decode("abc", 3, text, 3, 0);
  printf("cut for lack of room: %d ", n);
  print(text, 4);
  memset(text, '#', sizeof(text));
  n = mg_url_decode("ab%4g", 5, text, 8, 0);
  printf("before a bad escape: %d ", n);
  print(text, 4);
  memset(text, '#', sizeof(text));
  n = (int) mg_url_encode("ab%", 3, text, 6);
  printf("encoded without room: %d ", n);
  print(text, 4);

  char all[256], encoded[1024];
  for (int i = 0; i < 256; i++) all[i] = (char) i;
  size_t len = mg_url_encode(all, sizeof(all), encoded, sizeof(encoded));
  printf("all bytes: %d %08x, terminated %d, last byte %d\n", (int) len, mg_crc32(0, encoded, len), encoded[len] == 0,
         encoded[sizeof(encoded) - 1]);

  uint32_t state = 1, crc = 0;
  for (int i = 0; i < 100000; i++) {
    char from[16], to[32] = "", line[64];
    size_t size = (size_t) (i % 15);
    for (size_t j = 0; j < size; j++) {
      state = state * 1664525u + 1013904223u;
      from[j] = "%%%0123abcdefABG+/ "[(state >> 8) % 19];
    }
    n = mg_url_decode(from, size, to, (size_t) (i / 15 % 20), i & 1);
    snprintf(line, sizeof(line), "%d %s", n, n < 0 ? "" : to);
    crc = mg_crc32(crc, line, strlen(line));
    size = mg_url_encode(from, size, to, (size_t) (i / 15 % 32));
    snprintf(line, sizeof(line), "%d %s", (int) size, size == 0 ? "" : to);
    crc = mg_crc32(crc, line, strlen(line));
  }
  printf("random text: %08x\n", crc);
  return 0;
}
