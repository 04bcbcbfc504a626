// The server under test: one binary for every library that answers to the name libmongoose.
//
// server HTTP_URL DIR [HTTPS_URL CERT KEY]
//   /          "hello"
//   /files/... files under DIR
//   /ws        WebSocket echo
//   PUT /NAME  stores the body as DIR/NAME
//
// IDLE_INTERVAL in the environment: milliseconds for mg_mgr_idle_interval(), where the library has it.

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "mongoose.h"

#pragma weak mg_mgr_idle_interval

static volatile sig_atomic_t stopped;
static const char *root;
static struct mg_str certificate, key;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void stored(struct mg_connection *c, const char *error) {
  mg_http_reply(c, error == NULL ? 201 : 500, "", "%s\n", error == NULL ? "stored" : error);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ACCEPT && c->fn_data != NULL) {
    struct mg_tls_opts opts;
    memset(&opts, 0, sizeof(opts));
    opts.cert = certificate;
    opts.key = key;
    mg_tls_init(c, &opts);
  } else if (ev == MG_EV_HTTP_HDRS && mg_strcmp(hm->method, mg_str("PUT")) == 0) {
    mg_http_start_upload(c, hm, mg_str_n(hm->uri.buf + 1, hm->uri.len - 1), mg_str(root), &mg_fs_posix, stored);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/files/*"), NULL)) {
    struct mg_http_serve_opts opts;
    char directory[512];
    memset(&opts, 0, sizeof(opts));
    mg_snprintf(directory, sizeof(directory), "%s,/files=%s", root, root);
    opts.root_dir = directory;
    mg_http_serve_dir(c, hm, &opts);
  } else if (ev == MG_EV_HTTP_MSG && mg_strcmp(hm->uri, mg_str("/ws")) == 0) {
    mg_ws_upgrade(c, hm, NULL);
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "hello\n");
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
}

int main(int argc, char *argv[]) {
  if (argc != 3 && argc != 6) return 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  root = argv[2];
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  const char *interval = getenv("IDLE_INTERVAL");
  if (interval != NULL && mg_mgr_idle_interval != NULL) mg_mgr_idle_interval(&mgr, (unsigned) atoi(interval));
  struct mg_connection *plain = mg_http_listen(&mgr, argv[1], handler, NULL);
  if (plain == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(plain->loc.port));
  if (argc == 6) {
    certificate = mg_file_read(&mg_fs_posix, argv[4]);
    key = mg_file_read(&mg_fs_posix, argv[5]);
    struct mg_connection *tls = mg_http_listen(&mgr, argv[3], handler, (void *) 1);
    if (tls == NULL) return 1;
    printf("TLS on port %u\n", mg_ntohs(tls->loc.port));
  }
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
