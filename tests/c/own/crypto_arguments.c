// Hashes, ciphers, keys, tokens: NULL, zero and absurd sizes give the documented failure and write nothing they should
// not. The reference crashes on most of these.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static const size_t s_huge[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2 + 1, (size_t) 1 << 62};

static bool all(const uint8_t *p, size_t n, uint8_t value) {
  for (size_t i = 0; i < n; i++) {
    if (p[i] != value) return false;
  }
  return true;
}

static void hashes(void) {
  uint8_t digest[48], empty[48];
  mg_md5_ctx md5;
  mg_sha256_ctx sha256;
  mg_sha384_ctx sha384;
  mg_md5_init(NULL), mg_md5_update(NULL, digest, 1), mg_md5_final(NULL, digest);
  mg_sha1_init(NULL), mg_sha1_update(NULL, digest, 1), mg_sha1_final(digest, NULL);
  mg_sha256_init(NULL), mg_sha256_update(NULL, digest, 1), mg_sha256_final(digest, NULL);
  mg_sha384_init(NULL), mg_sha384_update(NULL, digest, 1), mg_sha384_final(digest, NULL);
  mg_md5_init(&md5), mg_md5_update(&md5, NULL, 100), mg_md5_final(&md5, NULL);
  CHECK(all((uint8_t *) &md5, sizeof(md5), 0));

  mg_sha256(empty, NULL, 0), mg_sha256(digest, NULL, 7), mg_sha256(NULL, digest, 3);
  CHECK(memcmp(empty, digest, 32) == 0);
  mg_sha384(empty, NULL, 0), mg_sha384(digest, NULL, 7), mg_sha384(NULL, digest, 3);
  CHECK(memcmp(empty, digest, 48) == 0);
  mg_hmac_sha256(empty, NULL, 0, NULL, 0), mg_hmac_sha256(digest, NULL, 9, NULL, 9), mg_hmac_sha256(NULL, empty, 1, empty, 1);
  CHECK(memcmp(empty, digest, 32) == 0);

  // Lengths that no computation leaves behind.
  mg_sha256_init(&sha256), mg_sha384_init(&sha384);
  sha256.len = UINT32_MAX, sha384.datalen = 4000;
  mg_sha256_update(&sha256, empty, 48), mg_sha384_update(&sha384, empty, 48);
  CHECK(sha256.len < 64 && sha384.datalen < 128);
  sha256.len = UINT32_MAX, sha384.datalen = 4000;
  mg_sha256_final(digest, &sha256), mg_sha384_final(digest, &sha384);
  CHECK(all((uint8_t *) &sha256, sizeof(sha256), 0) && all((uint8_t *) &sha384, sizeof(sha384), 0));
}

static void ciphers(void) {
  uint8_t key[32] = {0}, iv[12] = {0}, in[64] = {0}, out[80], tag[16];
  memset(out, 0x5a, sizeof(out)), memset(tag, 0x5a, sizeof(tag));
  CHECK(mg_aes_gcm_encrypt(NULL, in, 64, key, 16, iv, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_encrypt(out, NULL, 64, key, 16, iv, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_encrypt(out, in, 64, NULL, 16, iv, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_encrypt(out, in, 64, key, 16, NULL, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_encrypt(out, in, 64, key, 16, iv, 12, NULL, 5, tag, 16) == -1);
  CHECK(mg_aes_gcm_encrypt(out, in, 64, key, 16, iv, 12, NULL, 0, NULL, 16) == -1);
  CHECK(mg_aes_gcm_encrypt(out, in, 64, key, 16, iv, 12, NULL, 0, tag, 17) == -1);
  CHECK(mg_aes_gcm_encrypt(out, in, 64, key, 16, iv, 12, NULL, 0, tag, SIZE_MAX) == -1);
  CHECK(mg_aes_gcm_decrypt(NULL, in, 64, key, 16, iv, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_decrypt(out, NULL, 64, key, 16, iv, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_decrypt(out, in, 64, NULL, 16, iv, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_decrypt(out, in, 64, key, 16, NULL, 12, NULL, 0, tag, 16) == -1);
  CHECK(mg_aes_gcm_decrypt(out, in, 64, key, 16, iv, 12, NULL, 5, tag, 16) == -1);
  CHECK(mg_aes_gcm_decrypt(out, in, 64, key, 16, iv, 12, NULL, 0, NULL, 16) == -1);
  CHECK(mg_aes_gcm_decrypt(out, in, 64, key, 16, iv, 12, NULL, 0, tag, 17) == -1);
  for (size_t n = 0; n < 70; n++) {
    if (n == 16 || n == 24 || n == 32) continue;
    CHECK(mg_aes_gcm_encrypt(out, in, 64, in, n, iv, 12, NULL, 0, tag, 16) == -1);
    CHECK(mg_aes_gcm_decrypt(out, in, 64, in, n, iv, 12, NULL, 0, tag, 16) == -1);
  }
  for (size_t i = 0; i < sizeof(s_huge) / sizeof(s_huge[0]); i++) {
    CHECK(mg_aes_gcm_encrypt(out, in, s_huge[i], key, 16, iv, 12, NULL, 0, tag, 16) == -1);
    CHECK(mg_aes_gcm_decrypt(out, in, s_huge[i], key, 16, iv, 12, NULL, 0, tag, 16) == -1);
    CHECK(mg_chacha20_poly1305_encrypt(out, key, iv, NULL, 0, in, s_huge[i]) == (size_t) -1);
    CHECK(mg_chacha20_poly1305_decrypt(out, key, iv, NULL, 0, in, s_huge[i]) == (size_t) -1);
  }
  // A wrong tag leaves the output alone.
  CHECK(mg_aes_gcm_decrypt(out, in, 64, key, 16, iv, 12, NULL, 0, tag, 16) == -1);

  CHECK(mg_chacha20_poly1305_encrypt(NULL, key, iv, NULL, 0, in, 64) == (size_t) -1);
  CHECK(mg_chacha20_poly1305_encrypt(out, NULL, iv, NULL, 0, in, 64) == (size_t) -1);
  CHECK(mg_chacha20_poly1305_encrypt(out, key, NULL, NULL, 0, in, 64) == (size_t) -1);
  CHECK(mg_chacha20_poly1305_encrypt(out, key, iv, NULL, 0, NULL, 64) == (size_t) -1);
  CHECK(mg_chacha20_poly1305_decrypt(NULL, key, iv, NULL, 0, in, 64) == (size_t) -1);
  CHECK(mg_chacha20_poly1305_decrypt(out, NULL, iv, NULL, 0, in, 64) == (size_t) -1);
  CHECK(mg_chacha20_poly1305_decrypt(out, key, NULL, NULL, 0, in, 64) == (size_t) -1);
  CHECK(mg_chacha20_poly1305_decrypt(out, key, iv, NULL, 0, NULL, 64) == (size_t) -1);
  for (size_t n = 0; n < 16; n++) CHECK(mg_chacha20_poly1305_decrypt(out, key, iv, NULL, 0, in, n) == (size_t) -1);

  CHECK(mg_tls_x25519(NULL, key, X25519_BASE_POINT, 1) == -1);
  CHECK(mg_tls_x25519(out, NULL, X25519_BASE_POINT, 1) == -1);
  CHECK(mg_tls_x25519(out, key, NULL, 1) == -1);
  CHECK(all(out, sizeof(out), 0x5a) && all(tag, sizeof(tag), 0x5a));

  // Output that overlaps the input in part is what it would be elsewhere.
  uint8_t area[96], expected[64];
  for (size_t i = 0; i < 64; i++) in[i] = (uint8_t) i;
  CHECK(mg_aes_gcm_encrypt(expected, in, 64, key, 32, iv, 12, NULL, 0, tag, 16) == 0);
  for (size_t at = 0; at <= 32; at++) {
    memcpy(area + 16, in, 64);
    CHECK(mg_aes_gcm_encrypt(area + at, area + 16, 64, key, 32, iv, 12, NULL, 0, tag, 16) == 0);
    CHECK(memcmp(area + at, expected, 64) == 0);
    memcpy(area + 16, expected, 64);
    CHECK(mg_aes_gcm_decrypt(area + at, area + 16, 64, key, 32, iv, 12, NULL, 0, tag, 16) == 0);
    CHECK(memcmp(area + at, in, 64) == 0);
  }
}

static void nothing(const MG_UECC_HashContext *c) {
  (void) c;
}

static void ignore(const MG_UECC_HashContext *c, const uint8_t *p, unsigned n) {
  (void) c, (void) p, (void) n;
}

static void leave(const MG_UECC_HashContext *c, uint8_t *result) {
  (void) c, (void) result;
}

static void curves(void) {
  MG_UECC_Curve p256 = mg_uecc_secp256r1(), stranger = (MG_UECC_Curve) (uintptr_t) "not a curve";
  uint8_t pub[96], priv[48], out[96], hash[32] = {1};
  CHECK(mg_uecc_make_key(pub, priv, p256) == 1);
  memset(out, 0x5a, sizeof(out));
  MG_UECC_HashContext context = {nothing, ignore, leave, 64, 32, NULL};
  MG_UECC_Curve bad[] = {NULL, stranger};
  for (size_t i = 0; i < 2; i++) {
    MG_UECC_Curve c = bad[i];
    CHECK(mg_uecc_curve_private_key_size(c) == 0 && mg_uecc_curve_public_key_size(c) == 0);
    CHECK(mg_uecc_make_key(out, out + 48, c) == 0 && mg_uecc_compute_public_key(priv, out, c) == 0);
    CHECK(mg_uecc_valid_public_key(pub, c) == 0 && mg_uecc_shared_secret(pub, priv, out, c) == 0);
    mg_uecc_compress(pub, out, c), mg_uecc_decompress(pub, out, c);
    CHECK(mg_uecc_sign(priv, hash, 32, out, c) == 0 && mg_uecc_verify(pub, hash, 32, out, c) == 0);
    CHECK(mg_uecc_sign_deterministic(priv, hash, 32, &context, out, c) == 0);
  }
  CHECK(mg_uecc_make_key(NULL, out, p256) == 0 && mg_uecc_make_key(out, NULL, p256) == 0);
  CHECK(mg_uecc_compute_public_key(NULL, out, p256) == 0 && mg_uecc_compute_public_key(priv, NULL, p256) == 0);
  CHECK(mg_uecc_valid_public_key(NULL, p256) == 0 && mg_uecc_shared_secret(pub, priv, NULL, p256) == 0);
  mg_uecc_compress(NULL, out, p256), mg_uecc_compress(pub, NULL, p256);
  mg_uecc_decompress(NULL, out, p256), mg_uecc_decompress(pub, NULL, p256);
  CHECK(mg_uecc_sign(NULL, hash, 32, out, p256) == 0 && mg_uecc_sign(priv, hash, 32, NULL, p256) == 0);
  CHECK(mg_uecc_verify(NULL, hash, 32, out, p256) == 0 && mg_uecc_verify(pub, hash, 32, NULL, p256) == 0);
  CHECK(mg_uecc_verify(pub, NULL, 32, pub, p256) == 0);
  CHECK(mg_uecc_sign_deterministic(priv, hash, 32, NULL, out, p256) == 0);
  CHECK(mg_uecc_sign_deterministic(priv, hash, 32, &context, NULL, p256) == 0);
  unsigned sizes[][2] = {{64, 0}, {0, 32}, {31, 32}, {128, 65}, {257, 32}, {UINT_MAX, 32}, {64, UINT_MAX}, {0, 0}};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    MG_UECC_HashContext c = {nothing, ignore, leave, sizes[i][0], sizes[i][1], NULL};
    CHECK(mg_uecc_sign_deterministic(priv, hash, 32, &c, out, p256) == 0);
  }
  MG_UECC_HashContext without[] = {
      {NULL, ignore, leave, 64, 32, NULL}, {nothing, NULL, leave, 64, 32, NULL}, {nothing, ignore, NULL, 64, 32, NULL}};
  for (size_t i = 0; i < 3; i++) CHECK(mg_uecc_sign_deterministic(priv, hash, 32, &without[i], out, p256) == 0);
  // A hash that leaves its result unset comes up with the nonce 0 every time.
  CHECK(mg_uecc_sign_deterministic(priv, hash, 32, &context, out, p256) == 0);
  CHECK(all(out, sizeof(out), 0x5a));

  // No secret is computed with a key that is not valid.
  memset(pub, 3, sizeof(pub));
  CHECK(mg_uecc_shared_secret(pub, priv, out, p256) == 0 && all(out, 32, 0) && out[32] == 0x5a);
  CHECK(mg_uecc_shared_secret(NULL, priv, out, p256) == 0 && all(out, 32, 0));
  memset(pub, 0xff, sizeof(pub));
  pub[0] = 2;
  mg_uecc_decompress(pub, out, p256);
  CHECK(all(out, 64, 0) && out[64] == 0x5a);
}

static void rsa(void) {
  uint8_t n[256], out[300];
  memset(n, 0xf1, sizeof(n)), memset(out, 0x5a, sizeof(out));
  CHECK(mg_rsa_mod_pow(NULL, 256, n, 3, n, 256, out, 256) == -1 && all(out, 256, 0) && out[256] == 0x5a);
  memset(out, 0x5a, sizeof(out));
  CHECK(mg_rsa_mod_pow(n, 256, NULL, 3, n, 256, out, 256) == -1 && all(out, 256, 0));
  CHECK(mg_rsa_mod_pow(n, 256, n, 3, NULL, 256, out, 256) == -1 && mg_rsa_mod_pow(n, 256, n, 3, n, 256, NULL, 256) == -1);
  CHECK(mg_rsa_crt_sign(NULL, 256, n, 128, n, 128, n, 128, n, 128, n, 128, NULL, 256) == -1);
  for (int skip = 0; skip < 6; skip++) {
    const uint8_t *p[6] = {n, n, n, n, n, n};
    p[skip] = NULL;
    memset(out, 0x5a, sizeof(out));
    CHECK(mg_rsa_crt_sign(p[0], 256, p[1], 128, p[2], 128, p[3], 128, p[4], 128, p[5], 128, out, 256) == -1);
    CHECK(all(out, 256, 0) && out[256] == 0x5a);
  }
  // Parts that do not fit together.
  size_t lengths[][4] = {{128, 128, 128, 128}, {128, 127, 128, 128}, {0, 128, 128, 128}, {256, 128, 128, 128}, {128, 128, 200, 128},
                         {128, 128, 128, 200}, {256, 256, 256, 256}, {1, 255, 255, 255}};
  for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
    size_t *l = lengths[i];
    CHECK(mg_rsa_crt_sign(n, 256, n, l[2], n, l[2], n, l[0], n, l[1], n, l[3], out, 256) == -1);
  }
  CHECK(!mg_rsa_pkcs_verify(NULL, 256, n, 32) && !mg_rsa_pkcs_verify(n, 256, NULL, 32) && !mg_rsa_pkcs_verify(n, 256, n, SIZE_MAX));
  CHECK(!mg_rsa_verify(NULL, 256, n) && !mg_rsa_verify(n, 256, NULL));
  for (size_t i = 0; i <= 66; i++) CHECK(!mg_rsa_verify(n, i, n));
}

static void tokens(void) {
  struct mg_jwt_opts opts;
  char buf[300], claims[100];
  memset(&opts, 0, sizeof(opts));
  CHECK(mg_jwt_sign_hs256(NULL, buf, sizeof(buf)) == 0 && mg_jwt_sign_es256(NULL, buf, sizeof(buf)) == 0);
  CHECK(mg_jwt_sign_hs256(&opts, buf, sizeof(buf)) == 0);
  opts.claims = mg_str("{}");
  opts.secret.len = 5;
  CHECK(mg_jwt_sign_hs256(&opts, NULL, sizeof(buf)) == 0 && mg_jwt_sign_es256(&opts, buf, sizeof(buf)) == 0);
  size_t n = mg_jwt_sign_hs256(&opts, buf, sizeof(buf));
  CHECK(n > 0 && mg_jwt_verify_hs256(mg_str_n(buf, n), &opts, claims, sizeof(claims)) == 2);
  CHECK(mg_jwt_verify_hs256(mg_str_n(buf, n), NULL, claims, sizeof(claims)) == 0);
  CHECK(mg_jwt_verify_es256(mg_str_n(buf, n), NULL, claims, sizeof(claims)) == 0);
  CHECK(mg_jwt_verify_es256(mg_str_n(buf, n), &opts, claims, sizeof(claims)) == 0);
  CHECK(mg_jwt_verify_hs256(mg_str_n(buf, n), &opts, NULL, sizeof(claims)) == 0);
  CHECK(mg_jwt_verify_hs256(mg_str_n(NULL, 80), &opts, claims, sizeof(claims)) == 0);
  opts.claims = mg_str_n(NULL, 80);
  CHECK(mg_jwt_sign_hs256(&opts, buf, sizeof(buf)) == 0);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  hashes();
  ciphers();
  curves();
  rsa();
  tokens();
  return 0;
}
