// Sizes and content of growing buffers.

#include "mongoose.h"

static struct mg_iobuf io;
static int step;

static void show(const char *call, size_t result) {
  printf("%d %s: %d, size %d len %d ", ++step, call, (int) result, (int) io.size, (int) io.len);
  for (size_t i = 0; i < io.len && i < 40; i++) printf("%c", io.buf[i] ? io.buf[i] : '.');
  if (io.buf == NULL) printf("(no memory)");
  printf("\n");
}

#define SHOW(call) show(#call, call)

static bool zeroed(size_t from, size_t to) {
  while (from < to && io.buf[from] == 0) from++;
  return from == to;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  SHOW(mg_iobuf_init(&io, 0, 16));
  SHOW(mg_iobuf_init(&io, 5, 16));
  printf("zeroed: %d\n", zeroed(0, io.size));
  SHOW(mg_iobuf_resize(&io, 17));
  printf("new space is zeroed: %d\n", zeroed(0, io.size));
  SHOW(mg_iobuf_add(&io, 0, "abc", 3));
  SHOW(mg_iobuf_resize(&io, 64));
  SHOW(mg_iobuf_add(&io, 3, "d", 1));
  SHOW(mg_iobuf_add(&io, 0, "XY", 2));
  SHOW(mg_iobuf_add(&io, 2, "-", 1));
  SHOW(mg_iobuf_add(&io, 10, "Z", 1));
  SHOW(mg_iobuf_del(&io, 7, 3));
  printf("vacated bytes are zeroed: %d\n", zeroed(io.len, io.size));
  SHOW(mg_iobuf_del(&io, 0, 2));
  SHOW(mg_iobuf_del(&io, 3, 1000));
  SHOW(mg_iobuf_del(&io, 100, 1));
  SHOW(mg_iobuf_del(&io, 1, 0));
  SHOW(mg_iobuf_del(&io, 0, SIZE_MAX));
  SHOW(mg_iobuf_del(&io, 0, 1));
  SHOW(mg_iobuf_add(&io, 0, "abcdef", 6));
  SHOW(mg_iobuf_resize(&io, 3));
  SHOW(mg_iobuf_resize(&io, 0));
  SHOW(mg_iobuf_resize(&io, 0));
  printf("align stays: %d\n", (int) io.align);
  SHOW(mg_iobuf_add(&io, 0, "0123456789abcdef", 16));
  SHOW(mg_iobuf_add(&io, 16, "g", 1));
  io.len = 0;
  SHOW(mg_iobuf_add(&io, 0, "h", 1));
  SHOW(mg_iobuf_add(&io, 4, "", 0));
  SHOW(mg_iobuf_add(&io, 2, "", 0));
  mg_iobuf_free(&io);
  show("mg_iobuf_free", 0);
  printf("align stays after free: %d\n", (int) io.align);

  SHOW(mg_iobuf_init(&io, 0, 0));
  SHOW(mg_iobuf_add(&io, 0, "01234", 5));
  SHOW(mg_iobuf_add(&io, 5, "5", 1));
  SHOW(mg_iobuf_resize(&io, 3));
  SHOW(mg_iobuf_add(&io, 1, NULL, 2));
  SHOW(mg_iobuf_add(&io, 4, io.buf, 0));
  mg_iobuf_free(&io);
  SHOW(mg_iobuf_init(&io, 100, 0));
  SHOW(mg_iobuf_add(&io, 0, NULL, 0));
  mg_iobuf_free(&io);

  SHOW(mg_iobuf_init(&io, 0, 10));
  SHOW(mg_iobuf_add(&io, 0, "0123456789", 10));
  SHOW(mg_iobuf_add(&io, 10, "a", 1));
  SHOW(mg_iobuf_resize(&io, 1));
  SHOW(mg_iobuf_resize(&io, 11));
  SHOW(mg_iobuf_resize(&io, 20));
  mg_iobuf_free(&io);

  SHOW(mg_iobuf_init(&io, 0, 16));
  SHOW(mg_iobuf_add(&io, 0, "abcdef", 6));
  SHOW(mg_iobuf_add(&io, 6, io.buf, 3));
  SHOW(mg_iobuf_add(&io, 9, io.buf + 3, 3));
  SHOW(mg_iobuf_resize(&io, 100));
  SHOW(mg_iobuf_del(&io, 2, 3));
  mg_iobuf_free(&io);

  // Random calls on a small buffer that is only used within its bounds.
  uint32_t state = 1, crc = 0;
  mg_iobuf_init(&io, 0, 7);
  for (int i = 0; i < 50000; i++) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    char line[32];
    state = state * 1664525u + 1013904223u;
    size_t n = state >> 8 & 15, ofs = io.len ? (state >> 12) % (io.len + 1) : 0, result = 0;
    if (state >> 28 < 8 && io.len < 100) result = mg_iobuf_add(&io, ofs, letters + (state >> 20 & 7), n);
    else if (state >> 28 < 15) result = mg_iobuf_del(&io, ofs, n);
    else result = mg_iobuf_resize(&io, io.len + n / 2);
    snprintf(line, sizeof(line), "%d %d %d ", (int) result, (int) io.size, (int) io.len);
    crc = mg_crc32(crc, line, strlen(line));
    crc = mg_crc32(crc, (char *) io.buf, io.len);
  }
  printf("random calls: %08x\n", crc);
  mg_iobuf_free(&io);
  return 0;
}
