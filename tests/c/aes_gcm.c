// AES-GCM: vectors of the GCM specification, lengths of everything, in place, forgeries.

#include "mongoose.h"

static void show(const char *label, const uint8_t *p, size_t n) {
  printf("%s: ", label);
  for (size_t i = 0; i < n; i++) printf("%02x", p[i]);
  printf("\n");
}

static size_t unhex(const char *text, uint8_t *to) {
  size_t n = strlen(text) / 2;
  for (size_t i = 0; i < n; i++) {
    unsigned byte = 0;
    sscanf(text + 2 * i, "%2x", &byte);
    to[i] = (uint8_t) byte;
  }
  return n;
}

static uint64_t fold(uint64_t sum, const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) sum = (sum ^ p[i]) * 1099511628211u;
  return sum;
}

static void vector(const char *name, const char *key, const char *iv, const char *ad, const char *text) {
  uint8_t k[32], v[64], a[64], t[64], out[64], tag[16], back[64];
  size_t nk = unhex(key, k), nv = unhex(iv, v), na = unhex(ad, a), nt = unhex(text, t);
  char label[80];
  int rc = mg_aes_gcm_encrypt(out, t, nt, k, nk, v, nv, a, na, tag, 16);
  snprintf(label, sizeof(label), "%s, returns %d, text", name, rc);
  show(label, out, nt);
  snprintf(label, sizeof(label), "%s, tag", name);
  show(label, tag, 16);
  rc = mg_aes_gcm_decrypt(back, out, nt, k, nk, v, nv, a, na, tag, 16);
  printf("%s, decrypted: %d %d\n", name, rc, memcmp(back, t, nt) == 0);
}

static uint32_t s_state = 17;
static uint8_t next(void) {
  return (uint8_t) ((s_state = s_state * 1664525u + 1013904223u) >> 24);
}

int main(void) {
  const char *text = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
  const char *ad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
  const char *k128 = "feffe9928665731c6d6a8f9467308308";
  const char *k192 = "feffe9928665731c6d6a8f9467308308feffe9928665731c";
  const char *k256 = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
  const char *iv60 = "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728"
                     "c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b";
  const char *keys[] = {k128, k192, k256};
  printf("initialize: %d %d\n", mg_gcm_initialize(), mg_gcm_initialize());
  vector("test case 1", "00000000000000000000000000000000", "000000000000000000000000", "", "");
  for (int i = 0; i < 3; i++) {
    char name[40];
    snprintf(name, sizeof(name), "%d-bit key, 12-byte IV", 128 + 64 * i);
    vector(name, keys[i], "cafebabefacedbaddecaf888", ad, text);
    snprintf(name, sizeof(name), "%d-bit key, 8-byte IV", 128 + 64 * i);
    vector(name, keys[i], "cafebabefacedbad", ad, text);
    snprintf(name, sizeof(name), "%d-bit key, 60-byte IV", 128 + 64 * i);
    vector(name, keys[i], iv60, ad, text);
    snprintf(name, sizeof(name), "%d-bit key, no IV", 128 + 64 * i);
    vector(name, keys[i], "", "", text);
  }

  uint8_t key[32], iv[100], extra[300], in[2100], out[2100], tag[16], back[2100];
  uint64_t sum = 0;
  int good = 0, rejected = 0;
  for (size_t round = 0; round < 600; round++) {
    size_t nk = 16 + 8 * (round % 3), nv = round % 5 ? 12 : round % 100, na = round % 7 ? round % 50 : round % 300;
    size_t n = round < 300 ? round : round * 37 % 2100;
    for (size_t i = 0; i < nk; i++) key[i] = next();
    for (size_t i = 0; i < nv; i++) iv[i] = next();
    for (size_t i = 0; i < na; i++) extra[i] = next();
    for (size_t i = 0; i < n; i++) in[i] = next();
    size_t nt = round % 4 ? 16 : round % 17;
    memset(tag, 0, sizeof(tag));
    good += mg_aes_gcm_encrypt(out, in, n, key, nk, iv, nv, extra, na, tag, nt) == 0;
    sum = fold(fold(sum, out, n), tag, sizeof(tag));
    memcpy(back, out, n);
    good += mg_aes_gcm_decrypt(back, back, n, key, nk, iv, nv, extra, na, tag, nt) == 0 && memcmp(back, in, n) == 0;
    if (nt == 0) continue;
    tag[round % nt] ^= (uint8_t) (1 << round % 8);
    rejected += mg_aes_gcm_decrypt(back, out, n, key, nk, iv, nv, extra, na, tag, nt);
    tag[round % nt] ^= (uint8_t) (1 << round % 8);
    if (n == 0) continue;
    out[round % n] ^= 0x80;
    rejected += mg_aes_gcm_decrypt(back, out, n, key, nk, iv, nv, extra, na, tag, nt);
  }
  printf("many lengths: %016llx good %d rejected %d\n", (unsigned long long) sum, good, rejected);

  memcpy(out, in, 500);
  printf("in place: %d\n", mg_aes_gcm_encrypt(out, out, 500, key, 16, iv, 12, NULL, 0, tag, 16));
  show("in place, end", out + 484, 16);
  show("in place, tag", tag, 16);
  printf("without text: %d\n", mg_aes_gcm_encrypt(NULL, NULL, 0, key, 16, iv, 12, NULL, 0, tag, 16));
  show("without text, tag", tag, 16);
  printf("without tag: %d\n", mg_aes_gcm_decrypt(back, out, 500, key, 16, iv, 12, NULL, 0, NULL, 0));
  show("without tag, start", back, 16);
  uint8_t long_tag[32] = {0};
  printf("tag of 17 bytes: %d %d\n", mg_aes_gcm_encrypt(out, in, 16, key, 16, iv, 12, NULL, 0, long_tag, 17),
         mg_aes_gcm_decrypt(out, in, 16, key, 16, iv, 12, NULL, 0, long_tag, 17));
  printf("key of 15 bytes: %d\n", mg_aes_gcm_encrypt(out, in, 16, key, 15, iv, 12, NULL, 0, tag, 16));
  return 0;
}
