// JSON Web Tokens: what is signed, what is accepted, buffers of all sizes.

#include "mongoose.h"

static const uint8_t s_private[32] = {5,    0x5d, 0xa3, 0xc5, 0,    0x49, 0xcc, 0x46, 0xee, 0x38, 0xae, 0x35, 0x8d, 0x94, 0x44, 0x48,
                                      0x5d, 0x5f, 0xf2, 0x8f, 0x1f, 0xca, 0x89, 0xd2, 0xed, 0x20, 0x38, 0xc3, 0x2c, 3,    0x36, 0x16};
static uint8_t s_public[64];

static void sign(const char *label, struct mg_jwt_opts opts) {
  char buf[1200];
  size_t n = mg_jwt_sign_hs256(&opts, buf, sizeof(buf));
  printf("%s: %zu %s\n", label, n, n ? buf : "");
  if (n == 0) return;
  printf("%s, NUL behind: %d\n", label, buf[n] == '\0');
  char claims[1200];
  size_t len = mg_jwt_verify_hs256(mg_str_n(buf, n), &opts, claims, sizeof(claims));
  printf("%s, verified: %d %d\n", label, len == opts.claims.len && memcmp(claims, opts.claims.buf, len) == 0, claims[len] == 0);
  printf("%s, by the other algorithm: %zu\n", label, mg_jwt_verify_es256(mg_str_n(buf, n), &opts, claims, sizeof(claims)));

  n = mg_jwt_sign_es256(&opts, buf, sizeof(buf));
  printf("%s, ES256: %zu %s\n", label, n, n ? buf : "");
  len = mg_jwt_verify_es256(mg_str_n(buf, n), &opts, claims, sizeof(claims));
  printf("%s, ES256 verified: %d %d\n", label, len == opts.claims.len && memcmp(claims, opts.claims.buf, len) == 0, claims[len] == 0);
  printf("%s, ES256 by the other algorithm: %zu\n", label, mg_jwt_verify_hs256(mg_str_n(buf, n), &opts, claims, sizeof(claims)));
}

// A token with this header and payload, and the signature that belongs to it.
static size_t forge(const char *header, const char *payload, const char *secret, char *token, size_t len) {
  size_t n = mg_base64url_encode((const unsigned char *) header, strlen(header), token, len);
  token[n++] = '.';
  n += mg_base64url_encode((const unsigned char *) payload, strlen(payload), token + n, len - n);
  uint8_t mac[32];
  mg_hmac_sha256(mac, (uint8_t *) secret, strlen(secret), (uint8_t *) token, n);
  token[n++] = '.';
  return n + mg_base64url_encode(mac, sizeof(mac), token + n, len - n);
}

static void verify(const char *label, const char *token, const char *secret, size_t len) {
  char buf[600];
  memset(buf, '#', sizeof(buf));
  struct mg_jwt_opts opts;
  memset(&opts, 0, sizeof(opts));
  opts.secret = mg_str(secret);
  size_t n = mg_jwt_verify_hs256(mg_str(token), &opts, buf, len);
  printf("%s: %zu %.4s\n", label, n, buf[0] ? buf : "(nul)");
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  printf("public key: %d\n", mg_uecc_compute_public_key(s_private, s_public, mg_uecc_secp256r1()));

  struct mg_jwt_opts opts;
  memset(&opts, 0, sizeof(opts));
  opts.private_key = s_private;
  opts.public_key = s_public;
  opts.claims = mg_str("{\"sub\":\"admin\",\"iat\":123}");
  opts.secret = mg_str("secret");
  sign("plain", opts);
  opts.kid = mg_str("ec-key-1");
  sign("kid", opts);
  opts.header = mg_str("\"cty\":\"JWT\",\"x\":1");
  sign("kid and header", opts);
  opts.kid = mg_str("k\"1\\/\b\f\n\r\t<&'\xc3\xa9\xff");
  sign("kid with escapes", opts);
  opts.kid = mg_str("\x01\x1f\x7f");
  sign("kid with control characters", opts);
  opts.kid = mg_str("");
  opts.header = mg_str("");
  opts.claims = mg_str("not json");
  opts.secret = mg_str("");
  sign("no secret, no JSON", opts);
  opts.claims = mg_str_n("{\0}", 3);
  opts.secret = mg_str_n("\0\1\2", 3);
  sign("NUL in claims and secret", opts);
  opts.claims = mg_str("");
  sign("no claims", opts);
  char big[300];
  memset(big, 'x', sizeof(big));
  for (size_t i = 1; i < 6; i++) {
    char label[40];
    snprintf(label, sizeof(label), "claims of %zu bytes", i * 50 + i);
    opts.claims = mg_str_n(big, i * 50 + i);
    opts.kid = mg_str_n(big, i);
    sign(label, opts);
  }

  // All sizes of buffers.
  opts.claims = mg_str("{\"sub\":\"admin\",\"iat\":123}");
  opts.secret = mg_str("secret");
  opts.kid = mg_str_n(NULL, 0);
  char token[600], buf[600];
  size_t total = mg_jwt_sign_hs256(&opts, token, sizeof(token)), total_es = mg_jwt_sign_es256(&opts, buf, sizeof(buf));
  size_t least = 0, least_es = 0, beyond = 0;
  for (size_t len = 0; len < 250; len++) {
    memset(buf, '#', sizeof(buf));
    size_t n = mg_jwt_sign_hs256(&opts, buf, len);
    if (n && !least) least = len;
    beyond += buf[len] != '#' || (n != 0 && n != total);
    n = mg_jwt_sign_es256(&opts, buf, len);
    if (n && !least_es) least_es = len;
    beyond += buf[len] != '#' || (n != 0 && n != total_es);
  }
  printf("least room, HS256: %zu for %zu\n", least, total);
  printf("least room, ES256: %zu for %zu\n", least_es, total_es);
  printf("written beyond: %zu\n", beyond);
  size_t first = 0;
  for (size_t len = 0; len < 60; len++) {
    memset(buf, '#', sizeof(buf));
    size_t n = mg_jwt_verify_hs256(mg_str_n(token, total), &opts, buf, len);
    if (n && !first) first = len;
    beyond += buf[len] != '#' || (n != 0 && n != 25);
  }
  printf("least room for claims: %zu, written beyond: %zu\n", first, beyond);
  memset(buf, '#', sizeof(buf));
  printf("claims without room: %zu ", mg_jwt_verify_hs256(mg_str_n(token, total), &opts, buf, 25));
  printf("%d\n", buf[0] == 0);
  memcpy(buf, token, total);
  size_t n = mg_jwt_verify_hs256(mg_str_n(buf, total), &opts, buf, sizeof(buf));
  printf("over the token: %zu %s\n", n, buf);

  // Tokens of others and of nobody.
  verify("RFC-like token", token, "secret", 600);
  verify("wrong secret", token, "secreu", 600);
  verify("no secret", token, "", 600);
  const char *last[] = {"n", "o", "p", "q", "r", "s"};
  for (int i = 0; i < 6; i++) {
    char label[40];
    strcpy(buf, token);
    buf[total - 1] = last[i][0];
    snprintf(label, sizeof(label), "last character %s", last[i]);
    verify(label, buf, "secret", 600);
  }
  const char *tails[] = {"=", "==", "=garbage!", "A", ".", ".x", " ", "\n", "%"};
  for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
    char label[40];
    snprintf(buf, sizeof(buf), "%s%s", token, tails[i]);
    snprintf(label, sizeof(label), "tail %zu", i);
    verify(label, buf, "secret", 600);
  }
  const char *shapes[] = {"", ".", "..", "...", "a", "a.b", "a..b", "a.b.", ".b.c", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30.", "!.!.!"};
  for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
    char label[60];
    snprintf(label, sizeof(label), "shape [%s]", shapes[i]);
    verify(label, shapes[i], "secret", 600);
  }
  const char *headers[] = {
      "{\"alg\":\"HS256\"}", "{\"alg\":\"hs256\"}", "{\"alg\":\"none\"}", "{\"alg\":\"HS512\"}", "{\"alg\":5}", "{}", "HS256", "",
      "{\"alg\":\"HS256\",\"alg\":\"none\"}", "{\"alg\":\"none\",\"alg\":\"HS256\"}", "{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
      "{\"alg\":\"HS256\"} trailing", "{\"alg\":\"\\u0048S256\"}", "{\"alg\":\"HS256\\u0000\"}", "{\"alg\":\"HS2567\"}",
      "{\"alg\":\"HS25\"}", "{\"alg\":\"HS2560123456789\"}", "{\"alg\":\"HS256", "{\"alg\":\"HS256\"", "[\"HS256\"]", "{\"Alg\":\"HS256\"}",
      "{\"x\":{\"alg\":\"HS256\"}}", " { \"alg\" : \"HS256\" } ", "{\"alg\":\"HS256\",\"kid\":\"1\",\"exp\":0}", "{\"alg\":\"ES256\"}",
      "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":0}", "{\"crit\":[],\"alg\":\"HS256\"}",
  };
  for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
    char label[80];
    forge(headers[i], "{\"a\":1}", "s", buf, sizeof(buf));
    snprintf(label, sizeof(label), "header %s", headers[i]);
    for (char *p = label; *p; p++) {
      if (*p == ':') *p = '=';
    }
    verify(label, buf, "s", 600);
  }
  const char *payloads[] = {"{}", "x", "{\"exp\":0}", "{\"nbf\":9999999999}", ""};
  for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
    char label[80];
    forge("{\"alg\":\"HS256\"}", payloads[i], "s", buf, sizeof(buf));
    snprintf(label, sizeof(label), "payload %zu", i);
    verify(label, buf, "s", 600);
  }

  // Each character replaced.
  int accepted = 0;
  for (size_t i = 0; i < total - 1; i++) {
    strcpy(buf, token);
    buf[i] = buf[i] == 'A' ? 'B' : 'A';
    char claims[100];
    accepted += mg_jwt_verify_hs256(mg_str_n(buf, total), &opts, claims, sizeof(claims)) > 0;
  }
  printf("changed tokens accepted: %d\n", accepted);
  total_es = mg_jwt_sign_es256(&opts, token, sizeof(token));
  accepted = 0;
  for (size_t i = 0; i < total_es - 1; i += 3) {
    strcpy(buf, token);
    buf[i] = buf[i] == 'A' ? 'B' : 'A';
    char claims[100];
    accepted += mg_jwt_verify_es256(mg_str_n(buf, total_es), &opts, claims, sizeof(claims)) > 0;
  }
  printf("changed ES256 tokens accepted: %d\n", accepted);
  uint8_t zero[64] = {0};
  opts.public_key = zero;
  printf("public key 0: %zu\n", mg_jwt_verify_es256(mg_str_n(token, total_es), &opts, buf, sizeof(buf)));
  opts.private_key = zero;
  printf("private key 0: %zu\n", mg_jwt_sign_es256(&opts, buf, sizeof(buf)));
  printf("without room: %zu\n", mg_jwt_sign_hs256(&opts, NULL, 0));
  printf("without room for claims: %zu\n", mg_jwt_verify_hs256(mg_str_n(token, total_es), &opts, NULL, 0));
  printf("without token: %zu\n", mg_jwt_verify_hs256(mg_str_n(NULL, 0), &opts, buf, sizeof(buf)));
  return 0;
}
