// A file server for the open internet: what a client may send, how long it may take and how many may come is limited.
//
// Build: make examples
// Run:   target/examples/limits http://127.0.0.1:8000 . [CONNECTIONS [SECONDS [CERT KEY]]], with CERT and KEY for https://
// Try:   nc 127.0.0.1 8000, and wait; curl -F file=@large http://127.0.0.1:8000/echo; curl -T large http://127.0.0.1:8000/upload

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

#define KB ((size_t) 1024)
#define MAX_UPLOAD (100 * 1024 * KB)

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static struct mg_tls_opts tls;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ACCEPT && c->is_tls) {
    mg_tls_init(c, &tls);
  } else if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/upload"), NULL)) {
    // A body that goes to a file is no burden on memory: it has a limit of its own, which is checked here.
    if (hm->body.len > MAX_UPLOAD) {
      mg_http_reply(c, 413, "Connection: close\r\n", "");
      c->is_draining = 1;
    } else {
      mg_http_start_upload(c, hm, mg_str("upload.bin"), mg_str((const char *) c->fn_data), &mg_fs_posix, NULL);
    }
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/upload"), NULL)) {
    c->is_draining = 1;  // The file could not be opened, which the library has answered
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/echo"), NULL)) {
    mg_http_reply(c, 200, "", "%.*s", (int) hm->body.len, hm->body.buf);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/ws"), NULL)) {
    mg_ws_upgrade(c, hm, NULL);
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_serve_opts opts = {.root_dir = (const char *) c->fn_data};
    mg_http_serve_dir(c, hm, &opts);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_BINARY);
  } else if (ev == MG_EV_ERROR) {
    // Says which limit it was, if it was one: "header timeout", "body limit" and so on.
    fprintf(stderr, "%lu: %s\n", c->id, (char *) ev_data);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct mg_limits limits = {.size = sizeof(limits)};
  uint64_t seconds = (uint64_t) (argc > 4 ? atoi(argv[4]) : 10) * 1000;

  limits.connections = (size_t) (argc > 3 ? atoi(argv[3]) : 1000);  // More wait in the system's queue
  limits.recv_size = 300 * KB;                                      // Memory for input, per connection
  limits.send_size = 1024 * KB;                                     // Memory for output, files apart
  limits.header_size = 16 * KB;                                     // 431
  limits.header_count = 100;                                        // 431
  limits.body_size = 256 * KB;                                      // 413
  limits.message_size = 64 * KB;                                    // WebSocket: 1009
  limits.handshake_timeout = seconds;                               // TLS
  limits.header_timeout = seconds;                                  // 408
  limits.body_timeout = 2 * seconds;                                // 408
  limits.body_rate = 10 * KB;                                       // Large bodies get a second for each 10 KB
  limits.write_timeout = 2 * seconds;                               // Clients that do not read
  limits.idle_timeout = 3 * seconds;                                // Between requests, and on WebSockets

  if (argc > 6) {
    tls.cert = mg_file_read(&mg_fs_posix, argv[5]);
    tls.key = mg_file_read(&mg_fs_posix, argv[6]);
  }
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  if (!mg_mgr_set_limits(&mgr, &limits)) return 1;
  struct mg_connection *listener = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler,
                                                  argc > 2 ? argv[2] : ".");
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  mg_free((void *) tls.cert.buf);
  mg_free((void *) tls.key.buf);
  return 0;
}
