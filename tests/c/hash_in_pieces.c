// Hash contexts: every length and split point gives one digest, and the state in the public
// fields can be looked at, copied, and continued twice.

#include "mongoose.h"

enum { SIZE = 700 };

static unsigned char s_input[SIZE];

// Folds what is too much to print into one number.
static uint64_t fold(uint64_t sum, const void *p, size_t n) {
  for (size_t i = 0; i < n; i++) sum = (sum ^ ((const uint8_t *) p)[i]) * 1099511628211u;
  return sum;
}

static void hex(const char *label, const uint8_t *p, size_t n) {
  printf("%s: ", label);
  for (size_t i = 0; i < n; i++) printf("%02x", p[i]);
  printf("\n");
}

static uint64_t md5(uint64_t sum, size_t a, size_t b, size_t c) {
  uint8_t digest[16], other[16];
  mg_md5_ctx ctx, copy;
  mg_md5_init(&ctx);
  mg_md5_update(&ctx, s_input, a);
  sum = fold(sum, ctx.buf, sizeof(ctx.buf));
  sum = fold(sum, ctx.bits, sizeof(ctx.bits));
  sum = fold(sum, ctx.in, a % 64);
  copy = ctx;
  mg_md5_update(&ctx, s_input + a, b);
  mg_md5_update(&copy, s_input + 1, c);
  mg_md5_final(&ctx, digest);
  mg_md5_final(&copy, other);
  return fold(fold(sum, digest, sizeof(digest)), other, sizeof(other));
}

static uint64_t sha1(uint64_t sum, size_t a, size_t b, size_t c) {
  uint8_t digest[20], other[20];
  mg_sha1_ctx ctx, copy;
  mg_sha1_init(&ctx);
  mg_sha1_update(&ctx, s_input, a);
  sum = fold(sum, ctx.state, sizeof(ctx.state));
  sum = fold(sum, ctx.count, sizeof(ctx.count));
  sum = fold(sum, ctx.buffer, a % 64);
  copy = ctx;
  mg_sha1_update(&ctx, s_input + a, b);
  mg_sha1_update(&copy, s_input + 1, c);
  mg_sha1_final(digest, &ctx);
  mg_sha1_final(other, &copy);
  return fold(fold(sum, digest, sizeof(digest)), other, sizeof(other));
}

static uint64_t sha256(uint64_t sum, size_t a, size_t b, size_t c) {
  uint8_t digest[32], other[32];
  mg_sha256_ctx ctx, copy;
  mg_sha256_init(&ctx);
  mg_sha256_update(&ctx, s_input, a);
  sum = fold(sum, ctx.state, sizeof(ctx.state));
  sum = fold(sum, &ctx.bits, sizeof(ctx.bits));
  sum = fold(sum, &ctx.len, sizeof(ctx.len));
  sum = fold(sum, ctx.buffer, ctx.len);
  copy = ctx;
  mg_sha256_update(&ctx, s_input + a, b);
  mg_sha256_update(&copy, s_input + 1, c);
  mg_sha256_final(digest, &ctx);
  mg_sha256_final(other, &copy);
  return fold(fold(sum, digest, sizeof(digest)), other, sizeof(other));
}

static uint64_t sha384(uint64_t sum, size_t a, size_t b, size_t c) {
  uint8_t digest[48], other[48];
  mg_sha384_ctx ctx, copy;
  mg_sha384_init(&ctx);
  mg_sha384_update(&ctx, s_input, a);
  sum = fold(sum, ctx.state, sizeof(ctx.state));
  sum = fold(sum, ctx.bitlen, sizeof(ctx.bitlen));
  sum = fold(sum, &ctx.datalen, sizeof(ctx.datalen));
  sum = fold(sum, ctx.buffer, ctx.datalen);
  copy = ctx;
  mg_sha384_update(&ctx, s_input + a, b);
  mg_sha384_update(&copy, s_input + 1, c);
  mg_sha384_final(digest, &ctx);
  mg_sha384_final(other, &copy);
  return fold(fold(sum, digest, sizeof(digest)), other, sizeof(other));
}

int main(void) {
  uint32_t state = 3;
  for (size_t i = 0; i < SIZE; i++) s_input[i] = (unsigned char) ((state = state * 1664525u + 1013904223u) >> 24);

  uint64_t (*hashes[])(uint64_t, size_t, size_t, size_t) = {md5, sha1, sha256, sha384};
  const char *names[] = {"md5", "sha1", "sha256", "sha384"};
  for (size_t h = 0; h < 4; h++) {
    uint64_t sum = 0;
    for (size_t a = 0; a < 300; a++) {
      for (size_t b = 0; b < 300; b += 1 + a % 7) sum = hashes[h](sum, a, b, (a + b) % 300);
    }
    printf("%s in two pieces: %016llx\n", names[h], (unsigned long long) sum);
  }

  // Pieces of pseudo-random sizes, many empty or of single bytes.
  uint8_t digest[48];
  mg_md5_ctx c1;
  mg_sha1_ctx c2;
  mg_sha256_ctx c3;
  mg_sha384_ctx c4;
  mg_md5_init(&c1);
  mg_sha1_init(&c2);
  mg_sha256_init(&c3);
  mg_sha384_init(&c4);
  for (size_t i = 0; i < 3000; i++) {
    size_t from = (state = state * 1664525u + 1013904223u) >> 24, len = (state >> 8) % (i % 3 == 0 ? 2 : 400);
    mg_md5_update(&c1, s_input + from, len);
    mg_sha1_update(&c2, s_input + from, len);
    mg_sha256_update(&c3, s_input + from, len);
    mg_sha384_update(&c4, s_input + from, len);
  }
  printf("bits: %u %u, %u %u, %llu + %u, %llu %llu + %u\n", (unsigned) c1.bits[0], (unsigned) c1.bits[1],
         (unsigned) c2.count[0], (unsigned) c2.count[1], (unsigned long long) c3.bits, (unsigned) c3.len,
         (unsigned long long) c4.bitlen[0], (unsigned long long) c4.bitlen[1], (unsigned) c4.datalen);
  mg_md5_final(&c1, digest);
  hex("md5 of many pieces", digest, 16);
  mg_sha1_final(digest, &c2);
  hex("sha1 of many pieces", digest, 20);
  mg_sha256_final(digest, &c3);
  hex("sha256 of many pieces", digest, 32);
  mg_sha384_final(digest, &c4);
  hex("sha384 of many pieces", digest, 48);

  unsigned left = 0;
  for (size_t i = 0; i < sizeof(c1); i++) left += ((uint8_t *) &c1)[i];
  for (size_t i = 0; i < sizeof(c2); i++) left += ((uint8_t *) &c2)[i];
  printf("left in md5 and sha1 contexts: %u\n", left);

  // A counter that programs set close to its end wraps as 64 bits do.
  mg_md5_init(&c1);
  c1.bits[0] = 0xfffffe00;
  c1.bits[1] = 0xffffffff;
  mg_md5_update(&c1, s_input, 100);
  printf("md5 counter wraps: %u %u\n", (unsigned) c1.bits[0], (unsigned) c1.bits[1]);
  mg_md5_final(&c1, digest);
  hex("md5 after the wrap", digest, 16);
  mg_sha1_init(&c2);
  c2.count[0] = 0xfffffe00;
  mg_sha1_update(&c2, s_input, 100);
  printf("sha1 counter carries: %u %u\n", (unsigned) c2.count[0], (unsigned) c2.count[1]);
  mg_sha1_final(digest, &c2);
  hex("sha1 after the carry", digest, 20);
  mg_sha256_init(&c3);
  c3.bits = 0xffffffffffff0000u;
  mg_sha256_update(&c3, s_input, 100);
  mg_sha256_final(digest, &c3);
  hex("sha256 of a huge text", digest, 32);
  mg_sha384_init(&c4);
  c4.bitlen[1] = 0xfffffffffffffc00u;
  mg_sha384_update(&c4, s_input, 300);
  printf("sha384 counter carries: %llu %llu\n", (unsigned long long) c4.bitlen[0], (unsigned long long) c4.bitlen[1]);
  mg_sha384_final(digest, &c4);
  hex("sha384 after the carry", digest, 48);
  return 0;
}
