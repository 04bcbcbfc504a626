// Content of large buffers, which may have more capacity than asked for.

#include "mongoose.h"

int main(void) {
  struct mg_iobuf io;
  char piece[1000];
  mg_iobuf_init(&io, 0, 4096);
  for (int i = 0; i < 3000; i++) {
    memset(piece, 'a' + i % 26, sizeof(piece));
    if (mg_iobuf_add(&io, io.len, piece, sizeof(piece)) != sizeof(piece)) return 1;
  }
  printf("appended: %d %08x\n", (int) io.len, mg_crc32(0, (char *) io.buf, io.len));
  printf("capacity is aligned: %d\n", io.size % 4096 == 0 && io.size >= io.len);
  mg_iobuf_add(&io, 1000, "inserted", 8);
  printf("inserted: %d %08x\n", (int) io.len, mg_crc32(0, (char *) io.buf, io.len));
  printf("deleted: %d\n", (int) mg_iobuf_del(&io, 500, 1000000));
  printf("rest: %d %08x\n", (int) io.len, mg_crc32(0, (char *) io.buf, io.len));
  printf("resized: %d\n", mg_iobuf_resize(&io, 1 << 20));
  printf("resized to: %d\n", (int) io.size);
  printf("cut: %d %08x\n", (int) io.len, mg_crc32(0, (char *) io.buf, io.len));
  mg_iobuf_del(&io, 0, io.len);
  mg_iobuf_add(&io, 0, "x", 1);
  printf("small again: %d %c\n", (int) io.len, io.buf[0]);
  mg_iobuf_free(&io);
  printf("freed: %d %d %d\n", io.buf == NULL, (int) io.size, (int) io.len);
  return 0;
}
