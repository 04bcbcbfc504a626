// Output functions for buffers.
#include "mongoose.h"

static void show(const char *label, const struct mg_iobuf *io) {
  printf("%s: len %lu size %lu [", label, (unsigned long) io->len, (unsigned long) io->size);
  for (size_t i = 0; i < io->len; i++) {
    if (io->buf[i] >= ' ' && io->buf[i] <= '~') putchar(io->buf[i]);
    else printf("\\x%02x", io->buf[i]);
  }
  printf("]%s\n", io->len < io->size && io->buf[io->len] == 0 ? " and NUL" : "");
}

int main(void) {
  char label[40];
  mg_log_level = 0;
  {
    struct mg_iobuf io = {NULL, 0, 0, 0};
    size_t n = mg_xprintf(mg_pfn_iobuf, &io, "hello");
    show("exact sizes", &io);
    n += mg_xprintf(mg_pfn_iobuf, &io, " %d %s", 42, "world");
    show("exact sizes, appended", &io);
    printf("returned: %lu\n", (unsigned long) n);
    n = mg_xprintf(mg_pfn_iobuf, &io, "%s", "");
    show("nothing appended", &io);
    io.len = 3;
    mg_xprintf(mg_pfn_iobuf, &io, "p");
    show("appended to a shortened buffer", &io);
    mg_iobuf_free(&io);
  }
  {
    struct mg_iobuf io = {NULL, 0, 0, 16};
    mg_xprintf(mg_pfn_iobuf, &io, "%s", "");
    show("nothing to an empty buffer", &io);
    for (int i = 0; i < 33; i++) {
      mg_pfn_iobuf((char) ('a' + i % 26), &io);
      if (i < 1 || (i > 12 && i < 17) || i > 29) {
        snprintf(label, sizeof(label), "character %d", i + 1);
        show(label, &io);
      }
    }
    mg_iobuf_free(&io);
  }
  for (int n = 13; n < 18; n++) {
    struct mg_iobuf io = {NULL, 0, 0, 16};
    mg_xprintf(mg_pfn_iobuf, &io, "%.*s", n, "0123456789abcdefgh");
    snprintf(label, sizeof(label), "text of %d", n);
    show(label, &io);
    mg_iobuf_free(&io);
  }
  {
    struct mg_iobuf io = {NULL, 0, 0, 16};
    mg_xprintf(mg_pfn_iobuf, &io, "%20d|%-20d|%020d", 1, 2, 3);
    show("padding", &io);
    mg_iobuf_free(&io);
  }
  {
    unsigned char memory[6];
    struct mg_iobuf io = {memory, 5, 0, 0};
    memset(memory, '~', sizeof(memory));
    for (int i = 0; i < 7; i++) {
      mg_pfn_iobuf_noresize((char) ('0' + i), &io);
      snprintf(label, sizeof(label), "not growing, character %d", i + 1);
      show(label, &io);
    }
    printf("behind the buffer: %c\n", memory[5]);
  }
  for (int n = 0; n < 8; n++) {
    unsigned char memory[6];
    struct mg_iobuf io = {memory, 5, 0, 0};
    size_t returned;
    memset(memory, '~', sizeof(memory));
    returned = mg_xprintf(mg_pfn_iobuf_noresize, &io, "%.*s", n, "0123456789");
    snprintf(label, sizeof(label), "not growing, text of %d", n);
    show(label, &io);
    printf("not growing, text of %d, returned: %lu%c\n", n, (unsigned long) returned, memory[5]);
  }
  {
    unsigned char memory[6];
    struct mg_iobuf io = {memory, 5, 5, 0}, none = {NULL, 0, 0, 0};
    memset(memory, '~', sizeof(memory));
    mg_pfn_iobuf_noresize('x', &io);
    show("full from the start", &io);
    mg_pfn_iobuf_noresize('x', &none);
    show("no memory", &none);
    io.len = 4;
    mg_xprintf(mg_pfn_iobuf_noresize, &io, "%s%d%5d", "abc", 4, 5);
    show("one byte left", &io);
    io.len = 2;
    mg_xprintf(mg_pfn_iobuf_noresize, &io, "%10d", 5);
    show("padding does not fit", &io);
  }
  return 0;
}
