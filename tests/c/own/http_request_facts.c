// What a request said holds until its response is finished, whoever took its body: the version of HTTP, for how a streamed
// response is framed, and Accept-Encoding, for whether it is compressed; not what the next request in line says.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static const char *s_action;
static char s_text[3000];
static int s_left;

static bool is(const char *action) {
  return strcmp(s_action, action) == 0;
}

static long source(struct mg_connection *c, char *buf, size_t len, void *arg) {
  CHECK(len > 0 && arg == NULL);
  if (s_left-- == 0) return MG_HTTP_STREAM_END;
  return buf[0] = 'x', (void) c, 1;
}

static void set_codings(struct mg_connection *c) {
  struct mg_http_codings codings = {.size = sizeof(codings), .gzip_level = 1};
  CHECK(mg_http_set_codings(c, &codings));
}

static void stored(struct mg_connection *c, const char *error) {
  CHECK(error == NULL);
  s_left = 1;
  if (is("stream after upload")) CHECK(mg_http_reply_stream(c, 200, "", -1, source, NULL, NULL));
  else mg_http_reply(c, 200, "", "%s", s_text);
}

static void read_done(struct mg_connection *c, const char *error, void *arg) {
  CHECK(error == NULL && arg == NULL);
  if (is("codings in done")) set_codings(c), mg_http_reply(c, 200, "", "%s", s_text);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT && is("reply after upload")) set_codings(c);
  if (ev == MG_EV_HTTP_HDRS && mg_strcmp(hm->method, mg_str("PUT")) == 0) {
    if (strstr(s_action, "upload") != NULL) mg_http_start_upload(c, hm, mg_str("facts"), mg_str("."), NULL, stored);
    else CHECK(mg_http_read_body(c, hm, NULL, read_done, NULL));
  }
  if (ev == MG_EV_HTTP_MSG) {
    if (is("codings in message")) set_codings(c);
    mg_http_reply(c, 200, "", "%s", s_text);
  }
}

// Sends requests and counts responses that are compressed.
static int compressed(const char *action, const char *requests) {
  forget();
  s_action = action;
  int fd = dial(s_listener), n = 0;
  say(fd, requests, strlen(requests));
  struct mg_str text = hear(&s_mgr, fd);
  CHECK(begins(text, "HTTP/1.1 200 OK\r\n") && s_seen.errors == 0);
  for (size_t i = 0; i < text.len; i++) {
    struct mg_str rest = mg_str_n(text.buf + i, text.len - i);
    if (begins(rest, "HTTP/1.1 200")) n *= 10;
    if (begins(rest, "Content-Encoding: gzip\r\n")) n++;
  }
  return n;
}

#define PUT "PUT / HTTP/1.1\r\nContent-Length: 5\r\n"
#define BODY "\r\nhello"
#define GZIP "Accept-Encoding: gzip\r\n"
#define CLOSE "Connection: close\r\n"

int main(void) {
  memset(s_text, 'x', sizeof(s_text) - 1);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(s_listener != NULL);

  s_action = "stream after upload";
  int fd = dial(s_listener);
  say(fd, "PUT / HTTP/1.0\r\nContent-Length: 5\r\n" BODY, 42);
  struct mg_str text = hear(&s_mgr, fd);
  CHECK(mg_strcmp(text, mg_str("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nx")) == 0);

  CHECK(compressed("reply after upload", PUT GZIP CLOSE BODY) == 1);
  CHECK(compressed("reply after upload", PUT CLOSE BODY) == 0);
  static const char *actions[] = {"codings in done", "codings in message"};
  for (int i = 0; i < 2; i++) {
    CHECK(compressed(actions[i], PUT GZIP CLOSE BODY) == 1);
    CHECK(compressed(actions[i], PUT CLOSE BODY) == 0);
    CHECK(compressed(actions[i], PUT GZIP BODY "GET / HTTP/1.1\r\n" CLOSE "\r\n") == 10);
    CHECK(compressed(actions[i], PUT BODY "GET / HTTP/1.1\r\n" GZIP CLOSE "\r\n") == 1);
  }
  mg_mgr_free(&s_mgr);
  CHECK(remove("facts") == 0);
  return 0;
}
