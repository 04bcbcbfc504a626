// Offsets and sizes that no buffer can have: the reference writes out of bounds, wraps around, or frees the buffer.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_iobuf io;

static bool holds(const char *text, size_t len) {
  return io.len == len && memcmp(io.buf, text, len) == 0;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  // An offset far behind the data makes the gap part of the data.
  mg_iobuf_init(&io, 0, 10);
  CHECK(mg_iobuf_add(&io, 100, "x", 1) == 1);
  CHECK(io.len == 101 && io.size == 110 && io.buf[100] == 'x');
  for (int i = 0; i < 100; i++) CHECK(io.buf[i] == 0);
  CHECK(mg_iobuf_add(&io, 300, "", 0) == 0 && io.len == 300 && io.size >= 300 && io.buf[299] == 0);
  mg_iobuf_free(&io);
  CHECK(mg_iobuf_add(&io, 3, NULL, 0) == 0 && io.len == 3 && io.size >= 3 && io.buf[2] == 0);
  mg_iobuf_free(&io);

  CHECK(mg_iobuf_add(&io, 0, "abcdef", 6) == 6);
  CHECK(mg_iobuf_add(&io, SIZE_MAX, "x", 1) == 0 && holds("abcdef", 6));
  CHECK(mg_iobuf_add(&io, SIZE_MAX - 5, "x", 1) == 0 && holds("abcdef", 6));
  CHECK(mg_iobuf_add(&io, 0, "x", SIZE_MAX) == 0 && holds("abcdef", 6));
  CHECK(mg_iobuf_add(&io, 0, NULL, SIZE_MAX - 6) == 0 && holds("abcdef", 6));
  CHECK(mg_iobuf_add(&io, 0, NULL, SIZE_MAX / 2) == 0 && holds("abcdef", 6));
  CHECK(!mg_iobuf_resize(&io, SIZE_MAX) && holds("abcdef", 6) && io.size == 10);
  CHECK(!mg_iobuf_resize(&io, SIZE_MAX - 8) && holds("abcdef", 6) && io.size == 10);
  CHECK(!mg_iobuf_resize(&io, SIZE_MAX / 2) && holds("abcdef", 6) && io.size == 10);
  CHECK(mg_iobuf_del(&io, 2, SIZE_MAX) == 4 && holds("ab", 2));
  CHECK(mg_iobuf_del(&io, 1, SIZE_MAX - 1) == 1 && holds("a", 1));
  CHECK(mg_iobuf_del(&io, SIZE_MAX, SIZE_MAX) == 0 && holds("a", 1));
  mg_iobuf_free(&io);
  CHECK(!mg_iobuf_init(&io, SIZE_MAX, 10) && io.buf == NULL && io.size == 0 && io.len == 0);
  CHECK(!mg_iobuf_init(&io, SIZE_MAX, 0) && io.buf == NULL && io.size == 0 && io.len == 0);
  CHECK(mg_iobuf_init(&io, 1, SIZE_MAX / 4) == false && io.buf == NULL);

  // Data from the buffer itself, while it moves.
  mg_iobuf_init(&io, 0, 0);
  mg_iobuf_add(&io, 0, "0123456789", 10);
  CHECK(mg_iobuf_add(&io, 10, io.buf, 10) == 10 && holds("01234567890123456789", 20));
  CHECK(mg_iobuf_add(&io, 20, io.buf + 5, 5) == 5 && holds("0123456789012345678956789", 25));
  mg_iobuf_free(&io);
  // It is copied as it stood, also where it moves out of the way.
  for (int size = 0; size <= 100; size += 100) {
    mg_iobuf_add(&io, 0, "0123456789", 10), mg_iobuf_resize(&io, (size_t) size + 10);
    CHECK(mg_iobuf_add(&io, 2, io.buf + 6, 3) == 3 && holds("0167823456789", 13));
    CHECK(mg_iobuf_add(&io, 8, io.buf, 3) == 3 && holds("0167823401656789", 16));
    CHECK(mg_iobuf_add(&io, 4, io.buf + 2, 4) == 4 && holds("01676782823401656789", 20));
    mg_iobuf_free(&io);
  }
  mg_iobuf_add(&io, 0, "0123456789", 10);
  mg_iobuf_resize(&io, 100000);
  while (io.len < 100000) CHECK(mg_iobuf_add(&io, io.len, io.buf + io.len - 5, 5) == 5);
  CHECK(mg_iobuf_add(&io, io.len, io.buf + io.len - 5, 5) == 5 && memcmp(io.buf + 100000, "56789", 5) == 0);
  mg_iobuf_free(&io);

  CHECK(!mg_iobuf_init(NULL, 1, 1) && !mg_iobuf_resize(NULL, 1));
  CHECK(mg_iobuf_add(NULL, 0, "x", 1) == 0 && mg_iobuf_del(NULL, 0, 1) == 0);
  mg_iobuf_free(NULL);
  return 0;
}
