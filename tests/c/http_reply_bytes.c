// The exact bytes that mg_http_reply and mg_http_bauth queue, outside of any request.

#include "mongoose.h"

static struct mg_connection *s_conn;

static void show(const char *label) {
  struct mg_connection *c = s_conn;
  printf("%s: %zu ", label, c->send.len);
  for (size_t i = 0; i < c->send.len; i++) {
    unsigned char ch = c->send.buf[i];
    if (ch == '\r') printf("\\r");
    else if (ch == '\n') printf("\\n");
    else if (ch < ' ' || ch > '~') printf("\\x%02x", ch);
    else putchar(ch);
  }
  printf("| resp %d draining %d closing %d\n", c->is_resp, c->is_draining, c->is_closing);
  c->send.len = 0;
}

static size_t print_twice(void (*out)(char, void *), void *arg, va_list *ap) {
  const char *s = va_arg(*ap, const char *);
  size_t n = 0;
  for (int i = 0; i < 2; i++) {
    for (const char *p = s; *p != '\0'; p++, n++) out(*p, arg);
  }
  return n;
}

int main(void) {
  struct mg_mgr mgr;
  static char big[100001];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = s_conn = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  mg_http_reply(c, 200, "", "hi");
  show("200");
  mg_http_reply(c, 200, "A: b\r\nC: d\r\n", "%s %d", "x", 5);
  show("headers and format");
  mg_http_reply(c, 200, NULL, "");
  printf("terminated: %d\n", c->send.size > c->send.len && c->send.buf[c->send.len] == '\0');
  show("no headers");
  mg_http_reply(c, 200, "A: b", "x");
  show("headers without line end");
  mg_http_reply(c, 200, "%s", "A: b");
  show("arguments in a wrong order");
  mg_http_reply(c, 200, "A: b\r\nC", "x");
  show("last header without colon");
  mg_http_reply(c, 200, "Content-Length: 9\r\n", "x");
  show("headers with a length");
  mg_http_reply(c, 200, "A: 100%%\r\n", "%s", "100%%");
  show("percent signs in headers");
  mg_http_reply(c, 200, "", "%s|%.3s|%M|%m", "", "abcdef", print_twice, "xy", print_twice, "q\"");
  show("printing functions");
  c->is_resp = 1;
  mg_http_reply(c, 404, "", "%s", "Not found\n");
  show("while responding");
  mg_http_reply(c, 204, "", "body");
  show("204");
  mg_http_reply(c, 304, "", "body");
  show("304");
  mg_http_reply(c, 101, "", "body");
  show("101");
  mg_http_reply(c, 299, "", "");
  show("unknown code");
  mg_http_reply(c, 0, "", "");
  show("code 0");
  mg_http_reply(c, -1, "", "");
  show("negative code");
  mg_http_reply(c, 1234567890, "", "");
  show("large code");
  mg_http_reply(c, 200, "", "a");
  mg_http_reply(c, 201, "", "b");
  show("two in a row");
  mg_http_reply(c, 200, "", "%c%c%c", 'a', 0, 'b');
  show("a NUL in the body");
  size_t old = c->send.len;
  mg_http_reply(c, 404, "", "");
  printf("status behind the old length: %.3s\n", (char *) c->send.buf + old + 9);
  c->send.len = 0;
  memset(big, 'x', sizeof(big) - 1);
  mg_http_reply(c, 200, "", "%s", big);
  printf("100000 bytes: %zu %.*s\n", c->send.len, 11, strstr((char *) c->send.buf, "Content-Length:") + 16);
  c->send.len = 0;

  mg_http_bauth(c, "foo", "bar");
  show("bauth");
  mg_http_bauth(c, "", "bar");
  show("bauth without user");
  mg_http_bauth(c, NULL, "bar");
  show("bauth with NULL user");
  mg_http_bauth(c, "foo", "");
  show("bauth without password");
  mg_http_bauth(c, "foo", NULL);
  show("bauth with NULL password");
  mg_http_bauth(c, NULL, NULL);
  show("bauth with nothing");
  mg_http_bauth(c, "", "");
  show("bauth with empty strings");
  mg_http_bauth(c, "a:b", "c");
  show("bauth with a colon in the user");
  mg_http_bauth(c, big + 99000, "x");
  printf("bauth with a long user: %zu\n", c->send.len);
  c->send.len = 0;
  mg_mgr_free(&mgr);
  return 0;
}
