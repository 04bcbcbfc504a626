// Serves HTTPS: greets every request.
//
// Build: make examples        Run: target/examples/https_server https://127.0.0.1:8443 cert.pem key.pem [ca.pem]
//
// cert.pem holds the server's certificate, followed by intermediate ones; with ca.pem, clients need a certificate of
// that authority. A certificate to try it with, and a request:
//   openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
//   curl --cacert cert.pem https://localhost:8443

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static struct mg_str read_file(const char *path) {
  struct mg_str data = mg_file_read(&mg_fs_posix, path);
  if (data.buf == NULL) fprintf(stderr, "cannot read %s\n", path);
  return data;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) {
    mg_tls_init(c, (const struct mg_tls_opts *) c->fn_data);
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/echo"), NULL)) {
      mg_http_reply(c, 200, "", "%.*s", (int) hm->body.len, hm->body.buf);
    } else {
      mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "Hello, you asked for %.*s\n", (int) hm->uri.len,
                    hm->uri.buf);
    }
  } else if (ev == MG_EV_ERROR) {
    fprintf(stderr, "%lu: %s\n", c->id, (char *) ev_data);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct mg_tls_opts opts;
  if (argc < 4) {
    fprintf(stderr, "usage: %s URL CERT KEY [CA]\n", argv[0]);
    return 2;
  }
  memset(&opts, 0, sizeof(opts));
  opts.cert = read_file(argv[2]);
  opts.key = read_file(argv[3]);
  if (argc > 4) opts.ca = read_file(argv[4]);
  if (opts.cert.buf == NULL || opts.key.buf == NULL || (argc > 4 && opts.ca.buf == NULL)) return 1;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argv[1], handler, &opts);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  mg_free((void *) opts.cert.buf);
  mg_free((void *) opts.key.buf);
  mg_free((void *) opts.ca.buf);
  return 0;
}
