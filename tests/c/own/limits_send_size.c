// Output up to the limit and one byte beyond: the function that queues it fails, nothing of it is queued, MG_EV_ERROR
// comes once, the connection closes.

#include "../limits.h"

enum { LIMIT = 1000 };

static struct mg_mgr s_mgr;
static bool s_ready;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) s_ready = true;
  if (ev == MG_EV_ERROR) {
    // Even here more is refused, and no second event comes.
    char more[LIMIT + 1];
    memset(more, 'x', sizeof(more));
    CHECK(c->is_closing);
    CHECK(!mg_send(c, more, sizeof(more)));
    CHECK(mg_printf(c, "%.*s", LIMIT + 1, more) == 0);
  }
}

// Queues `n` bytes in the way number `how`; what the function says.
static bool queue(struct mg_connection *c, int how, size_t n) {
  static char data[LIMIT * 2];
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .message = mg_str_n(data, n - 5)};
  size_t before = c->send.len;
  memset(data, 'x', sizeof(data));
  switch (how) {
    case 0: return mg_send(c, data, n);
    case 1: return mg_send(c, NULL, n);
    case 2: return mg_printf(c, "%.*s", (int) n, data) == n;
    case 3: return mg_ws_send(c, data, n - 4, WEBSOCKET_OP_TEXT) == n;
    case 4: return mg_ws_printf(c, WEBSOCKET_OP_TEXT, "%.*s", (int) n - 4, data) == n - 4;
    case 5: mg_http_reply(c, 200, "", "%.*s", (int) n - 44, data); return c->send.len > before;
    case 6: mg_http_write_chunk(c, data, n - 7); return c->send.len > before;
    case 7: mg_http_printf_chunk(c, "%.*s", (int) n - 12, data); return c->send.len > before;
    case 8: mg_mqtt_pub(c, &opts); return c->send.len > before;
    case 11: return mg_http_request_buf(c, "GET", "http://a/", NULL, data, n - 44);
    case 9: mg_mqtt_send_header(c, 1, 0, 1); return c->send.len > before;
    default: return mg_send(c, c->send.buf, n);
  }
}

static void overflow(struct mg_connection *listener, int how) {
  // The size that fits is found, so that each way is tried at its own boundary.
  for (size_t n = how == 9 ? LIMIT : LIMIT + 10; n > 0; n--) {
    s_ready = false, forget();
    int fd = dial(listener);
    WAIT_FOR(&s_mgr, s_ready);
    struct mg_connection *c = s_mgr.conns;
    if (how == 9 || how == 10) CHECK(mg_send(c, NULL, how == 9 ? n : LIMIT / 2));
    size_t before = c->send.len;
    bool fits = queue(c, how, how == 9 ? 2 : how == 10 ? n - LIMIT / 2 : n);
    CHECK(c->send.len <= LIMIT);
    CHECK(s_seen.errors == (fits ? 0 : 1) && c->is_closing == !fits);
    if (!fits) CHECK(c->send.len == before && strcmp(s_seen.error, "send limit") == 0);
    close(fd);
    WAIT_FOR(&s_mgr, s_seen.closed == 1);
    CHECK(s_seen.errors == (fits ? 0 : 1));
    if (fits && how != 9) CHECK(n >= LIMIT - 4);
    if (fits) return;
  }
  CHECK(false);
}

// What the program puts into the buffer itself counts when the socket does not take it.
static void direct(struct mg_connection *listener, size_t size) {
  s_ready = false, forget();
  int fd = dial(listener);
  WAIT_FOR(&s_mgr, s_ready);
  struct mg_connection *c = s_mgr.conns;
  CHECK(mg_iobuf_resize(&c->send, size));
  c->send.len = size;
  for (int turn = 0; turn < 20 && s_seen.errors == 0; turn++) mg_mgr_poll(&s_mgr, 1);
  CHECK(s_seen.errors == (size > 1000000));
  if (size > 1000000) CHECK(strcmp(s_seen.error, "send limit") == 0);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
}

// Files need little of the buffer.
static void file_handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_serve_opts opts = {.root_dir = "."};
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &opts);
}

static void files(struct mg_limits *l) {
  enum { SIZE = 3000000 };
  static char text[65536];
  size_t got = 0;
  FILE *fp = fopen("big", "w");
  for (int i = 0; i < SIZE / 1000; i++) fprintf(fp, "%01000d", i);
  fclose(fp);
  struct mg_connection *listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", file_handler, NULL);
  CHECK(mg_conn_set_limits(listener, l));
  forget();
  int fd = dial(listener);
  say(fd, "GET /big HTTP/1.1\r\nConnection: close\r\n\r\n", 40);
  ssize_t n = -1;
  for (int turn = 0; turn < 5000 && n != 0; turn++) {
    mg_mgr_poll(&s_mgr, 1);
    while ((n = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0) got += (size_t) n;
  }
  CHECK(n == 0 && got > SIZE);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == 0);
}

int main(void) {
  struct mg_limits l = {.size = sizeof(l), .send_size = LIMIT};
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  CHECK(mg_mgr_set_limits(&s_mgr, &l));
  struct mg_connection *listener = mg_listen(&s_mgr, "tcp://127.0.0.1:0", handler, NULL);
  for (int how = 0; how <= 11; how++) overflow(listener, how);
  direct(listener, LIMIT + 1);
  direct(listener, 50000000);
  files(&l);
  mg_mgr_free(&s_mgr);
  return 0;
}
