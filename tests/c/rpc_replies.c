// mg_rpc_ok, mg_rpc_err and their va_list twins: what they write, and where to.
#include "mongoose.h"

static void vok(struct mg_rpc_req *r, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  mg_rpc_vok(r, fmt, &ap);
  if (fmt != NULL) printf(" next %d", va_arg(ap, int));
  va_end(ap);
}

static void verr(struct mg_rpc_req *r, int code, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  mg_rpc_verr(r, code, fmt, &ap);
  if (fmt != NULL) printf(" next %d", va_arg(ap, int));
  va_end(ap);
}

static void count(char ch, void *arg) {
  ((int *) arg)[0]++;
  ((int *) arg)[1] += (unsigned char) ch;
}

int main(void) {
  static const char *frames[] = {"{\"id\":1}", "{}", "", "{\"id\":\"x\"", "[{\"id\":1}]", "{\"id\":null}", "{\"id\":}", "{\"id\":[1,{\"a\":\"]\"}],\"b\":", "{\"ID\":1}"};
  for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
    struct mg_rpc_req r = {NULL, NULL, mg_pfn_stdout, NULL, NULL, mg_str(frames[i])};
#define SHOW(label, call)                 \
  printf("%s %s: ", #label, frames[i]);   \
  call;                                   \
  printf("\n")
    SHOW(ok, mg_rpc_ok(&r, "%d", 5));
    SHOW(ok null, mg_rpc_ok(&r, NULL));
    SHOW(ok empty, mg_rpc_ok(&r, ""));
    SHOW(ok text, mg_rpc_ok(&r, "{%m:%m,%m:[%g,%d]}", MG_ESC("a"), MG_ESC("b\"c\n"), MG_ESC("d"), 1.5, -3));
    SHOW(ok raw, mg_rpc_ok(&r, "%s", "not JSON"));
    SHOW(vok, vok(&r, "[%d,%s]", 1, "2", 3));
    SHOW(vok null, vok(&r, NULL));
    SHOW(err, mg_rpc_err(&r, -1, "%m", MG_ESC("oh \"no\"")));
    SHOW(err null, mg_rpc_err(&r, 0, NULL));
    SHOW(err empty, mg_rpc_err(&r, 32767, ""));
    SHOW(err min, mg_rpc_err(&r, INT_MIN, "%d", 1));
    SHOW(err max, mg_rpc_err(&r, INT_MAX, "%d", 1));
    SHOW(verr, verr(&r, 4, "[%d,%s]", 1, "2", 3));
    SHOW(verr null, verr(&r, 4, NULL));
  }

  int sum[2] = {0, 0};
  struct mg_rpc_req r = {NULL, NULL, count, sum, NULL, mg_str("{\"id\":1}")};
  mg_rpc_ok(&r, "%s", "abc");
  printf("a function of the program: %d %d\n", sum[0], sum[1]);

  char buf[20];
  struct mg_iobuf io = {(unsigned char *) buf, sizeof(buf), 0, 0};
  r.pfn = mg_pfn_iobuf_noresize, r.pfn_data = &io;
  mg_rpc_ok(&r, "%s", "abc");
  printf("a buffer that is too small: %d [%s]\n", (int) io.len, buf);
  io.len = 0;
  mg_rpc_err(&r, 1, NULL);
  printf("error in a buffer that is too small: %d [%s]\n", (int) io.len, buf);

  size_t n = 1 << 20;
  char *frame = (char *) malloc(n + 1);
  struct mg_iobuf large = {NULL, 0, 0, 1 << 20};
  memset(frame, '"', n);
  frame[n] = '\0';
  r = (struct mg_rpc_req) {NULL, NULL, mg_pfn_iobuf, &large, NULL, mg_str(frame)};
  mg_rpc_process(&r);
  printf("a frame of 1 MB that is no request: %lu %08x\n", (unsigned long) large.len, mg_crc32(0, (char *) large.buf, large.len));
  large.len = 0;
  memset(frame, 'x', n);
  memcpy(frame, "{\"id\":\"", 7);
  memcpy(frame + n - 2, "\"}", 2);
  mg_rpc_ok(&r, NULL);
  printf("an id of 1 MB: %lu %08x\n", (unsigned long) large.len, mg_crc32(0, (char *) large.buf, large.len));
  large.len = 0;
  memset(frame, '[', n);
  mg_rpc_process(&r);
  printf("1 MB of brackets: %lu %08x\n", (unsigned long) large.len, mg_crc32(0, (char *) large.buf, large.len));
  mg_iobuf_free(&large);
  free(frame);
  return 0;
}
