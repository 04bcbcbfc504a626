// Nanoseconds per call of the printing functions, the best of several rounds. Linked with -lmongoose it runs
// on this library and, through tests/reference/reference, on the reference:
//
//   cc -O2 benches/formatting.c -Iinclude -Ltarget/release -lmongoose -o target/formatting
//   LD_LIBRARY_PATH=target/release target/formatting    (with libmongoose.so.7.23 there)
//   tests/reference/reference run target/formatting
#include "mongoose.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

#define MEASURE(name, call)                              \
  do {                                                   \
    double best = 1e18;                                  \
    for (int round = 0; round < 25; round++) {           \
      double start = now(), spent;                       \
      for (int i = 0; i < 100000; i++) {                 \
        call;                                            \
      }                                                  \
      spent = (now() - start) / 100000;                  \
      if (spent < best) best = spent;                    \
    }                                                    \
    printf("%-26s %7.1f\n", name, best);                 \
  } while (0)

static void keep_last(char ch, void *param) {
  *(char *) param = ch;
}

int main(void) {
  static const char form[] = "Content-Type: %s\r\nContent-Length: %d\r\n";
  static const char text[] = "a \"quoted\" word in some longer text without anything special in the rest of it";
  char buf[512], last;
  struct mg_iobuf io = {NULL, 0, 0, MG_IO_SIZE};
  struct mg_addr addr;
  memset(&addr, 0, sizeof(addr));
  MEASURE("snprintf header", mg_snprintf(buf, sizeof(buf), form, "text/html", i));
  MEASURE("libc snprintf header", snprintf(buf, sizeof(buf), form, "text/html", i));
  MEASURE("snprintf %d", mg_snprintf(buf, sizeof(buf), "%d", i));
  MEASURE("snprintf %s", mg_snprintf(buf, sizeof(buf), "%s", "hello"));
  MEASURE("snprintf %g integer", mg_snprintf(buf, sizeof(buf), "%g", (double) i));
  MEASURE("snprintf %g fraction", mg_snprintf(buf, sizeof(buf), "%g", 3.14159265));
  MEASURE("snprintf %.3f", mg_snprintf(buf, sizeof(buf), "%.3f", 1234.5678));
  MEASURE("snprintf %.15g", mg_snprintf(buf, sizeof(buf), "%.15g", 1.0 / 3));
  MEASURE("snprintf ip_port", mg_snprintf(buf, sizeof(buf), "%M", mg_print_ip_port, &addr));
  MEASURE("iobuf header", (io.len = 0, mg_xprintf(mg_pfn_iobuf, &io, form, "text/html", i)));
  MEASURE("iobuf JSON", (io.len = 0, mg_xprintf(mg_pfn_iobuf, &io, "{%m:%d,%m:%m}", MG_ESC("id"), i, MG_ESC("text"),
                                                MG_ESC(text))));
  MEASURE("iobuf base64 78 bytes", (io.len = 0, mg_xprintf(mg_pfn_iobuf, &io, "%M", mg_print_base64, 78, text)));
  MEASURE("mprintf header", free(mg_mprintf(form, "text/html", i)));
  MEASURE("program's function header", mg_xprintf(keep_last, &last, form, "text/html", i));
  mg_iobuf_free(&io);
  return 0;
}
