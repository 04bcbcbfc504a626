// An HTTP server on a Unix domain socket, as one puts behind nginx, or on a socket that systemd opened.
//
// Build: make examples        Run: target/examples/unix_socket 'unix:///tmp/app.sock?mode=0660'
// Try:   curl --unix-socket /tmp/app.sock http://localhost/
//        systemd-socket-activate -l 8000 target/examples/unix_socket systemd://

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/ws"), NULL)) {
    mg_ws_upgrade(c, hm, NULL);
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "%.*s\n", (int) hm->uri.len, hm->uri.buf);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
}

int main(int argc, char *argv[]) {
  const char *url = argc > 1 ? argv[1] : "unix:///tmp/app.sock?mode=0660";
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, url, handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on %s, port %u\n", url, mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);  // removes the socket's file
  return 0;
}
