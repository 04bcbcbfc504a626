// mg_uecc_*: sizes, key pairs, compressed keys, shared secrets, generators of the program.

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

static int zeros(uint8_t *dest, unsigned size) {
  s_calls++;
  memset(dest, 0, size);
  return 1;
}

static int failing(uint8_t *dest, unsigned size) {
  (void) dest, (void) size;
  s_calls++;
  return 0;
}

static int counting(uint8_t *dest, unsigned size) {
  s_calls++;
  for (unsigned i = 0; i < size; i++) dest[i] = (uint8_t) (i + 1);
  return 2;
}

static void curve(const char *name, MG_UECC_Curve c) {
  char label[80];
  uint8_t pub[96], priv[48], packed[49], back[96], secret[48], other_pub[96], other_priv[48], other[48];
  size_t half = (size_t) mg_uecc_curve_private_key_size(c), whole = (size_t) mg_uecc_curve_public_key_size(c);
  printf("%s sizes: %zu %zu\n", name, half, whole);

  mg_uecc_set_rng(generator);
  printf("%s generator is kept: %d\n", name, mg_uecc_get_rng() == generator);
  s_state = 1;
  for (int i = 0; i < 5; i++) {
    s_calls = 0;
    int rc = mg_uecc_make_key(pub, priv, c);
    snprintf(label, sizeof(label), "%s key %d: %d, %d calls, private", name, i, rc, s_calls);
    show(label, priv, half);
    snprintf(label, sizeof(label), "%s key %d, public", name, i);
    show(label, pub, whole);
    s_calls = 0;
    rc = mg_uecc_compute_public_key(priv, back, c);
    printf("%s key %d computed: %d %d, %d calls\n", name, i, rc, memcmp(back, pub, whole) == 0, s_calls);
    printf("%s key %d valid: %d\n", name, i, mg_uecc_valid_public_key(pub, c));
    mg_uecc_compress(pub, packed, c);
    snprintf(label, sizeof(label), "%s key %d, compressed", name, i);
    show(label, packed, half + 1);
    mg_uecc_decompress(packed, back, c);
    printf("%s key %d decompressed: %d\n", name, i, memcmp(back, pub, whole) == 0);
    packed[0] ^= 1;
    mg_uecc_decompress(packed, back, c);
    snprintf(label, sizeof(label), "%s key %d, the other one", name, i);
    show(label, back, whole);
    packed[0] = (uint8_t) (i * 29);
    mg_uecc_decompress(packed, back, c);
    printf("%s key %d, prefix %d: %d\n", name, i, i * 29, memcmp(back, pub, whole) == 0);

    mg_uecc_make_key(other_pub, other_priv, c);
    s_calls = 0;
    rc = mg_uecc_shared_secret(other_pub, priv, secret, c) + mg_uecc_shared_secret(pub, other_priv, other, c);
    printf("%s key %d shares: %d, equal %d, %d calls\n", name, i, rc, memcmp(secret, other, half) == 0, s_calls);
    snprintf(label, sizeof(label), "%s key %d, secret", name, i);
    show(label, secret, half);
    pub[half + (size_t) i] ^= 4;
    printf("%s key %d bent: %d\n", name, i, mg_uecc_valid_public_key(pub, c));
  }

  mg_uecc_set_rng(counting);
  printf("%s counting: %d\n", name, mg_uecc_make_key(pub, priv, c));
  snprintf(label, sizeof(label), "%s counting, private", name);
  show(label, priv, half);

  uint8_t hash[32] = {1, 2, 3}, signature[96];
  s_calls = 0;
  mg_uecc_set_rng(zeros);
  printf("%s zeros: %d\n", name, mg_uecc_make_key(pub, priv, c));
  printf("%s zeros, calls: %d\n", name, s_calls);
  priv[half - 1] = 5;
  s_calls = 0;
  mg_uecc_set_rng(failing);
  printf("%s failing, make key: %d\n", name, mg_uecc_make_key(pub, priv, c));
  printf("%s failing, compute: %d\n", name, mg_uecc_compute_public_key(priv, pub, c));
  printf("%s failing, sign: %d\n", name, mg_uecc_sign(priv, hash, 32, signature, c));
  printf("%s failing, share: %d\n", name, mg_uecc_shared_secret(other_pub, priv, secret, c));
  printf("%s failing, calls: %d\n", name, s_calls);
  s_calls = 0;
  printf("%s failing, verify: %d\n", name, mg_uecc_verify(other_pub, hash, 32, signature, c));
  printf("%s failing, decompress, valid: %d\n", name, mg_uecc_valid_public_key(other_pub, c));
  printf("%s failing, calls where none is needed: %d\n", name, s_calls);

  mg_uecc_set_rng(NULL);
  printf("%s no generator: %d\n", name, mg_uecc_get_rng() == NULL);
  printf("%s system generator: %d\n", name, mg_uecc_make_key(pub, priv, c));
  printf("%s system generator, valid: %d\n", name, mg_uecc_valid_public_key(pub, c));
  printf("%s system generator, another: %d\n", name, mg_uecc_make_key(other_pub, other_priv, c));
  printf("%s system generator, differ: %d\n", name, memcmp(priv, other_priv, half) != 0);

  // Private keys at the edges of the range.
  memset(priv, 0, sizeof(priv));
  printf("%s private key 0: %d\n", name, mg_uecc_compute_public_key(priv, pub, c));
  for (int i = 1; i < 6; i++) {
    priv[half - 1] = (uint8_t) i;
    int rc = mg_uecc_compute_public_key(priv, pub, c);
    snprintf(label, sizeof(label), "%s private key %d: %d", name, i, rc);
    show(label, pub, rc ? whole : 0);
  }
  memset(priv, 0xff, sizeof(priv));
  printf("%s private key ff...: %d\n", name, mg_uecc_compute_public_key(priv, pub, c));
  printf("%s shared with ff...: %d\n", name, mg_uecc_shared_secret(other_pub, priv, secret, c));
  memset(priv, 0, sizeof(priv));
  printf("%s shared with 0: %d\n", name, mg_uecc_shared_secret(other_pub, priv, secret, c));

  // Public keys that are none.
  memset(pub, 0, sizeof(pub));
  printf("%s public key 0: %d\n", name, mg_uecc_valid_public_key(pub, c));
  memset(pub, 0xff, sizeof(pub));
  printf("%s public key ff...: %d\n", name, mg_uecc_valid_public_key(pub, c));
  priv[half - 1] = 7;
  printf("%s shared with public key ff...: %d\n", name, mg_uecc_shared_secret(pub, priv, secret, c));
  int wrong = 0;
  for (int i = 0; i < 200; i++) {
    for (size_t k = 0; k < whole; k++) pub[k] = (uint8_t) (i * 31 + (int) k * 7);
    wrong += mg_uecc_valid_public_key(pub, c);
  }
  printf("%s made-up public keys: %d\n", name, wrong);
  int valid = 0, even = 0;
  for (int i = 0; i < 24; i++) {
    for (size_t k = 0; k <= half; k++) packed[k] = (uint8_t) (i * 31 + (int) k * 7);
    packed[0] = 2;
    mg_uecc_decompress(packed, pub, c);
    int is = mg_uecc_valid_public_key(pub, c);
    valid += is;
    even += is && pub[whole - 1] % 2 == 0 && memcmp(pub, packed + 1, half) == 0;
  }
  printf("%s made-up compressed keys: %d %d\n", name, valid, even);
}

int main(void) {
  printf("same pointers: %d %d\n", mg_uecc_secp256r1() == mg_uecc_secp256r1(), mg_uecc_secp384r1() == mg_uecc_secp384r1());
  printf("no generator: %d\n", mg_uecc_get_rng() == NULL);
  curve("P-256", mg_uecc_secp256r1());
  curve("P-384", mg_uecc_secp384r1());
  return 0;
}
