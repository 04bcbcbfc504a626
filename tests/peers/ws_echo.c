// A WebSocket peer for the tests: sends every message back. `ws_echo listen URL [CERT KEY]` is a server and prints its
// port, `ws_echo connect URL [CA]` a client that connects again whenever its connection is gone.

#include <signal.h>

#include "mongoose.h"

static volatile sig_atomic_t s_stopped;
static bool s_gone = true;
static struct mg_tls_opts s_tls;

static void stop(int signal_number) {
  s_stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if ((ev == MG_EV_ACCEPT || ev == MG_EV_CONNECT) && c->is_tls) {
    mg_tls_init(c, &s_tls);
  } else if (ev == MG_EV_HTTP_MSG) {
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
  s_tls.name = mg_str("localhost");
  if (argc == 4) s_tls.ca = mg_file_read(&mg_fs_posix, argv[3]);
  if (argc == 5) s_tls.cert = mg_file_read(&mg_fs_posix, argv[3]), s_tls.key = mg_file_read(&mg_fs_posix, argv[4]);
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
  mg_free(s_tls.ca.buf), mg_free(s_tls.cert.buf), mg_free(s_tls.key.buf);
  return 0;
}
