// Fetches a URL and writes the body to standard output; exit status 0 if the answer was 2xx.
//
// Build: make examples        Run: target/examples/http_client http://127.0.0.1:8000/path

#include <stdio.h>

#include "mongoose.h"

#define TIMEOUT_MS 10000

struct fetch {
  const char *url;
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

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct fetch fetch = {NULL, 0, 0, false};
  fetch.url = argc > 1 ? argv[1] : "http://127.0.0.1:8000/";
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  if (mg_http_connect(&mgr, fetch.url, handler, &fetch) == NULL) return 2;
  while (!fetch.done) mg_mgr_poll(&mgr, 100);
  mg_mgr_free(&mgr);
  if (fetch.status != 0) fprintf(stderr, "status %d\n", fetch.status);
  return fetch.status / 100 == 2 ? 0 : 1;
}
