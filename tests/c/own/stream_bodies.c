// Bodies that are streamed both ways: from the client to the server and back, with a length and in chunks, over TCP and TLS,
// one after the other on one connection. Every byte arrives, in order, once; the buffers stay small; both functions of a
// body are told of its end.

#include "../limits.h"
#include "../tls_certs.h"

enum { MOST = 3000000 };

// A body that somebody makes or checks.
struct body {
  size_t size, at, step;
  bool announced;  // With a length; otherwise in chunks
  int done;
};

static struct mg_mgr s_mgr;
static struct mg_tls_opts s_server_tls, s_client_tls;
static struct body s_up, s_up_seen, s_down, s_down_seen;
static int s_answers, s_errors;
static size_t s_most_buffered;
static char s_url[64];

static char at(size_t i) {
  return (char) (i * 31 + (i >> 11));
}

static void look(struct mg_connection *c) {
  size_t n = c->recv.size + c->send.size;
  if (n > s_most_buffered) s_most_buffered = n;
}

static long make(struct mg_connection *c, char *buf, size_t len, void *arg) {
  struct body *body = (struct body *) arg;
  CHECK(len > 0 && body->done == 0 && c->send.len == 0);
  size_t left = body->size - body->at;
  if (left == 0) return MG_HTTP_STREAM_END;
  if (body->step > 0 && len > body->step) len = body->step;
  if (len > left) len = left;
  for (size_t i = 0; i < len; i++) buf[i] = at(body->at + i);
  body->at += len;
  return (long) len;
}

static void check(struct mg_connection *c, struct mg_str data, void *arg) {
  struct body *body = (struct body *) arg;
  CHECK(data.len > 0 && body->done == 0);
  for (size_t i = 0; i < data.len; i++) CHECK(data.buf[i] == at(body->at + i));
  body->at += data.len;
  (void) c;
}

static void done(struct mg_connection *c, const char *error, void *arg) {
  struct body *body = (struct body *) arg;
  if (error != NULL) printf("%s\n", error);
  CHECK(error == NULL && body->done++ == 0);
  (void) c;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  look(c);
  if (ev == MG_EV_ACCEPT && s_server_tls.cert.len > 0) mg_tls_init(c, &s_server_tls);
  if (ev == MG_EV_HTTP_HDRS) {
    CHECK(mg_http_read_body(c, hm, check, done, &s_up_seen));
    CHECK(!mg_http_read_body(c, hm, check, done, &s_up_seen));
    CHECK(mg_strcmp(hm->method, mg_str("PUT")) == 0);
  } else if (ev == MG_EV_HTTP_MSG) {
    CHECK(s_up_seen.done == 1 && hm->body.len == 0 && mg_strcmp(hm->uri, mg_str("/x")) == 0);
    CHECK(mg_http_get_header(hm, "Host") != NULL && c->is_resp);
    CHECK(!mg_http_read_body(c, hm, check, done, NULL));
    CHECK(mg_http_reply_stream(c, 200, "A: b\r\n", s_down.announced ? (int64_t) s_down.size : -1, make, done, &s_down));
    CHECK(!mg_http_reply_stream(c, 200, "", 0, make, done, &s_down));
  } else if (ev == MG_EV_ERROR) {
    s_errors++;
  }
}

static void request(struct mg_connection *c) {
  int64_t length = s_up.announced ? (int64_t) s_up.size : -1;
  CHECK(mg_http_request_stream(c, "PUT", s_url, "", length, make, done, &s_up));
  CHECK(!mg_http_request_stream(c, "PUT", s_url, "", length, make, done, &s_up));
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  look(c);
  if (ev == MG_EV_CONNECT && s_client_tls.ca.len > 0) mg_tls_init(c, &s_client_tls);
  if (ev == MG_EV_CONNECT) request(c);
  if (ev == MG_EV_HTTP_HDRS) CHECK(mg_http_read_body(c, hm, check, done, &s_down_seen));
  if (ev == MG_EV_HTTP_MSG) {
    CHECK(mg_http_status(hm) == 200 && hm->body.len == 0 && s_down_seen.done == 1);
    s_answers++;
  }
  if (ev == MG_EV_ERROR) s_errors++;
}

static void exchange(struct mg_connection *c, struct body up, struct body down) {
  s_up = s_up_seen = up, s_down = s_down_seen = down;
  s_answers = 0;
  if (c->is_connecting == 0 && c->is_resolving == 0) request(c);
  WAIT_FOR(&s_mgr, s_answers == 1 && s_down.done == 1);
  CHECK(s_up.done == 1 && s_up.at == up.size && s_up_seen.at == up.size);
  CHECK(s_down.at == down.size && s_down_seen.at == down.size);
}

static void run(const char *scheme) {
  static const size_t sizes[] = {0, 1, 100, 16384, 65536, MOST}, steps[] = {0, 1000};
  char url[32];
  mg_mgr_init(&s_mgr);
  snprintf(url, sizeof(url), "%s://127.0.0.1:0", scheme);
  struct mg_connection *l = mg_http_listen(&s_mgr, url, server, NULL);
  CHECK(l != NULL);
  snprintf(s_url, sizeof(s_url), "%s://127.0.0.1:%u/x?y", scheme, mg_ntohs(l->loc.port));
  struct mg_connection *c = mg_http_connect(&s_mgr, s_url, client, NULL);
  for (size_t i = 0; i < 6; i++) {
    for (int k = 0; k < 8; k++) {
      struct body up = {sizes[i], 0, steps[k & 1], (k & 2) != 0, 0}, down = {sizes[5 - i], 0, steps[k & 1], (k & 4) != 0, 0};
      exchange(c, up, down);
    }
  }
  CHECK(s_errors == 0);
  printf("%s: buffers of %lu bytes at most\n", scheme, (unsigned long) s_most_buffered);
  CHECK(s_most_buffered < 600000);
  mg_mgr_free(&s_mgr);
}

int main(void) {
  mg_log_set(MG_LL_ERROR);
  run("http");
  s_server_tls.cert = mg_str(SERVER_CERT);
  s_server_tls.key = mg_str(SERVER_KEY);
  s_client_tls.ca = mg_str(CA_CERT);
  run("https");
  return 0;
}
