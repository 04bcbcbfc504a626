// HMAC-SHA-256: RFC 4231, all key lengths around the block size, absent and overlapping arguments.

#include "mongoose.h"

static void show(const char *label, const uint8_t mac[32]) {
  printf("%s: ", label);
  for (int i = 0; i < 32; i++) printf("%02x", mac[i]);
  printf("\n");
}

static void text(const char *label, const char *key, const char *data) {
  uint8_t mac[32];
  mg_hmac_sha256(mac, (uint8_t *) key, strlen(key), (uint8_t *) data, strlen(data));
  show(label, mac);
}

int main(void) {
  uint8_t mac[32], bytes[300];
  memset(bytes, 0x0b, 20);
  mg_hmac_sha256(mac, bytes, 20, (uint8_t *) "Hi There", 8);
  show("RFC 4231 case 1", mac);
  text("RFC 4231 case 2", "Jefe", "what do ya want for nothing?");
  memset(bytes, 0xaa, 131);
  mg_hmac_sha256(mac, bytes, 131, (uint8_t *) "Test Using Larger Than Block-Size Key - Hash Key First", 54);
  show("RFC 4231 case 6", mac);
  text("no key", "", "data");
  text("no data", "key", "");

  for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = (uint8_t) (i * 7);
  for (size_t len = 0; len <= 140; len++) {
    char label[40];
    snprintf(label, sizeof(label), "key of %zu bytes", len);
    mg_hmac_sha256(mac, bytes, len, bytes + 10, len * 2);
    show(label, mac);
  }

  mg_hmac_sha256(mac, NULL, 0, NULL, 0);
  show("nothing at all", mac);
  memcpy(bytes, "hello", 5);
  mg_hmac_sha256(bytes, (uint8_t *) "key", 3, bytes, 5);
  show("stored over the data", bytes);
  memcpy(bytes, "hello", 5);
  mg_hmac_sha256(bytes, bytes, 5, (uint8_t *) "data", 4);
  show("stored over the key", bytes);
  return 0;
}
