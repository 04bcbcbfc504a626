// ECDSA: signatures with numbers of the program and without any, hashes of all lengths, forgeries.

#include "mongoose.h"

static void show(const char *label, const uint8_t *p, size_t n) {
  printf("%s: ", label);
  for (size_t i = 0; i < n; i++) printf("%02x", p[i]);
  printf("\n");
}

static uint32_t s_state;
static int s_calls;

static int generator(uint8_t *dest, unsigned size) {
  s_calls++;
  for (unsigned i = 0; i < size; i++) dest[i] = (uint8_t) ((s_state = s_state * 1664525u + 1013904223u) >> 24);
  return 1;
}

struct sha256 {
  MG_UECC_HashContext base;
  mg_sha256_ctx ctx;
  uint8_t tmp[128];
};

static void init256(const MG_UECC_HashContext *c) {
  mg_sha256_init(&((struct sha256 *) (uintptr_t) c)->ctx);
}

static void update256(const MG_UECC_HashContext *c, const uint8_t *p, unsigned n) {
  mg_sha256_update(&((struct sha256 *) (uintptr_t) c)->ctx, p, n);
}

static void finish256(const MG_UECC_HashContext *c, uint8_t *result) {
  mg_sha256_final(result, &((struct sha256 *) (uintptr_t) c)->ctx);
}

struct sha384 {
  MG_UECC_HashContext base;
  mg_sha384_ctx ctx;
  uint8_t tmp[224];
};

static void init384(const MG_UECC_HashContext *c) {
  mg_sha384_init(&((struct sha384 *) (uintptr_t) c)->ctx);
}

static void update384(const MG_UECC_HashContext *c, const uint8_t *p, unsigned n) {
  mg_sha384_update(&((struct sha384 *) (uintptr_t) c)->ctx, p, n);
}

static void finish384(const MG_UECC_HashContext *c, uint8_t *result) {
  mg_sha384_final(result, &((struct sha384 *) (uintptr_t) c)->ctx);
}

// SHA-1 has a result that does not divide the length of a nonce.
struct sha1 {
  MG_UECC_HashContext base;
  mg_sha1_ctx ctx;
  uint8_t tmp[104];
};

static void init1(const MG_UECC_HashContext *c) {
  mg_sha1_init(&((struct sha1 *) (uintptr_t) c)->ctx);
}

static void update1(const MG_UECC_HashContext *c, const uint8_t *p, unsigned n) {
  mg_sha1_update(&((struct sha1 *) (uintptr_t) c)->ctx, p, n);
}

static void finish1(const MG_UECC_HashContext *c, uint8_t *result) {
  mg_sha1_final(result, &((struct sha1 *) (uintptr_t) c)->ctx);
}

static void forgeries(const char *name, const uint8_t *pub, const uint8_t *hash, const uint8_t *sig, MG_UECC_Curve c) {
  uint8_t bent[96], key[96], h[32];
  size_t whole = (size_t) mg_uecc_curve_public_key_size(c), half = whole / 2;
  int accepted = 0;
  for (size_t i = 0; i < whole; i += 31) {
    memcpy(bent, sig, whole);
    bent[i] ^= (uint8_t) (1 << i % 8);
    accepted += mg_uecc_verify(pub, hash, 32, bent, c);
    memcpy(key, pub, whole);
    key[i] ^= (uint8_t) (1 << i % 8);
    accepted += mg_uecc_verify(key, hash, 32, sig, c);
  }
  for (size_t i = 0; i < 32; i += 13) {
    memcpy(h, hash, 32);
    h[i] ^= 0x10;
    accepted += mg_uecc_verify(pub, h, 32, sig, c);
  }
  printf("%s forgeries accepted: %d\n", name, accepted);
  memcpy(bent, sig, whole);
  memset(bent, 0, half);
  printf("%s r = 0: %d\n", name, mg_uecc_verify(pub, hash, 32, bent, c));
  memcpy(bent, sig, whole);
  memset(bent + half, 0, half);
  printf("%s s = 0: %d\n", name, mg_uecc_verify(pub, hash, 32, bent, c));
  memset(bent, 0, whole);
  printf("%s r = s = 0: %d\n", name, mg_uecc_verify(pub, hash, 32, bent, c));
  memcpy(bent, sig, whole);
  memset(bent, 0xff, half);
  printf("%s r = ff...: %d\n", name, mg_uecc_verify(pub, hash, 32, bent, c));
  memset(bent, 0, whole);
  bent[half - 1] = bent[whole - 1] = 1;
  printf("%s r = s = 1: %d\n", name, mg_uecc_verify(pub, hash, 32, bent, c));
  memset(key, 0, whole);
  printf("%s key 0: %d\n", name, mg_uecc_verify(key, hash, 32, sig, c));
  memset(key, 0xff, whole);
  printf("%s key ff...: %d\n", name, mg_uecc_verify(key, hash, 32, sig, c));
}

static void curve(const char *name, MG_UECC_Curve c) {
  char label[80];
  uint8_t pub[96], priv[48], sig[96], hash[80];
  size_t whole = (size_t) mg_uecc_curve_public_key_size(c);
  struct sha256 h256 = {{init256, update256, finish256, 64, 32, NULL}, {{0}, 0, 0, {0}}, {0}};
  struct sha384 h384 = {{init384, update384, finish384, 128, 48, NULL}, {{0}, {0}, {0}, 0}, {0}};
  struct sha1 h1 = {{init1, update1, finish1, 64, 20, NULL}, {{0}, {0}, {0}}, {0}};
  h256.base.tmp = h256.tmp;
  h384.base.tmp = h384.tmp;
  h1.base.tmp = h1.tmp;
  s_state = 7;
  mg_uecc_set_rng(generator);
  for (int i = 0; i < 8; i++) {
    mg_uecc_make_key(pub, priv, c);
    for (size_t k = 0; k < sizeof(hash); k++) hash[k] = (uint8_t) (i * 50 + (int) k * 3 + 100);
    unsigned sizes[] = {32, 48, 20, 1, 0, 31, 64, 80};
    unsigned size = sizes[i];
    s_calls = 0;
    int rc = mg_uecc_sign(priv, hash, size, sig, c);
    snprintf(label, sizeof(label), "%s hash of %u bytes: %d, %d calls, signature", name, size, rc, s_calls);
    show(label, sig, whole);
    printf("%s hash of %u bytes, verified: %d\n", name, size, mg_uecc_verify(pub, hash, size, sig, c));
    if (size == 32) forgeries(name, pub, hash, sig, c);

    const MG_UECC_HashContext *contexts[] = {&h256.base, &h384.base, &h1.base};
    for (int k = 0; k < 3; k++) {
      s_calls = 0;
      rc = mg_uecc_sign_deterministic(priv, hash, size, contexts[k], sig, c);
      snprintf(label, sizeof(label), "%s hash of %u bytes, nonce with hash of %u: %d, %d calls", name, size,
               contexts[k]->result_size, rc, s_calls);
      show(label, sig, whole);
      printf("%s hash of %u bytes, nonce with hash of %u, verified: %d\n", name, size, contexts[k]->result_size,
             mg_uecc_verify(pub, hash, size, sig, c));
    }
  }
  mg_uecc_set_rng(NULL);
  int good = 0;
  uint8_t again[96];
  for (int i = 0; i < 3; i++) {
    good += mg_uecc_make_key(pub, priv, c) + mg_uecc_sign(priv, hash, 32, sig, c) + mg_uecc_verify(pub, hash, 32, sig, c);
    good += mg_uecc_sign(priv, hash, 32, again, c) && memcmp(sig, again, whole) != 0;
  }
  printf("%s with random numbers of the system: %d\n", name, good);
  memset(priv, 0, sizeof(priv));
  printf("%s with private key 0: %d\n", name, mg_uecc_sign(priv, hash, 32, sig, c));
  memset(priv, 0xff, sizeof(priv));
  printf("%s with private key ff...: %d\n", name, mg_uecc_sign(priv, hash, 32, sig, c));
}

int main(void) {
  curve("P-256", mg_uecc_secp256r1());
  curve("P-384", mg_uecc_secp384r1());
  return 0;
}
