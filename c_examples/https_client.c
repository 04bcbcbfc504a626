// Fetches an https URL and writes the body to standard output; exit status 0 if the answer was 2xx.
//
// Build: make examples        Run: target/examples/https_client https://example.org/ [ca.pem [cert.pem key.pem]]
//
// The server must have a certificate for the host name in the URL, of an authority in ca.pem, or without that of one
// that the system trusts. cert.pem and key.pem are for servers that want to know who asks.

#include <stdio.h>

#include "mongoose.h"

#define TIMEOUT_MS 10000

struct fetch {
  const char *url;
  struct mg_tls_opts tls;
  uint64_t deadline;
  int status;
  bool done;
};

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct fetch *fetch = (struct fetch *) c->fn_data;
  if (ev == MG_EV_OPEN) {
    fetch->deadline = mg_millis() + TIMEOUT_MS;
  } else if (ev == MG_EV_POLL) {
    if (mg_millis() > fetch->deadline) mg_error(c, "timed out");
  } else if (ev == MG_EV_CONNECT) {
    if (mg_url_is_ssl(fetch->url)) mg_tls_init(c, &fetch->tls);
    struct mg_str host = mg_url_host(fetch->url);
    mg_printf(c, "GET %s HTTP/1.1\r\nHost: %.*s:%d\r\nConnection: close\r\n\r\n", mg_url_uri(fetch->url),
              (int) host.len, host.buf, mg_url_port(fetch->url));
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    fetch->status = mg_http_status(hm);
    fwrite(hm->body.buf, 1, hm->body.len, stdout);
    c->is_draining = 1;
  } else if (ev == MG_EV_ERROR) {
    fprintf(stderr, "%s: %s\n", fetch->url, (char *) ev_data);
  } else if (ev == MG_EV_CLOSE) {
    fetch->done = true;
  }
}

static struct mg_str read_file(const char *path) {
  struct mg_str data = mg_file_read(&mg_fs_posix, path);
  if (data.buf == NULL) fprintf(stderr, "cannot read %s\n", path);
  return data;
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct fetch fetch;
  memset(&fetch, 0, sizeof(fetch));
  fetch.url = argc > 1 ? argv[1] : "https://localhost:8443/";
  fetch.tls.name = mg_url_host(fetch.url);
  fetch.tls.ca = argc > 2 ? read_file(argv[2]) : mg_str("*");
  if (argc > 4) fetch.tls.cert = read_file(argv[3]);
  if (argc > 4) fetch.tls.key = read_file(argv[4]);
  if (fetch.tls.ca.buf == NULL || (argc > 4 && (fetch.tls.cert.buf == NULL || fetch.tls.key.buf == NULL))) return 2;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  if (mg_http_connect(&mgr, fetch.url, handler, &fetch) == NULL) return 2;
  while (!fetch.done) mg_mgr_poll(&mgr, 100);
  mg_mgr_free(&mgr);
  if (argc > 2) mg_free((void *) fetch.tls.ca.buf);
  if (argc > 4) mg_free((void *) fetch.tls.cert.buf);
  if (argc > 4) mg_free((void *) fetch.tls.key.buf);
  if (fetch.status != 0) fprintf(stderr, "status %d\n", fetch.status);
  return fetch.status / 100 == 2 ? 0 : 1;
}
