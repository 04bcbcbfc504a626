// X25519: RFC 7748 section 5.2 and 6.1, points of small order, scalars as they are.

#include "mongoose.h"

static void show(const char *label, const uint8_t *p) {
  printf("%s: ", label);
  for (size_t i = 0; i < 32; i++) printf("%02x", p[i]);
  printf("\n");
}

static void unhex(const char *text, uint8_t *to) {
  for (size_t i = 0; i < 32; i++) {
    unsigned byte = 0;
    sscanf(text + 2 * i, "%2x", &byte);
    to[i] = (uint8_t) byte;
  }
}

int main(void) {
  uint8_t k[32], u[32], out[32], other[32];
  show("base point", X25519_BASE_POINT);
  unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", k);
  unhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", u);
  printf("first vector: %d\n", mg_tls_x25519(out, k, u, 1));
  show("first vector, result", out);
  unhex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d", k);
  unhex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493", u);
  printf("second vector, highest bit set: %d\n", mg_tls_x25519(out, k, u, 1));
  show("second vector, result", out);

  unhex("77076d0a7318a57d3c16c17251b26645df4e7b10e7b4ea1e7e6c16b1ee63c80e", k);
  mg_tls_x25519(out, k, X25519_BASE_POINT, 1);
  show("Alice's key", out);
  unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", u);
  mg_tls_x25519(other, u, X25519_BASE_POINT, 1);
  show("Bob's key", other);
  mg_tls_x25519(u, u, out, 1);
  show("Bob's secret", u);
  mg_tls_x25519(out, k, other, 1);
  show("Alice's secret", out);

  memcpy(k, X25519_BASE_POINT, 32);
  memcpy(u, X25519_BASE_POINT, 32);
  for (int i = 0; i < 1000; i++) {
    mg_tls_x25519(out, k, u, 1);
    memcpy(u, k, 32);
    u[31] &= 0x7f;
    memcpy(k, out, 32);
  }
  show("a thousand times", k);

  uint32_t state = 5;
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 32; i++) k[i] = (uint8_t) ((state = state * 1664525u + 1013904223u) >> 24);
    for (int i = 0; i < 32; i++) u[i] = (uint8_t) ((state = state * 1664525u + 1013904223u) >> 24);
    u[31] &= 0x7f;
    char label[40];
    for (int clamp = 0; clamp < 3; clamp++) {
      int rc = mg_tls_x25519(out, k, u, clamp);
      snprintf(label, sizeof(label), "round %d, clamp %d, returns %d", round, clamp, rc);
      show(label, out);
    }
  }

  const char *small[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  };
  for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
    unhex(small[i], u);
    char label[40];
    snprintf(label, sizeof(label), "small order %zu, returns %d", i, mg_tls_x25519(out, k, u, 1));
    show(label, out);
    int rc = mg_tls_x25519(out, k, u, 0);
    snprintf(label, sizeof(label), "small order %zu as it is, returns %d", i, rc);
    show(label, out);
  }
  return 0;
}
