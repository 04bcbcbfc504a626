// mg_printf() of what stands in the connection's own output, which has to move for it; printers that run the loop and close.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_connection *s_conn;
static int s_closes;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_CLOSE && c == s_conn) s_closes++;
}

static size_t closing_printer(mg_pfn_t out, void *arg, va_list *ap) {
  struct mg_mgr *mgr = s_conn->mgr;
  (void) ap;
  out('a', arg);
  s_conn->is_closing = 1;
  mg_mgr_poll(mgr, 0), mg_mgr_poll(mgr, 0);
  out('b', arg);
  return 2;
}

int main(void) {
  struct mg_mgr mgr;
  size_t bad = 0;
  int closes = 0;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  s_conn = mg_connect(&mgr, "tcp://127.0.0.1:1", handler, NULL);
  for (int i = 0; i < 300000; i++) mg_send(s_conn, "abc", 3);
  size_t len = s_conn->send.len;
  CHECK(mg_printf(s_conn, "%.*s", (int) len, s_conn->send.buf) == len);
  for (size_t i = 0; i < s_conn->send.len; i++) bad += s_conn->send.buf[i] != "abc"[i % 3];
  CHECK(s_conn->send.len == 2 * len && bad == 0);
  for (int how = 0; how < 4; how++) {
    s_conn = mg_connect(&mgr, "tcp://127.0.0.1:1", handler, NULL);
    if (how == 0) mg_printf(s_conn, "%M", closing_printer);
    if (how == 1) mg_http_reply(s_conn, 200, "", "%M", closing_printer);
    if (how == 2) mg_http_printf_chunk(s_conn, "%M", closing_printer);
    if (how == 3) mg_ws_printf(s_conn, WEBSOCKET_OP_TEXT, "%M", closing_printer);
    CHECK(s_closes == ++closes);
  }
  mg_mgr_free(&mgr);
  return 0;
}
