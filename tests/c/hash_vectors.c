// MD5, SHA-1, SHA-256, SHA-384: vectors of RFC 1321 and FIPS 180-4, one shot and in pieces.

#include "mongoose.h"

static void show(const char *name, size_t len, const uint8_t *digest, size_t size) {
  printf("%s of %zu bytes: ", name, len);
  for (size_t i = 0; i < size; i++) printf("%02x", digest[i]);
  printf("\n");
}

static void all(const char *text, size_t len) {
  const unsigned char *data = (const unsigned char *) text;
  uint8_t digest[48];
  mg_md5_ctx md5;
  mg_md5_init(&md5);
  mg_md5_update(&md5, data, len);
  mg_md5_final(&md5, digest);
  show("md5", len, digest, 16);
  mg_sha1_ctx sha1;
  mg_sha1_init(&sha1);
  mg_sha1_update(&sha1, data, len);
  mg_sha1_final(digest, &sha1);
  show("sha1", len, digest, 20);
  mg_sha256_ctx sha256;
  mg_sha256_init(&sha256);
  mg_sha256_update(&sha256, data, len);
  mg_sha256_final(digest, &sha256);
  show("sha256", len, digest, 32);
  mg_sha384_ctx sha384;
  mg_sha384_init(&sha384);
  mg_sha384_update(&sha384, data, len);
  mg_sha384_final(digest, &sha384);
  show("sha384", len, digest, 48);
  mg_sha256(digest, (uint8_t *) text, len);
  show("sha256 at once", len, digest, 32);
  mg_sha384(digest, (uint8_t *) text, len);
  show("sha384 at once", len, digest, 48);
}

int main(void) {
  all(NULL, 0);
  all("a", 1);
  all("abc", 3);
  all("message digest", 14);
  all("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  all("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 62);
  all("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      112);
  static char million[1000000];
  memset(million, 'a', sizeof(million));
  all(million, sizeof(million));

  uint8_t same[64];
  for (size_t i = 0; i < sizeof(same); i++) same[i] = (uint8_t) i;
  mg_sha256(same, same, sizeof(same));
  show("sha256 over its input,", 64, same, 32);
  mg_sha384(same, same, sizeof(same));
  show("sha384 over its input,", 64, same, 48);
  return 0;
}
