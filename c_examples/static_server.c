// A file server with directory listings and uploads. On SIGINT or SIGTERM it stops accepting and lets
// running transfers finish.
//
// Build: make examples        Run: target/examples/static_server http://127.0.0.1:8000 DIR
// Try:   curl -T file http://127.0.0.1:8000/     stores DIR/file

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

#define GRACE_MS 5000

static volatile sig_atomic_t stopped;
static const char *root = ".";

static void stop(int signal_number) {
  stopped = signal_number;
}

static void uploaded(struct mg_connection *c, const char *error) {
  if (error == NULL) {
    mg_http_reply(c, 201, "Connection: close\r\n", "stored\n");
  } else {
    mg_http_reply(c, 400, "Connection: close\r\n", "%s\n", error);
  }
  c->is_draining = 1;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_HDRS && mg_strcmp(hm->method, mg_str("PUT")) == 0) {
    // The body streams into the file as it arrives; it is never in memory as a whole. When the file cannot be opened,
    // uploaded() has answered, and MG_EV_HTTP_MSG follows all the same.
    mg_http_start_upload(c, hm, mg_str_n(hm->uri.buf + 1, hm->uri.len - 1), mg_str(root), &mg_fs_posix, uploaded);
  } else if (ev == MG_EV_HTTP_MSG && mg_strcmp(hm->method, mg_str("PUT")) != 0) {
    struct mg_http_serve_opts opts;
    memset(&opts, 0, sizeof(opts));
    opts.root_dir = root;
    mg_http_serve_dir(c, hm, &opts);
  }
}

static void drain(struct mg_mgr *mgr) {
  uint64_t deadline = mg_millis() + GRACE_MS;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) c->is_draining = 1;
  while (mgr->conns != NULL && mg_millis() < deadline) mg_mgr_poll(mgr, 50);
}

int main(int argc, char *argv[]) {
  const char *url = argc > 1 ? argv[1] : "http://127.0.0.1:8000";
  struct mg_mgr mgr;
  if (argc > 2) root = argv[2];
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, url, handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u, serving %s\n", mg_ntohs(listener->loc.port), root);
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  drain(&mgr);
  mg_mgr_free(&mgr);
  return 0;
}
