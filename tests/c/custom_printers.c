// %M and %m with printers of the program.
#include "mongoose.h"

#define SHOW(label, ...)                                              \
  do {                                                                \
    char text[200];                                                   \
    size_t n = mg_snprintf(text, sizeof(text), __VA_ARGS__);          \
    printf("%s: [%s] %lu\n", label, text, (unsigned long) n);         \
  } while (0)

static size_t print_nothing(mg_pfn_t out, void *arg, va_list *ap) {
  (void) out, (void) arg, (void) ap;
  return 0;
}

// Takes an int and a double.
static size_t print_pair(mg_pfn_t out, void *arg, va_list *ap) {
  int i = va_arg(*ap, int);
  double d = va_arg(*ap, double);
  return mg_xprintf(out, arg, "<%d,%g>", i, d);
}

// Takes what its own directives need.
static size_t print_deeper(mg_pfn_t out, void *arg, va_list *ap) {
  return mg_vxprintf(out, arg, "{%d %s %M}", ap);
}

// Prints two characters and claims any number of them.
static size_t print_liar(mg_pfn_t out, void *arg, va_list *ap) {
  int claim = va_arg(*ap, int);
  out('l', arg);
  out('i', arg);
  return (size_t) claim;
}

static void note_error(struct mg_connection *c, int ev, void *ev_data) {
  (void) c;
  if (ev == MG_EV_ERROR) printf("ERROR(%s) ", (char *) ev_data);
}

// What functions that append to buffers make of a printer with such a claim.
static void show_claim(struct mg_mgr *mgr, int claim) {
  char *text = mg_mprintf("<%M>", print_liar, claim);
  struct mg_connection *c = NULL;
  printf("claims %d, mg_mprintf: %s\n", claim, text == NULL ? "NULL" : text);
  mg_free(text);
  for (int how = 0; how < 4; how++) {
    static const char *names[] = {"mg_printf", "mg_http_reply", "mg_http_printf_chunk", "mg_ws_printf"};
    int fds[2];
    size_t n = 0;
    socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    c = mg_wrapfd(mgr, fds[0], note_error, NULL);
    printf("claims %d, %s: ", claim, names[how]);
    if (how == 0) n = mg_printf(c, "<%M>", print_liar, claim);
    if (how == 1) mg_http_reply(c, 200, "", "<%M>", print_liar, claim);
    if (how == 2) mg_http_printf_chunk(c, "<%M>", print_liar, claim);
    if (how == 3) n = mg_ws_printf(c, WEBSOCKET_OP_TEXT, "<%M>", print_liar, claim);
    printf("%lu, closing %d, %lu bytes, ", (unsigned long) n, c->is_closing, (unsigned long) c->send.len);
    for (size_t i = 0; i < c->send.len; i++) printf(c->send.buf[i] < ' ' || c->send.buf[i] > '~' ? "\\x%02x" : "%c", c->send.buf[i]);
    printf("\n");
    c->send.len = 0, c->is_closing = 1;
    mg_mgr_poll(mgr, 0);
    close(fds[1]);
  }
  bool done = mg_file_printf(&mg_fs_posix, "printed", "<%M>", print_liar, claim);
  struct mg_str content = mg_file_read(&mg_fs_posix, "printed");
  printf("claims %d, mg_file_printf: %d %.*s\n", claim, done, (int) content.len, content.buf == NULL ? "" : content.buf);
  mg_free(content.buf);
  remove("printed");
}

static void count(char ch, void *arg) {
  (void) ch;
  ++*(int *) arg;
}

static size_t print_counted(mg_pfn_t out, void *arg, va_list *ap) {
  (void) ap;
  return mg_xprintf(out, arg, "%s%c%5d", "abc", 'x', 1);
}

static void show_function(char ch, void *arg) {
  (void) ch, (void) arg;
}

static size_t print_identity(mg_pfn_t out, void *arg, va_list *ap) {
  void *expected = va_arg(*ap, void *);
  printf("user's function and parameter reach the printer: %d\n", out == show_function && arg == expected);
  return 7;
}

int main(void) {
  int calls = 0;
  size_t n;
  mg_log_level = 0;
  SHOW("nothing", "[%M][%m]", print_nothing, print_nothing);
  SHOW("takes its arguments", "%M|%d", print_pair, 1, 2.5, 3);
  SHOW("quoted", "%m|%d", print_pair, 1, 2.5, 3);
  SHOW("several", "%M%M%s%M", print_pair, 1, 1.5, print_pair, 2, 2.5, "-", print_pair, 3, 3.5);
  SHOW("nested", "%M|%s", print_deeper, 1, "two", print_pair, 3, 4.5, "five");
  SHOW("registers and stack", "%d %M %g %M %d %g %g %g %g %g %g %d", 0, print_pair, 1, 1.5, 2.5, print_pair, 3, 4.5, 5,
       1.0, 2.0, 3.0, 4.0, 5.0, 6.5, 99);

  SHOW("claims what it wrote", "%M|", print_liar, 2);
  SHOW("claims more", "%Mabc", print_liar, 5);
  SHOW("claims nothing", "%Mabc", print_liar, 0);
  {
    char text[10];
    n = mg_snprintf(text, sizeof(text), "%M", print_liar, 15);
    printf("claims more than the buffer: [%s] %lu\n", text, (unsigned long) n);
  }

  n = mg_xprintf(count, &calls, "%M%m", print_counted, print_counted);
  printf("calls of the user's function: %lu %d\n", (unsigned long) n, calls);
  n = mg_xprintf(show_function, &calls, "%M", print_identity, &calls);
  printf("claimed: %lu\n", (unsigned long) n);

  static const int claims[] = {0, 1, 2, 3, 100, -1};
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) show_claim(&mgr, claims[i]);
  mg_mgr_free(&mgr);
  return 0;
}
