// A WebSocket peer for the tests: sends every message back. `ws_echo listen URL` is a server and prints its port,
// `ws_echo connect URL` a client that connects again whenever its connection is gone.

#include <signal.h>

#include "mongoose.h"

static volatile sig_atomic_t s_stopped;
static bool s_gone = true;

static void stop(int signal_number) {
  s_stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  } else if (ev == MG_EV_CLOSE && c->is_client) {
    s_gone = true;
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  if (argc < 3) return 2;
  signal(SIGINT, stop), signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  if (strcmp(argv[1], "listen") == 0) {
    struct mg_connection *listener = mg_http_listen(&mgr, argv[2], handler, NULL);
    if (listener == NULL) return 1;
    printf("Listening on port %u\n", mg_ntohs(listener->loc.port)), fflush(stdout);
    s_gone = false;
  }
  while (!s_stopped) {
    if (s_gone) s_gone = false, mg_ws_connect(&mgr, argv[2], handler, NULL, "Sec-WebSocket-Protocol: %s\r\n", "echo");
    mg_mgr_poll(&mgr, 100);
  }
  mg_mgr_free(&mgr);
  return 0;
}
