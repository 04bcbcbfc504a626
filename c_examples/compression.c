// A server whose responses are compressed as the client likes: files by what lies beside them (.br, .zst, .gz), everything
// else of text with gzip on the way.
//
// Build: make examples        Run: target/examples/compression http://127.0.0.1:8000 DIR [LEVEL [MIN_SIZE]]
// Try:   gzip -k9 DIR/large.js; curl -v --compressed http://127.0.0.1:8000/large.js
//        curl -v --compressed http://127.0.0.1:8000/api/numbers?n=10000
//        curl --compressed -d @file http://127.0.0.1:8000/api/echo

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static size_t print_numbers(void (*out)(char, void *), void *param, va_list *ap) {
  unsigned n = va_arg(*ap, unsigned);
  size_t len = 0;
  for (unsigned i = 0; i < n; i++) {
    len += mg_xprintf(out, param, "%s{%m:%u,%m:%u}", i == 0 ? "" : ",", MG_ESC("n"), i, MG_ESC("square"), i * i);
  }
  return len;
}

// A reply with an entity tag. The one of a compressed reply begins with W/, so look for what is behind it.
static void reply_numbers(struct mg_connection *c, struct mg_http_message *hm) {
  struct mg_str *known = mg_http_get_header(hm, "If-None-Match");
  char n[12] = "1000", tag[32], pattern[36];
  mg_http_get_var(&hm->query, "n", n, sizeof(n));
  unsigned count = (unsigned) strtoul(n, NULL, 10) % 1000000;
  mg_snprintf(tag, sizeof(tag), "\"numbers-%u\"", count);
  mg_snprintf(pattern, sizeof(pattern), "#%s#", tag);
  char headers[100];
  mg_snprintf(headers, sizeof(headers), "Content-Type: application/json\r\nETag: %s\r\n", tag);
  if (known != NULL && mg_match(*known, mg_str(pattern), NULL)) {
    mg_http_reply(c, 304, headers, "");
  } else {
    mg_http_reply(c, 200, headers, "[%M]\n", print_numbers, count);
  }
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/api/numbers"), NULL)) {
    reply_numbers(c, hm);
  } else if (mg_match(hm->uri, mg_str("/api/echo"), NULL)) {
    mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "%.*s", (int) hm->body.len, hm->body.buf);
  } else if (mg_match(hm->uri, mg_str("/api/secret"), NULL)) {
    // What is secret does not belong together with what the client sent in one compressed reply: its length gives it away.
    mg_http_reply(c, 200, "Cache-Control: no-store, no-transform\r\n", "token=%s for %.*s\n", "e95c1f7a2b", (int) hm->query.len,
                  hm->query.buf);
  } else {
    struct mg_http_serve_opts opts;
    memset(&opts, 0, sizeof(opts));
    opts.root_dir = (const char *) c->fn_data;
    mg_http_serve_dir(c, hm, &opts);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct mg_http_codings codings;
  memset(&codings, 0, sizeof(codings));
  codings.size = sizeof(codings);
  codings.siblings = 1;
  codings.gzip_level = argc > 3 ? atoi(argv[3]) : 6;
  codings.min_size = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler,
                                                  (void *) (argc > 2 ? argv[2] : "."));
  if (listener == NULL || !mg_http_set_codings(listener, &codings)) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
