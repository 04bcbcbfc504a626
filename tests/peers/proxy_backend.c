// What a proxy sees of a server: bodies of any size both ways, with and without a length, files, bodyless answers.

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

#define PIECE 1000

static volatile sig_atomic_t stopped;
static const char *root;

static void stop(int signal_number) {
  stopped = signal_number;
}

// Responses that the program writes itself: the library closes behind them, when the client speaks HTTP/1.0.
static const char *connection(struct mg_http_message *hm) {
  return mg_strcasecmp(hm->proto, mg_str("HTTP/1.0")) == 0 ? "Connection: close\r\n" : "";
}

static void reply_in_chunks(struct mg_connection *c, struct mg_http_message *hm) {
  struct mg_str body = hm->body;
  mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n%sTransfer-Encoding: chunked\r\n\r\n", connection(hm));
  for (size_t ofs = 0; ofs < body.len; ofs += PIECE) {
    mg_http_write_chunk(c, body.buf + ofs, body.len - ofs < PIECE ? body.len - ofs : PIECE);
  }
  mg_http_write_chunk(c, "", 0);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_str caps[2];
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/echo"), NULL)) {
    mg_http_reply(c, 200, "Content-Type: application/octet-stream\r\n", "%.*s", (int) hm->body.len, hm->body.buf);
  } else if (mg_match(hm->uri, mg_str("/bytes"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\n%sContent-Length: %lu\r\n\r\n", connection(hm), (unsigned long) hm->body.len);
    mg_send(c, hm->body.buf, hm->body.len);
    c->is_resp = 0;
  } else if (mg_match(hm->uri, mg_str("/chunked"), NULL)) {
    reply_in_chunks(c, hm);
  } else if (mg_match(hm->uri, mg_str("/status/*"), caps)) {
    int status = 0;
    mg_str_to_num(caps[0], 10, &status, sizeof(status));
    mg_http_reply(c, status, "", "%d", status);
  } else {
    struct mg_http_serve_opts opts = {.root_dir = root};
    mg_http_serve_dir(c, hm, &opts);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  if (argc < 3) return 2;
  root = argv[2];
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argv[1], handler, NULL);
  if (listener == NULL) return 1;
  // Any third argument: Date and Connection in the responses.
  if (argc > 3) mg_http_set_fields(listener, MG_HTTP_FIELD_DATE | MG_HTTP_FIELD_CONNECTION);
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
