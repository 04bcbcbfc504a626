// How streamed bodies end: complete, or in every way that keeps them from it. The functions are told once, with the reason;
// what the peer gets says the same; the connection goes on exactly when it can.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener, *s_conn;
static const char *s_action;
static char s_in[64], s_out[64];  // How the bodies ended
static int s_in_done, s_out_done, s_sources;
static size_t s_received, s_to_send;
static int64_t s_length;
static char s_piece[64];

static void other(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) c->recv.len = 0;
  (void) ev_data;
}

static bool is(const char *action) {
  return strcmp(s_action, action) == 0;
}

static void in_done(struct mg_connection *c, const char *error, void *arg) {
  CHECK(arg == &s_in);
  s_in_done++;
  snprintf(s_in, sizeof(s_in), "%s", error == NULL ? "complete" : error);
  if (is("reply in done")) mg_http_reply(c, 201, "", "%s", s_in);
}

static void out_done(struct mg_connection *c, const char *error, void *arg) {
  CHECK(arg == &s_out);
  s_out_done++;
  snprintf(s_out, sizeof(s_out), "%s", error == NULL ? "complete" : error);
  (void) c;
}

static long source(struct mg_connection *c, char *buf, size_t len, void *arg) {
  CHECK(arg == &s_out && (s_out_done == 0 || is("pipeline")) && len > 0);
  s_sources++;
  if (is("close in source")) mg_close_conn(c);
  if (is("closing in source")) c->is_closing = 1;
  if (is("error in source")) mg_error(c, "my error");
  if (is("abort") && s_to_send == 0) return MG_HTTP_STREAM_ABORT;
  if (is("too much")) return (long) len + 1;
  if (is("nonsense")) return -1000;
  if (is("wake in source") && s_sources < 5) return mg_http_resume_send(c), 0;
  if (s_to_send == 0) return MG_HTTP_STREAM_END;
  if (len > s_to_send) len = s_to_send;
  memset(buf, 'x', len);
  s_to_send -= len;
  return (long) len;
}

static void stream(struct mg_connection *c) {
  CHECK(mg_http_reply_stream(c, is("204") ? 204 : 200, is("headers") ? "A: b\r\nC: d" : "", s_length, source, out_done, &s_out));
}

static void piece(struct mg_connection *c, struct mg_str data, void *arg) {
  CHECK(arg == &s_in && data.len > 0);
  size_t n = strlen(s_piece);
  snprintf(s_piece + n, sizeof(s_piece) - n, "%.*s", (int) data.len, data.buf);
  s_received += data.len;
  if (is("refuse")) mg_http_reply(c, 413, "", "no"), c->is_draining = 1;
  if (is("early reply")) mg_http_reply(c, 202, "", "early");
  if (is("close in piece")) mg_close_conn(c);
  if (is("closing in piece")) c->is_closing = 1;
  if (is("error in piece")) mg_error(c, "my error");
  if (is("switch in piece")) c->pfn = other, c->is_closing = 1;
  if (is("stream in piece") && s_out_done == 0) stream(c);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) s_conn = c;
  if (ev == MG_EV_HTTP_HDRS) {
    CHECK(!mg_http_reply_stream(c, 200, "", 0, source, out_done, &s_out));
    CHECK(mg_http_read_body(c, hm, is("throw away") ? NULL : piece, in_done, &s_in));
    if (is("close in headers")) mg_close_conn(c);
    if (is("stream in headers")) stream(c);
    if (is("refuse")) s_piece[0] = '\0';
  } else if (ev == MG_EV_HTTP_MSG) {
    CHECK(s_in_done == 1 || is("pipeline"));
    CHECK(!mg_http_reply_stream(c, 200, "Content-Length: 3\r\n", 3, source, out_done, &s_out));
    CHECK(!mg_http_reply_stream(c, 200, "transfer-encoding: chunked\r\n", -1, source, out_done, &s_out));
    if (is("reply")) mg_http_reply(c, 200, "", "%s", s_piece);
    else stream(c);
    if (is("switch")) c->pfn = other;
    if (is("drain")) c->is_draining = 1;
  }
}

static int begin(const char *action, int64_t length, size_t to_send) {
  forget();
  s_action = action, s_length = length, s_to_send = to_send;
  s_in_done = s_out_done = s_sources = 0;
  s_received = 0;
  s_in[0] = s_out[0] = s_piece[0] = '\0';
  int fd = dial(s_listener);
  WAIT_FOR(&s_mgr, s_seen.accepted == 1);
  return fd;
}

static void ends(int fd, const char *answer, const char *in, const char *out) {
  struct mg_str heard = hear(&s_mgr, fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  bool same = heard.len == strlen(answer) && memcmp(heard.buf, answer, heard.len) == 0;
  if (!same) printf("%s: '%.*s'\n", s_action, (int) heard.len, heard.buf);
  if (strcmp(s_in, in) != 0 || strcmp(s_out, out) != 0) printf("%s: '%s' '%s'\n", s_action, s_in, s_out);
  CHECK(same && strcmp(s_in, in) == 0 && strcmp(s_out, out) == 0);
  CHECK(s_in_done == (in[0] != '\0') && s_out_done == (out[0] != '\0'));
}

#define GET "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
#define PUT "PUT / HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
#define PART "PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhello"
#define EXPECT "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// A request, what is sent and how it ends.
static void one(const char *action, int64_t length, size_t to_send, const char *request, const char *answer, const char *in,
                const char *out) {
  int fd = begin(action, length, to_send);
  say(fd, request, strlen(request));
  ends(fd, answer, in, out);
}

static void responses(void) {
  one("length", 3, 3, GET, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx", "complete", "complete");
  CHECK(s_sources == 1);
  one("length", 0, 0, GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "complete", "complete");
  CHECK(s_sources == 0);
  one("chunks", -1, 3, GET, CHUNKED "00000003\r\nxxx\r\n0\r\n\r\n", "complete", "complete");
  one("chunks", INT64_MIN, 0, GET, CHUNKED "0\r\n\r\n", "complete", "complete");
  one("headers", 1, 1, GET, "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nContent-Length: 1\r\n\r\nx", "complete", "complete");
  one("HTTP/1.0", -1, 3, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nxxx", "complete", "complete");
  one("HTTP/1.0", 3, 3, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx", "complete", "complete");
  CHECK(mg_http_set_fields(s_listener, MG_HTTP_FIELD_CONNECTION));
  one("HTTP/1.0", -1, 3, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nxxx", "complete", "complete");
  one("HTTP/1.0", -1, 3, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nxxx",
      "complete", "complete");
  one("chunks", -1, 3, GET, "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n00000003\r\nxxx\r\n0\r\n\r\n",
      "complete", "complete");
  // What has no body ends, whatever its length would be.
  int fd = begin("204", -1, 3);
  const char *request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  say(fd, request, strlen(request));
  shutdown(fd, SHUT_WR);
  ends(fd, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n", "complete", "complete");
  CHECK(mg_http_set_fields(s_listener, 0));
  one("HEAD", -1, 3, "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n", CHUNKED, "complete", "complete");
  CHECK(s_sources == 0);
  one("HEAD", 3, 3, "HEAD / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "complete", "complete");
  one("204", -1, 3, GET, "HTTP/1.1 204 No Content\r\n\r\n", "complete", "complete");
  CHECK(s_seen.errors == 0);
  one("drain", -1, 3, "GET / HTTP/1.1\r\n\r\n", CHUNKED "00000003\r\nxxx\r\n0\r\n\r\n", "complete", "complete");
  one("wake in source", 3, 3, GET, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxxx", "complete", "complete");
  CHECK(s_sources == 5 && s_seen.errors == 0);

  one("too short", 4, 3, GET, "", "complete", "stream too short");
  CHECK(s_seen.errors == 1 && strcmp(s_seen.error, "stream too short") == 0);
  one("abort", -1, 3, GET, "", "complete", "stream aborted");
  CHECK(s_seen.errors == 1);
  one("nonsense", -1, 3, GET, "", "complete", "stream aborted");
  one("too much", 10, 10, GET, "", "complete", "stream aborted");
  one("close in source", -1, 3, GET, "", "complete", "connection closed");
  one("closing in source", -1, 3, GET, "", "complete", "connection closed");
  one("error in source", -1, 3, GET, "", "complete", "my error");
  fd = begin("switch", -1, 3);
  say(fd, GET, strlen(GET));
  WAIT_FOR(&s_mgr, s_in_done == 1);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&s_mgr, 1);
  CHECK(s_out_done == 0 && s_sources == 0);
  s_conn->is_closing = 1;
  ends(fd, CHUNKED, "complete", "connection closed");
}

static void requests(void) {
  one("reply", 0, 0, PUT, "HTTP/1.1 200 OK\r\nContent-Length: 5          \r\n\r\nhello", "complete", "");
  one("throw away", 0, 0, PUT, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "complete", "complete");
  CHECK(s_received == 0);
  one("reply in done", 0, 0, PUT, "HTTP/1.1 201 Created\r\nContent-Length: 8          \r\n\r\ncomplete", "complete", "");
  CHECK(s_seen.msgs == 0);
  one("early reply", 0, 0, PUT, "HTTP/1.1 202 Accepted\r\nContent-Length: 5          \r\n\r\nearly", "complete", "");
  CHECK(s_seen.msgs == 0 && s_received == 5);
  one("stream in headers", -1, 2, PUT, CHUNKED "00000002\r\nxx\r\n0\r\n\r\n", "complete", "complete");
  CHECK(s_seen.msgs == 0);
  one("stream in piece", 2, 2, PUT, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxx", "complete", "complete");
  CHECK(s_seen.msgs == 0);
  one("refuse", 0, 0, PART, "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 2          \r\n\r\nno", "connection closed", "");
  CHECK(s_received == 5 && s_seen.msgs == 0);
  one("bad chunk", 0, 0, "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX", "", "Invalid chunk", "");
  CHECK(s_received == 5 && s_seen.errors == 1);
  one("close in headers", 0, 0, PART, "", "connection closed", "");
  CHECK(s_received == 0);
  one("close in piece", 0, 0, PART, "", "connection closed", "");
  one("closing in piece", 0, 0, PART, "", "connection closed", "");
  one("error in piece", 0, 0, PART, "", "my error", "");
  one("switch in piece", 0, 0, PART, "", "connection closed", "");
  int fd = begin("reply", 0, 0);
  say(fd, PART, strlen(PART));
  shutdown(fd, SHUT_WR);
  ends(fd, "", "connection closed", "");
  CHECK(s_received == 5 && s_seen.errors == 0);

  // The client waits for the sign, which it gets once, unless the body is on its way or refused.
  fd = begin("reply", 0, 0);
  say(fd, EXPECT, strlen(EXPECT));
  char sign[26] = "";
  WAIT_FOR(&s_mgr, recv(fd, sign, 25, MSG_DONTWAIT | MSG_PEEK) == 25);
  CHECK(recv(fd, sign, 25, MSG_DONTWAIT) == 25);
  CHECK(strcmp(sign, "HTTP/1.1 100 Continue\r\n\r\n") == 0);
  say(fd, "hello", 5);
  ends(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5          \r\n\r\nhello", "complete", "");
  one("reply", 0, 0, "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
      "HTTP/1.1 200 OK\r\nContent-Length: 2          \r\n\r\nhi", "complete", "");

  // A body as such has no limit here, other than time.
  struct mg_limits limits = {.size = sizeof(limits), .body_size = 3, .recv_size = 100, .body_timeout = 100};
  CHECK(mg_conn_set_limits(s_listener, &limits));
  one("reply", 0, 0, PUT, "HTTP/1.1 200 OK\r\nContent-Length: 5          \r\n\r\nhello", "complete", "");
  fd = begin("stream in headers", -1, 2);
  s_to_send = 2;
  say(fd, PART, strlen(PART));
  ends(fd, CHUNKED "00000002\r\nxx\r\n0\r\n\r\n", "body timeout", "complete");
  CHECK(mg_conn_set_limits(s_listener, NULL));
}

// Bodies and responses of many requests that come in one piece keep apart.
static void pipeline(void) {
  static char text[60000], expected[60000];
  size_t n = 0, k = 0;
  for (int i = 0; i < 300; i++) {
    n += (size_t) snprintf(text + n, sizeof(text) - n, "PUT / HTTP/1.1\r\n%s\r\n\r\nhello%s",
                           i & 1 ? "Content-Length: 5" : "Transfer-Encoding: chunked", "");
    if ((i & 1) == 0) n += (size_t) snprintf(text + n - 5, sizeof(text) - n, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n") - 5;
    k += (size_t) snprintf(expected + k, sizeof(expected) - k, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nxxxx");
  }
  for (size_t step = 1; step < 200000; step *= 7) {
    int fd = begin("pipeline", 4, 1200);
    static char heard[60000];
    size_t got = 0;
    for (size_t i = 0; i < n; i += step) {
      size_t len = n - i < step ? n - i : step;
      say(fd, text + i, len);
      mg_mgr_poll(&s_mgr, 0);
      ssize_t r = recv(fd, heard + got, sizeof(heard) - got, MSG_DONTWAIT);
      if (r > 0) got += (size_t) r;
    }
    shutdown(fd, SHUT_WR);
    struct mg_str rest = hear(&s_mgr, fd);
    memcpy(heard + got, rest.buf, rest.len);
    got += rest.len;
    CHECK(s_received == 1500 && s_in_done == 300 && s_out_done == 300);
    CHECK(got == k && memcmp(heard, expected, k) == 0);
  }
}

// What the client is told about a response.
static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_HDRS) {
    bool expected = mg_http_status(hm) >= 200;
    CHECK(mg_http_read_body(c, hm, piece, in_done, &s_in) == expected);
  }
  if (ev == MG_EV_HTTP_MSG) {
    CHECK(hm->body.len == 0 && mg_http_status(hm) == 200);
    s_seen.msgs++;
  }
  if (ev == MG_EV_CLOSE) s_seen.closed++;
  if (ev == MG_EV_ERROR) s_seen.errors++;
}

static void raw(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) mg_send(c, s_out, strlen(s_out)), c->is_draining = 1;
  (void) ev_data;
}

static void response(const char *text, const char *body, const char *end) {
  struct mg_connection *l = mg_listen(&s_mgr, "tcp://127.0.0.1:0", raw, NULL);
  char url[32];
  forget();
  s_action = "", s_in_done = 0, s_in[0] = s_piece[0] = '\0';
  snprintf(s_out, sizeof(s_out), "%s", text);
  snprintf(url, sizeof(url), "http://127.0.0.1:%u", mg_ntohs(l->loc.port));
  mg_http_connect(&s_mgr, url, client, NULL);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  if (strcmp(s_in, end) != 0) printf("%s: '%s'\n", text, s_in);
  CHECK(strcmp(s_in, end) == 0 && strcmp(s_piece, body) == 0 && s_in_done == 1);
  CHECK(s_seen.msgs == (strcmp(end, "complete") == 0));
  l->is_closing = 1;
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  responses();
  requests();
  pipeline();
  response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", "complete");
  response("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "hello", "connection closed");
  response("HTTP/1.1 200 OK\r\n\r\nhello", "hello", "complete");
  response("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhi", "hi", "complete");
  response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi", "hi", "connection closed");

  // The manager goes, and with it everything.
  int fd = begin("stream in headers", -1, 1000000000);
  say(fd, PART, strlen(PART));
  WAIT_FOR(&s_mgr, s_sources > 0 && s_received == 5);
  mg_mgr_free(&s_mgr);
  CHECK(s_in_done == 1 && s_out_done == 1);
  CHECK(strcmp(s_in, "connection closed") == 0 && strcmp(s_out, "connection closed") == 0);
  close(fd);

  mg_http_pause_body(NULL), mg_http_resume_body(NULL), mg_http_resume_send(NULL);
  CHECK(!mg_http_read_body(NULL, NULL, piece, in_done, NULL));
  CHECK(!mg_http_reply_stream(NULL, 200, NULL, 0, NULL, NULL, NULL));
  CHECK(!mg_http_request_stream(NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL));
  return 0;
}
