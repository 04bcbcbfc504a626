// mg_printf appends to c->send.
#include "mongoose.h"

static int s_errors;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) {
    s_errors++;
    printf("error event %d: %s, closing %d\n", s_errors, (char *) ev_data, c->is_closing);
  }
}

static size_t print_liar(mg_pfn_t out, void *arg, va_list *ap) {
  int claim = va_arg(*ap, int);
  out('l', arg);
  out('i', arg);
  return (size_t) claim;
}

static size_t via_va_list(struct mg_connection *c, const char *fmt, ...) {
  va_list ap;
  size_t n;
  va_start(ap, fmt);
  n = mg_vprintf(c, fmt, &ap);
  va_end(ap);
  return n;
}

static void show(const char *label, struct mg_connection *c, size_t n) {
  printf("%s: %lu, %lu/%lu [%.40s]\n", label, (unsigned long) n, (unsigned long) c->send.len,
         (unsigned long) c->send.size, c->send.buf == NULL ? "" : (char *) c->send.buf);
}

int main(void) {
  static char big[20000];
  struct mg_mgr mgr;
  struct mg_connection *c;
  size_t n;
  mg_log_level = 0;
  mg_mgr_init(&mgr);
  c = mg_alloc_conn(&mgr);
  c->fn = handler;
  show("nothing", c, mg_printf(c, "%s", ""));
  show("text", c, mg_printf(c, "hello %d", 5));
  show("more text", c, mg_printf(c, ", %s", "world"));
  show("va_list", c, via_va_list(c, "%d%s", 1, "x"));

  c->send.len = 0;
  memset(big, 'x', sizeof(big) - 1);
  show("a byte less than the step", c, mg_printf(c, "%.16383s", big));
  show("one byte more", c, mg_printf(c, "%s", "y"));
  printf("a NUL follows: %d\n", c->send.buf[c->send.len]);
  n = mg_printf(c, "%s%s%s", big, big, big);
  printf("a long text: %lu, %lu\n", (unsigned long) n, (unsigned long) c->send.len);

  mg_iobuf_resize(&c->send, 2);
  n = mg_printf(c, "%M", print_liar, 2);
  show("printer tells the truth", c, n);
  n = mg_printf(c, "abc%M", print_liar, 3);
  printf("printer claims more: %lu, %lu\n", (unsigned long) n, (unsigned long) c->send.len);
  c->is_closing = 0;
  n = mg_printf(c, "%Mabc", print_liar, 0);
  printf("printer claims less: %lu, %lu\n", (unsigned long) n, (unsigned long) c->send.len);
  printf("errors: %d\n", s_errors);

  mg_iobuf_free(&c->send);
  mg_free(c);
  mg_mgr_free(&mgr);
  return 0;
}
