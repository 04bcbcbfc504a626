// Base64: what is accepted, what is written, how much room it takes.

#include "mongoose.h"

typedef size_t (*decoder_t)(const char *, size_t, char *, size_t);
typedef size_t (*encoder_t)(const unsigned char *, size_t, char *, size_t);

static void print(const char *buf, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char) buf[i];
    if (c >= 33 && c < 127 && c != '\\') printf("%c", c);
    else printf("\\%02x", c);
  }
  printf("\n");
}

static void decode(const char *name, decoder_t f, const char *text, size_t room) {
  char buf[32];
  memset(buf, '#', sizeof(buf));
  size_t n = f(text, strlen(text), buf, room);
  printf("%s \"", name);
  for (const char *p = text; *p; p++) printf(*p == '\n' ? "\\n" : "%c", *p);
  printf("\" room %d: %d ", (int) room, (int) n);
  print(buf, n > 0 ? n + 2 : 1);
}

static void encode(const char *name, encoder_t f, const char *text, size_t room) {
  char buf[32];
  memset(buf, '#', sizeof(buf));
  size_t n = f((const unsigned char *) text, strlen(text), buf, room);
  printf("%s \"%s\" room %d: %d ", name, text, (int) room, (int) n);
  print(buf, n > 0 ? n + 1 : 1);
}

static void fuzz(const char *name, decoder_t f, const char *alphabet, uint32_t state) {
  uint32_t crc = 0, accepted = 0;
  for (int i = 0; i < 200000; i++) {
    char text[16], out[16], line[32];
    size_t len = (size_t) (i % 13);
    memset(out, 0, sizeof(out));
    for (size_t j = 0; j < len; j++) {
      state = state * 1664525u + 1013904223u;
      text[j] = alphabet[(state >> 8) % strlen(alphabet)];
    }
    size_t n = f(text, len, out, (size_t) (i / 13 % 16));
    accepted += n > 0;
    snprintf(line, sizeof(line), "%d", (int) n);
    crc = mg_crc32(crc, line, strlen(line));
    crc = mg_crc32(crc, out, n > 0 ? n + 1 : 0);
  }
  printf("%s: %u %08x\n", name, accepted, crc);
}

int main(void) {
  static const char *texts[] = {
      "eA==", "eHl6", "AAA=", "A", "AA", "AAA", "A===", "====", "AAAA====", "AAAA----", "eH l6", "Pz8_", "AA==AAAA", "AA=A",
      "AAA=AAAA", "AA=!", "AAA=A", "eHl6\n", "eHl6eA", "Q2VzYW50YQ", "Q2VzYW50YQ==", "AB==", "AAB=", "", "=AAA", "A=AA",
      "AA==AA==", "eHl6=", "eHl6==", "eHl6===", "eHl6====", "++//", "\xffHl6",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) decode("decode", mg_base64_decode, texts[i], 20);
  for (size_t room = 0; room < 6; room++) decode("decode", mg_base64_decode, "AAA=", room);
  static const char *urls[] = {"Pz8_", "Pz8",  "Pz",   "P",    "Pz8=",  "Pz==",  "Pz=8",  "P==", "=zzz", "",     "Pz8/",
                               "Pz8+", "--__", "Pz8_P", "Pz8_Pz", "Pz8_A=", "Pz8_A==", "Pz8_!=", "Pz8_!", "Pz8_P=", "Pz!=", "P=!!"};
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) decode("url decode", mg_base64url_decode, urls[i], 20);
  for (size_t room = 0; room < 6; room++) decode("url decode", mg_base64url_decode, "Pz8_", room);
  for (size_t room = 0; room < 6; room++) decode("url decode", mg_base64url_decode, "Pz8=", room);

  static const char *plain[] = {"", "a", "ab", "abc", "abcd", "\xff\xfe\xfd", "?>"};
  for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
    char name[16];
    snprintf(name, sizeof(name), "encode %d", (int) i);
    encode(name, mg_base64_encode, i == 5 ? "\x7f\x7e\x7d" : plain[i], 20);
    snprintf(name, sizeof(name), "url encode %d", (int) i);
    encode(name, mg_base64url_encode, i == 5 ? "\x7f\x7e\x7d" : plain[i], 20);
  }
  for (size_t room = 0; room < 6; room++) encode("encode", mg_base64_encode, "a", room);
  for (size_t room = 0; room < 6; room++) encode("url encode", mg_base64url_encode, "a", room);
  encode("encode", mg_base64_encode, "", 0);
  encode("encode", mg_base64_encode, "", 1);

  unsigned char bytes[3000];
  char text[4100], back[3100];
  uint32_t state = 1;
  for (size_t i = 0; i < sizeof(bytes); i++) {
    state = state * 1664525u + 1013904223u;
    bytes[i] = (unsigned char) (state >> 16);
  }
  for (size_t len = 2990; len <= 3000; len++) {
    size_t n = mg_base64_encode(bytes, len, text, sizeof(text));
    size_t m = mg_base64_decode(text, n, back, sizeof(back));
    printf("%d bytes: %d %08x, back %d\n", (int) len, (int) n, mg_crc32(0, text, n),
           m == len && memcmp(back, bytes, len) == 0);
    m = mg_base64_decode(text, n, text, sizeof(text));
    printf("%d bytes, decoded in place: %d\n", (int) len, m == len && memcmp(text, bytes, len) == 0);
    n = mg_base64url_encode(bytes, len, text, sizeof(text));
    m = mg_base64url_decode(text, n, back, sizeof(back));
    printf("%d bytes, url: %d %08x, back %d\n", (int) len, (int) n, mg_crc32(0, text, n),
           m == len && memcmp(back, bytes, len) == 0);
  }

  for (size_t len = 0; len < 8; len++) {
    char buf[32];
    size_t n = 0;
    memset(buf, '#', sizeof(buf));
    printf("byte by byte, %d: 0", (int) len);
    for (size_t i = 0; i < len; i++) {
      n = mg_base64_update((unsigned char) "hello!?"[i], buf, n);
      printf(" %d", (int) n);
    }
    printf(", then %02x", (unsigned char) buf[n]);
    n = mg_base64_final(buf, n);
    printf(" %d ", (int) n);
    print(buf, n + 2);
  }

  fuzz("random text", mg_base64_decode, "AAQgw+/==!", 1);
  fuzz("random padding", mg_base64_decode, "AB=", 2);
  fuzz("random url text", mg_base64url_decode, "AAQgw-_/+!", 3);
  fuzz("random url padding", mg_base64url_decode, "AB=", 4);
  return 0;
}
