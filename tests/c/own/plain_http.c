// Requests and responses from buffers, and messages through functions alone.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static char s_url[60], *s_big;
static size_t s_big_len = 300000;
static int s_responses;

static bool is(const struct mg_str *s, const char *text) {
  return s != NULL && s->len == strlen(text) && memcmp(s->buf, text, s->len) == 0;
}

// 'a%s\0' is data here and not a format.
static const char s_body[] = "a%s\0%n";

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_HTTP_MSG) return;
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  const struct mg_str *uri = mg_http_get_uri(hm), *body = mg_http_get_body(hm);
  CHECK(uri == &hm->uri && mg_http_get_method(hm) == &hm->method && mg_http_get_query(hm) == &hm->query);
  CHECK(mg_http_get_proto(hm) == &hm->proto && body == &hm->body);
  if (is(uri, "/echo")) {
    CHECK(is(mg_http_get_method(hm), "POST") && is(mg_http_get_query(hm), "x=1") && is(mg_http_get_proto(hm), "HTTP/1.1"));
    CHECK(is(mg_http_get_header(hm, "host"), strstr(s_url, "127")));
    CHECK(is(&mg_http_header_at(hm, 1)->name, "A") && is(&mg_http_header_at(hm, 1)->value, "b"));
    CHECK(mg_http_header_at(hm, 3) == NULL && mg_http_header_at(hm, ~(size_t) 0) == NULL);
    mg_http_reply_buf(c, 201, "X: y\r\n", body->buf, body->len);
  } else if (is(uri, "/headers")) {
    size_t n = 0;
    while (mg_http_header_at(hm, n) != NULL) n++;
    CHECK(n == MG_MAX_HTTP_HEADERS);
    mg_http_reply_buf(c, 200, NULL, s_big, s_big_len);
  } else if (is(uri, "/pieces")) {
    CHECK(is(body, "piece") && mg_http_get_header(hm, "Content-Length") == NULL);
    mg_http_reply_buf(c, 204, NULL, "never sent", 10);
  } else {
    CHECK(is(uri, "/") && is(mg_http_get_header(hm, "Content-Length"), "0") && is(mg_http_get_method(hm), "PUT"));
    mg_http_reply_buf(c, 404, "Content-Type: text/plain", NULL, 0);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  char url[100], headers[100 * MG_MAX_HTTP_HEADERS] = "";
  if (ev == MG_EV_CONNECT) {
    // What would break the request is refused, and nothing of it stays.
    size_t before = c->send.len;
    CHECK(!mg_http_request_buf(c, "GET / HTTP/1.1\r\nX:", s_url, NULL, NULL, 0));
    CHECK(!mg_http_request_buf(c, "GET", "http://h/\r\nX: y", NULL, NULL, 0));
    CHECK(!mg_http_request_buf(c, "GET", "http://h/a b", NULL, NULL, 0));
    CHECK(!mg_http_request_buf(c, "", s_url, NULL, NULL, 0) && !mg_http_request_buf(c, NULL, s_url, NULL, NULL, 0));
    CHECK(!mg_http_request_buf(c, "GET", "", NULL, NULL, 0) && !mg_http_request_buf(c, "GET", NULL, NULL, NULL, 0));
    CHECK(!mg_http_request_buf(c, "PUT", s_url, NULL, "x", ~(size_t) 0 / 4));
    CHECK(c->send.len == before);
    // Pipelined.
    snprintf(url, sizeof(url), "%s/echo?x=1#fragment", s_url);
    CHECK(mg_http_request_buf(c, "POST", url, "A: b\r\n", s_body, sizeof(s_body)));
    snprintf(url, sizeof(url), "%s/headers", s_url);
    for (int i = 0; i < MG_MAX_HTTP_HEADERS; i++) strcat(headers, "Many: x\r\n");
    CHECK(mg_http_request_buf(c, "GET", url, headers, NULL, 0));
    snprintf(url, sizeof(url), "%s/pieces", s_url);
    CHECK(mg_http_request_buf(c, "POST", url, "Transfer-Encoding: chunked\r\n", NULL, 0));
    mg_http_write_chunk(c, "piece", 5), mg_http_write_chunk(c, "", 0);
    CHECK(mg_http_request_buf(c, "PUT", s_url, NULL, NULL, 0));
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    const struct mg_str *body = mg_http_get_body(hm);
    int status = mg_http_status(hm);
    switch (s_responses++) {
      case 0:
        CHECK(status == 201 && is(mg_http_get_proto(hm), "Created") && is(mg_http_get_header(hm, "X"), "y"));
        CHECK(body->len == sizeof(s_body) && memcmp(body->buf, s_body, sizeof(s_body)) == 0);
        break;
      case 1: CHECK(status == 200 && body->len == s_big_len && memcmp(body->buf, s_big, s_big_len) == 0); break;
      case 2: CHECK(status == 204 && body->len == 0); break;
      case 3: CHECK(status == 404 && body->len == 0 && is(mg_http_get_header(hm, "Content-Type"), "text/plain")); break;
      default: CHECK(false);
    }
  } else if (ev == MG_EV_ERROR) {
    printf("%s\n", (char *) ev_data), exit(1);
  }
}

int main(void) {
  struct mg_mgr *mgr = mg_mgr_new();
  mg_log_set_level(MG_LL_NONE);
  s_big = malloc(s_big_len);
  for (size_t i = 0; i < s_big_len; i++) s_big[i] = (char) (i * 7 + i / 251);
  struct mg_connection *listener = mg_http_listen(mgr, "http://127.0.0.1:0", server, NULL);
  snprintf(s_url, sizeof(s_url), "http://127.0.0.1:%u", mg_addr_port(mg_conn_loc(listener)));
  mg_http_connect(mgr, s_url, client, NULL);
  for (int i = 0; i < 3000 && s_responses < 4; i++) mg_mgr_poll(mgr, 1);
  CHECK(s_responses == 4);
  mg_mgr_delete(mgr);
  free(s_big);
  return 0;
}
