// CRC-32, CRC-16, byte order, comparison in constant time.

#include "mongoose.h"

int main(void) {
  static const char *texts[] = {"", "a", "ab", "abc", "123456789", "The quick brown fox jumps over the lazy dog"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    size_t len = strlen(texts[i]);
    printf("\"%s\": %08x %04x\n", texts[i], mg_crc32(0, texts[i], len), mg_crc16(0, texts[i], len));
    printf("\"%s\" going on: %08x %04x\n", texts[i], mg_crc32(0xffffffff, texts[i], len), mg_crc16(0xffff, texts[i], len));
  }
  printf("in pieces: %08x %04x\n", mg_crc32(mg_crc32(0, "ab", 2), "c", 1), mg_crc16(mg_crc16(0, "ab", 2), "c", 1));
  printf("nothing: %08x %04x\n", mg_crc32(5, NULL, 0), mg_crc16(5, NULL, 0));
  static char bytes[100003];
  uint32_t state = 1, crc = 0;
  for (size_t i = 0; i < sizeof(bytes); i++) {
    state = state * 1664525u + 1013904223u;
    bytes[i] = (char) (state >> 16);
  }
  printf("many bytes: %08x %04x\n", mg_crc32(7, bytes, sizeof(bytes)), mg_crc16(7, bytes, sizeof(bytes)));
  for (size_t i = 0; i < 300; i++) crc = mg_crc32(crc, bytes + i, i) ^ mg_crc16((uint16_t) crc, bytes + i, i);
  printf("all lengths and alignments: %08x\n", crc);

  printf("ntohs: %x %x\n", mg_ntohs(0x1234), mg_htons(0xff01));
  printf("ntohl: %x %x\n", mg_ntohl(0x12345678), mg_htonl(0xff000001));
  printf("ntohll: %llx %llx\n", (unsigned long long) mg_ntohll(0x123456789abcdef0), (unsigned long long) mg_htonll(1));

  printf("equal: %d %d %d\n", mg_memeq("abc", "abc", 3), mg_memeq("abc", "abX", 2), mg_memeq("abc", "xyz", 0));
  printf("not equal: %d %d %d\n", mg_memeq("abc", "abd", 3), mg_memeq("abc", "Abc", 3), mg_memeq("a\0b", "a\0c", 3));
  int differing = 0;
  for (int i = 0; i < 256; i++) {
    char a = 0x55, b = (char) i;
    differing += !mg_memeq(&a, &b, 1);
  }
  printf("bytes that differ from one: %d\n", differing);

  unsigned char secret[16];
  memset(secret, 1, sizeof(secret));
  mg_bzero(secret + 1, 14);
  int sum = 0;
  for (size_t i = 0; i < sizeof(secret); i++) sum += secret[i];
  printf("zeroed: %d %d %d\n", sum, secret[0], secret[15]);
  mg_bzero(NULL, 0);
  return 0;
}
