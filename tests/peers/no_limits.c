// An HTTP and WebSocket server without limits of its own. Says what it received: bytes of the body, number of fields.
//
// Usage: no_limits URL

#include <signal.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  (void) signal_number;
  stopped = 1;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_WS_MSG) {
    mg_ws_printf(c, WEBSOCKET_OP_TEXT, "%lu", (unsigned long) ((struct mg_ws_message *) ev_data)->data.len);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/ws"), NULL)) {
    mg_ws_upgrade(c, hm, NULL);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/dnstimeout"), NULL)) {
    mg_http_reply(c, 200, "", "ms: %d", c->mgr->dnstimeout);
  } else if (ev == MG_EV_HTTP_MSG) {
    int fields = 0;
    while (fields < MG_MAX_HTTP_HEADERS && hm->headers[fields].name.len > 0) fields++;
    mg_http_reply(c, 200, "", "%lu bytes, %d fields", (unsigned long) hm->body.len, fields);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = argc > 1 ? mg_http_listen(&mgr, argv[1], handler, NULL) : NULL;
  if (listener == NULL) return 1;
  printf("port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
