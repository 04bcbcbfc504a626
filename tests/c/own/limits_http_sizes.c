// HTTP messages up to their limits and one byte beyond: 431 and 413, one MG_EV_ERROR, the end of the stream. Bodies that
// a handler takes over do not count, and handlers change the limits of the request at hand.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static size_t s_body_size;
static bool s_upload, s_refuse;
static int s_uploads;

static void uploaded(struct mg_connection *c, const char *error) {
  CHECK(error == NULL);
  s_uploads++;
  mg_http_reply(c, 201, "", "");
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_HDRS && s_body_size > 0) {
    struct mg_limits l = {.size = sizeof(l)};
    CHECK(mg_conn_get_limits(c, &l));
    l.body_size = s_body_size;
    CHECK(mg_conn_set_limits(c, &l));
  }
  if (ev == MG_EV_HTTP_HDRS && s_upload) mg_http_start_upload(c, hm, mg_str("f"), mg_str("."), NULL, uploaded);
  if (ev == MG_EV_HTTP_HDRS && s_refuse) mg_http_reply(c, 403, "", ""), c->is_draining = 1;
  if (ev == MG_EV_HTTP_MSG && !c->is_draining) mg_http_reply(c, 200, "Connection: close\r\n", "%lu", (unsigned long) hm->body.len), c->is_draining = 1;
}

// The status of the answer. In pieces of `piece` bytes.
static int ask(const char *text, size_t len, size_t piece, const char *error) {
  forget();
  int fd = dial(s_listener);
  for (size_t sent = 0; sent < len; sent += piece) {
    // Behind a refusal the peer may be gone.
    send(fd, text + sent, len - sent < piece ? len - sent : piece, MSG_NOSIGNAL);
    mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_mgr, 0);
  }
  struct mg_str answer = hear(&s_mgr, fd);
  CHECK(begins(answer, "HTTP/1.1 "));
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == (error != NULL));
  if (error != NULL) CHECK(strcmp(s_seen.error, error) == 0 && s_seen.draining && s_seen.msgs == 0);
  // There is one answer, and a client that is refused hears that it is alone.
  answer.buf[answer.len < 99999 ? answer.len : 99999] = 0;
  CHECK(strstr(answer.buf + 9, "HTTP/1.1") == NULL || strstr(answer.buf, "100 Continue") != NULL);
  if (error != NULL) CHECK(strstr(answer.buf, "\r\nConnection: close\r\n") != NULL);
  return atoi(answer.buf + 9);
}

static int ask_all(const char *text, size_t len, const char *error) {
  int status = ask(text, len, len, error);
  CHECK(ask(text, len, 1, error) == status);
  CHECK(ask(text, len, 7, error) == status);
  return status;
}

static void heads(void) {
  static char text[1000];
  struct mg_limits l = {.size = sizeof(l), .header_size = 200};
  CHECK(mg_conn_set_limits(s_listener, &l));
  for (int pad = 150; pad < 190; pad++) {
    size_t len = (size_t) sprintf(text, "GET / HTTP/1.1\r\na: %0*d\r\n\r\n", pad, 0);
    int status = ask(text, len, len % 2 ? len : 9, len > 200 ? "header limit" : NULL);
    CHECK(status == (len > 200 ? 431 : 200));
  }
  // The end of the head need not come, and what stands behind a head is not part of it.
  memset(text, 'a', sizeof(text)), memcpy(text, "GET /", 5);
  CHECK(ask_all(text, 201, "header limit") == 431);
  size_t len = (size_t) sprintf(text, "POST / HTTP/1.1\r\nContent-Length: 500\r\n\r\n");
  memset(text + len, 'x', 500);
  CHECK(ask_all(text, len + 500, NULL) == 200);

  l.header_size = 0, l.header_count = 40;
  CHECK(mg_conn_set_limits(s_listener, &l));
  for (int count = 38; count < 43; count++) {
    len = (size_t) sprintf(text, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < count; i++) len += (size_t) sprintf(text + len, "a%d: b\r\n", i);
    len += (size_t) sprintf(text + len, "\r\n");
    CHECK(ask_all(text, len, count > 40 ? "header limit" : NULL) == (count > 40 ? 431 : 200));
  }
}

static void bodies(void) {
  static char text[10000];
  struct mg_limits l = {.size = sizeof(l), .body_size = 100};
  CHECK(mg_conn_set_limits(s_listener, &l));
  for (int n = 99; n <= 101; n++) {
    bool over = n > 100;
    const char *error = over ? "body limit" : NULL;
    size_t len = (size_t) sprintf(text, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%0*d", n, n, 0);
    CHECK(ask_all(text, len, error) == (over ? 413 : 200));
    // Refused before the body comes.
    if (over) CHECK(ask_all(text, len - 101, error) == 413);
    len = (size_t) sprintf(text, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < n; i++) len += (size_t) sprintf(text + len, "1;some=extension\r\nx\r\n");
    len += (size_t) sprintf(text + len, "0\r\n\r\n");
    CHECK(ask_all(text, len, error) == (over ? 413 : 200));
    len = (size_t) sprintf(text, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%0*d\r\n0\r\n\r\n", n, n, 0);
    CHECK(ask_all(text, len, error) == (over ? 413 : 200));
  }
  const char *expects = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n";
  CHECK(ask_all(expects, strlen(expects), "body limit") == 413);
  // Sizes of chunks add up without an overflow.
  const char *huge = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n7fffffff\r\n";
  CHECK(ask_all(huge, strlen(huge), "body limit") == 413);
  const char *absurd = "POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n";
  CHECK(ask_all(absurd, strlen(absurd), "body limit") == 413);

  size_t len = (size_t) sprintf(text, "POST / HTTP/1.1\r\nContent-Length: 2000\r\n\r\n%02000d", 0);
  s_body_size = 2000;
  CHECK(ask_all(text, len, NULL) == 200);
  s_body_size = 50;
  CHECK(ask_all(text, len, "body limit") == 413);
  s_body_size = 0, s_refuse = true;
  CHECK(ask(text, len, len, NULL) == 403);
  s_refuse = false, s_upload = true;
  len = (size_t) sprintf(text, "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2000\r\n\r\n%02000d", 0);
  CHECK(ask_all(text, len, NULL) == 201);
  CHECK(s_uploads == 3);
  s_upload = false;
}

// Responses are limited, too. There is nobody to tell.
static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_printf(c, "GET / HTTP/1.1\r\n\r\n");
}

static void answer(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) mg_printf(c, "%s", (char *) c->fn_data), c->is_draining = 1, c->recv.len = 0;
  (void) ev_data;
}

static void responses(void) {
  static const struct {
    const char *text, *error;
  } all[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", NULL},
      {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789x", "body limit"},
      {"HTTP/1.1 200 OK\r\n\r\n0123456789", NULL},
      {"HTTP/1.1 200 OK\r\n\r\n0123456789x", "body limit"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n56789x\r\n0\r\n\r\n", "body limit"},
      {"HTTP/1.1 200 OK\r\na: 0123456789012345678901234567890123456789\r\n\r\n", "header limit"},
  };
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
    char url[50];
    struct mg_limits l = {.size = sizeof(l), .header_size = 60, .body_size = 10};
    struct mg_connection *listener = mg_listen(&s_mgr, "tcp://127.0.0.1:0", answer, (void *) all[i].text);
    sprintf(url, "http://127.0.0.1:%d", mg_ntohs(listener->loc.port));
    forget();
    CHECK(mg_conn_set_limits(mg_http_connect(&s_mgr, url, client, NULL), &l));
    WAIT_FOR(&s_mgr, s_seen.closed == 1);
    CHECK(s_seen.errors == (all[i].error != NULL) && s_seen.msgs == (all[i].error == NULL));
    if (all[i].error != NULL) CHECK(strcmp(s_seen.error, all[i].error) == 0);
  }
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  heads();
  bodies();
  responses();
  mg_mgr_free(&s_mgr);
  return 0;
}
