// Responses that a program writes with mg_printf() and mg_send(): when the last byte announced by the head is sent, the
// next request is served, and "Connection: close" is honoured. The reference waits for `c->is_resp = 0` for ever.

#include "mongoose.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener, *s_conn;
static char s_uris[200];
static size_t s_left;

static void stored(struct mg_connection *c, const char *error) {
  (void) error;
  mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_HDRS && mg_match(((struct mg_http_message *) ev_data)->uri, mg_str("/upload"), NULL)) {
    mg_http_start_upload(c, (struct mg_http_message *) ev_data, mg_str("hand_made"), mg_str("."), NULL, stored);
  }
  if (ev == MG_EV_POLL && c == s_conn && s_left > 0) {
    // The body of /later, a piece per iteration.
    size_t n = s_left < 30000 ? s_left : 30000;
    static char piece[30000];
    memset(piece, 'x', n);
    mg_send(c, piece, n);
    s_left -= n;
  }
  if (ev != MG_EV_HTTP_MSG) return;
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  size_t len = strlen(s_uris);
  mg_snprintf(s_uris + len, sizeof(s_uris) - len, "%.*s ", (int) hm->uri.len, hm->uri.buf);
  s_conn = c;
  if (mg_match(hm->uri, mg_str("/now"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  } else if (mg_strcmp(hm->method, mg_str("CONNECT")) == 0) {
    mg_printf(c, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 5\r\n\r\nhello");
  } else if (mg_match(hm->uri, mg_str("/later"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
    s_left = 200000;
  } else if (mg_match(hm->uri, mg_str("/nothing"), NULL)) {
    mg_printf(c, "HTTP/1.1 204 No Content\r\n\r\n");
  } else if (mg_match(hm->uri, mg_str("/unframed"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\n\r\nhello");
  } else if (mg_match(hm->uri, mg_str("/garbage"), NULL)) {
    mg_printf(c, "hello\r\n\r\nContent-Length: 0\r\n\r\n");
  } else if (mg_match(hm->uri, mg_str("/huge"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
  } else {
    mg_http_reply(c, 200, "", "reply");
  }
}

// Sends requests in one segment; returns what has come after `polls` iterations, or with the end of the stream.
static char *exchange(const char *requests, int polls, bool *closed) {
  static char text[500000];
  size_t len = 0;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  CHECK(send(fd, requests, strlen(requests), MSG_NOSIGNAL) == (ssize_t) strlen(requests));
  s_uris[0] = '\0', s_left = 0, *closed = false;
  for (int i = 0; i < polls && !*closed; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, MSG_DONTWAIT);
    if (n > 0) len += (size_t) n;
    if (n == 0) *closed = true;
  }
  text[len] = '\0';
  close(fd);
  for (int i = 0; i < 20; i++) mg_mgr_poll(&s_mgr, 1);
  return text;
}

static int count(const char *text, const char *part) {
  int n = 0;
  while ((text = strstr(text, part)) != NULL) text++, n++;
  return n;
}

#define GET(uri) "GET " uri " HTTP/1.1\r\nHost: a\r\n\r\n"

int main(void) {
  bool closed;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  CHECK((s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL)) != NULL);

  char *text = exchange(GET("/now") GET("/now") GET("/reply") GET("/now"), 100, &closed);
  CHECK(strcmp(s_uris, "/now /now /reply /now ") == 0);
  CHECK(count(text, "hello") == 3 && count(text, "reply") == 1 && !closed);

  text = exchange("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" GET("/now"), 100, &closed);
  CHECK(strcmp(s_uris, "a:1 /now ") == 0 && count(text, "hello") == 2 && !closed);

#define UPLOAD "PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
  text = exchange(UPLOAD GET("/now") UPLOAD UPLOAD GET("/now"), 100, &closed);
  CHECK(strcmp(s_uris, "/now /now ") == 0 && count(text, "hello") == 5 && !closed);
  remove("hand_made");

  text = exchange(GET("/later") GET("/now"), 200, &closed);
  CHECK(strcmp(s_uris, "/later /now ") == 0);
  CHECK(count(text, "xHTTP/1.1 200 OK") == 1 && count(text, "x") == 200000);

  text = exchange(GET("/nothing") "HEAD /later HTTP/1.1\r\nHost: a\r\n\r\n", 100, &closed);
  CHECK(strcmp(s_uris, "/nothing /later ") == 0);
  CHECK(!closed);

  text = exchange("GET /now HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 3000, &closed);
  CHECK(closed && count(text, "hello") == 1);

  // Where they end only the program knows, and it does not say.
  static const char *open[] = {"/unframed", "/garbage", "/huge"};
  for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
    char requests[200], want[50];
    mg_snprintf(requests, sizeof(requests), "GET %s HTTP/1.1\r\nHost: a\r\n\r\nGET /now HTTP/1.1\r\nHost: a\r\n\r\n", open[i]);
    mg_snprintf(want, sizeof(want), "%s ", open[i]);
    exchange(requests, 50, &closed);
    CHECK(strcmp(s_uris, want) == 0 && !closed);
  }
  mg_mgr_free(&s_mgr);
  return 0;
}
