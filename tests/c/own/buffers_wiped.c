// Buffers that connections share show nothing of one to another: what a function for mg_http_reply_stream() wrote beyond what it
// said, and what did not leave as it was written, because it was compressed, or the request was HEAD.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_text[8000];
static int s_calls;

static void check_zero(const char *buf, size_t len) {
  for (size_t i = 0; i < len; i++) CHECK(buf[i] == 0);
}

static long source(struct mg_connection *c, char *buf, size_t len, void *arg) {
  CHECK(len >= 1000);
  // Later on, the bytes are this connection's own.
  if (s_calls == 0) check_zero(buf, len);
  memset(buf, 's', len);
  (void) c, (void) arg;
  return s_calls++ % 2 == 0 ? 1 : MG_HTTP_STREAM_END;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev != MG_EV_HTTP_MSG) return;
  CHECK(c->send.len == 0 && c->send.size > 0);
  check_zero((char *) c->send.buf, c->send.size);
  struct mg_http_codings codings = {.size = sizeof(codings), .gzip_level = 1};
  if (mg_match(hm->uri, mg_str("/stream"), NULL)) CHECK(mg_http_reply_stream(c, 200, "", -1, source, NULL, NULL));
  else if (mg_match(hm->uri, mg_str("/gzip"), NULL)) CHECK(mg_http_set_codings(c, &codings));
  if (mg_match(hm->uri, mg_str("/chunks"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    mg_http_printf_chunk(c, "%s", s_text);
    mg_http_write_chunk(c, "", 0);
  } else if (!mg_match(hm->uri, mg_str("/stream"), NULL)) {
    mg_http_reply(c, 200, "", "%s", s_text);
  }
}

static void ask(const char *request) {
  char text[200];
  size_t n = mg_snprintf(text, sizeof(text), "%s HTTP/1.1\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n", request);
  int fd = dial(s_listener);
  s_calls = 0;
  say(fd, text, n);
  CHECK(begins(hear(&s_mgr, fd), "HTTP/1.1 200 OK\r\n"));
}

int main(void) {
  memset(s_text, 'x', sizeof(s_text) - 1);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(s_listener != NULL);
  static const char *requests[] = {"GET /", "GET /gzip", "HEAD /", "HEAD /chunks", "GET /stream", "GET /stream", "HEAD /gzip"};
  for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) ask(requests[i]), ask("GET /");
  mg_mgr_free(&s_mgr);
  return 0;
}
