// ChaCha20-Poly1305: RFC 8439 section 2.8.2, all lengths, forgeries, overlapping memory.

#include "mongoose.h"

static void show(const char *label, const uint8_t *p, size_t n) {
  printf("%s: ", label);
  for (size_t i = 0; i < n; i++) printf("%02x", p[i]);
  printf("\n");
}

static uint64_t fold(uint64_t sum, const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) sum = (sum ^ p[i]) * 1099511628211u;
  return sum;
}

static uint32_t s_state = 19;
static uint8_t next(void) {
  return (uint8_t) ((s_state = s_state * 1664525u + 1013904223u) >> 24);
}

int main(void) {
  uint8_t key[32], nonce[12] = {7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47};
  uint8_t ad[12] = {0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7};
  const char *text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
                     "sunscreen would be it.";
  static uint8_t in[3000], out[3016], back[3000];
  for (size_t i = 0; i < 32; i++) key[i] = (uint8_t) (0x80 + i);

  size_t n = mg_chacha20_poly1305_encrypt(out, key, nonce, ad, 12, (const uint8_t *) text, strlen(text));
  printf("RFC 8439: %zu\n", n);
  show("RFC 8439, result", out, n);
  n = mg_chacha20_poly1305_decrypt(back, key, nonce, ad, 12, out, n);
  printf("RFC 8439, decrypted: %zu %.*s\n", n, (int) n, (char *) back);
  n = mg_chacha20_poly1305_encrypt(out, key, nonce, NULL, 0, in, 0);
  printf("no text: %zu\n", n);
  show("no text, tag", out, 16);
  printf("no text, decrypted: %zd\n", (ssize_t) mg_chacha20_poly1305_decrypt(back, key, nonce, NULL, 0, out, 16));

  uint64_t sum = 0;
  int good = 0, rejected = 0, untouched = 0;
  for (size_t round = 0; round < 700; round++) {
    size_t len = round < 400 ? round : round * 41 % 3000, extra = round % 3 ? round % 40 : round;
    for (size_t i = 0; i < 32; i++) key[i] = next();
    for (size_t i = 0; i < 12; i++) nonce[i] = next();
    for (size_t i = 0; i < len; i++) in[i] = next();
    static uint8_t more[700];
    for (size_t i = 0; i < extra; i++) more[i] = next();
    n = mg_chacha20_poly1305_encrypt(out, key, nonce, more, extra, in, len);
    sum = fold(sum, out, n);
    good += n == len + 16;
    memset(back, 0, sizeof(back));
    good += mg_chacha20_poly1305_decrypt(back, key, nonce, more, extra, out, n) == len && memcmp(back, in, len) == 0;
    out[round % n] ^= (uint8_t) (1 << round % 8);
    memset(back, 0xa5, sizeof(back));
    rejected += mg_chacha20_poly1305_decrypt(back, key, nonce, more, extra, out, n) == (size_t) -1;
    untouched += back[0] == 0xa5 && back[len / 2] == 0xa5;
  }
  printf("many lengths: %016llx good %d rejected %d untouched %d\n", (unsigned long long) sum, good, rejected, untouched);

  static uint8_t area[400];
  for (int at = 0; at <= 200; at += 20) {
    ssize_t e = (ssize_t) mg_chacha20_poly1305_encrypt(area + at, key, nonce, NULL, 0, area + 100, 84);
    ssize_t d = (ssize_t) mg_chacha20_poly1305_decrypt(area + at, key, nonce, NULL, 0, area + 100, 100);
    printf("from 100 to %d: %zd %zd\n", at, e, d);
  }
  return 0;
}
