// permessage-deflate between a server and a client of this library: whatever is sent, in whatever way, arrives, and takes
// fewer bytes; handlers may do to buffers what they may without it.

#include "mongoose.h"

#define CHECK(x) check(x, __LINE__, #x)

static const char *s_label = "";
static struct mg_ws_deflate_opts s_server, s_client;
static bool s_server_on, s_client_on;

static void check(bool holds, int line, const char *text) {
  if (!holds) printf("%s: line %d: %s\n", s_label, line, text), exit(1);
}

// What the server heard.
static struct mg_iobuf s_heard;
static int s_messages, s_controls, s_flags, s_errors, s_opened;
static size_t s_read, s_last_len;
static char s_error[100];
static struct mg_connection *s_at_server;
static void (*s_on_message)(struct mg_connection *c, struct mg_ws_message *wm);

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, "A: b\r\n");
  if (ev == MG_EV_WS_OPEN) s_at_server = c, s_opened++, CHECK(mg_ws_is_deflating(c) == (s_server_on && s_client_on));
  if (ev == MG_EV_READ) s_read += (size_t) * (long *) ev_data;
  if (ev == MG_EV_WS_CTL) s_controls++;
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    CHECK(wm->data.buf >= (char *) c->recv.buf && wm->data.buf + wm->data.len <= (char *) c->recv.buf + c->recv.len);
    mg_iobuf_add(&s_heard, s_heard.len, wm->data.buf, wm->data.len);
    s_messages++, s_flags = wm->flags, s_last_len = wm->data.len;
    if (s_on_message != NULL) s_on_message(c, wm);
  }
  if (ev == MG_EV_ERROR) s_errors++, snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE) s_at_server = NULL;
}

static struct mg_connection *s_at_client;
static int s_back;
static struct mg_iobuf s_echo;

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_OPEN && s_client_on) CHECK(mg_ws_set_deflate(c, &s_client));
  if (ev == MG_EV_WS_OPEN) s_opened++, CHECK(mg_ws_is_deflating(c) == (s_server_on && s_client_on));
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_iobuf_add(&s_echo, s_echo.len, wm->data.buf, wm->data.len);
    s_back++;
  }
  if (ev == MG_EV_CLOSE) s_at_client = NULL;
}

static struct mg_mgr s_mgr;

static void begin(void) {
  char url[50];
  mg_mgr_init(&s_mgr);
  struct mg_connection *l = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  CHECK(l != NULL);
  if (s_server_on) CHECK(mg_ws_set_deflate(l, &s_server));
  mg_snprintf(url, sizeof(url), "ws://127.0.0.1:%d/", mg_ntohs(l->loc.port));
  s_opened = s_messages = s_controls = s_errors = s_back = 0, s_error[0] = '\0', s_heard.len = s_echo.len = 0;
  s_at_client = mg_ws_connect(&s_mgr, url, client, NULL, "C: d\r\n");
  for (int k = 0; k < 500 && s_opened < 2; k++) mg_mgr_poll(&s_mgr, 10);
  CHECK(s_opened == 2);
  CHECK(!mg_ws_set_deflate(s_at_client, &s_client) && !mg_ws_set_deflate(s_at_server, NULL));
  s_read = 0;
}

static void wait_for(int messages) {
  for (int k = 0; k < 500 && s_messages < messages && s_errors == 0; k++) mg_mgr_poll(&s_mgr, 10);
}

static void end(void) {
  s_on_message = NULL;
  mg_mgr_free(&s_mgr);
}

static char s_text[100000];

static void fill(void) {
  const char *words[] = {"\"temperature\": ", "\"voltage\": ", "[1, 2, 3], ", "{\"id\": 17}, ", "true, ", "null, ", "0.25, "};
  unsigned x = 1;
  for (size_t len = 0; len < sizeof(s_text);) {
    x = x * 1664525 + 1013904223;
    const char *word = words[(x >> 24) % 7];
    for (; *word != '\0' && len < sizeof(s_text); word++) s_text[len++] = *word;
  }
}

static bool heard(const char *text, size_t len) {
  bool same = s_heard.len == len && memcmp(s_heard.buf, text, len) == 0;
  s_heard.len = 0;
  return same;
}

static void every_way_to_send(void) {
  struct mg_connection *c = s_at_client;
  size_t start = c->send.len;
  int n = 0;
  // A frame is as long as mg_ws_send() says.
  size_t frame = mg_ws_send(c, s_text, 5000, WEBSOCKET_OP_TEXT);
  CHECK(frame == c->send.len - start && frame > 0);
  CHECK((c->send.buf[start] & 0x40) == (s_server_on && s_client_on ? 0x40 : 0));
  wait_for(++n);
  CHECK(heard(s_text, 5000) && s_flags == (0x80 | WEBSOCKET_OP_TEXT));
  CHECK(!(s_server_on && s_client_on) || s_read < 4000);
  for (size_t len = 0; len < 300; len++) mg_ws_send(c, s_text, len, WEBSOCKET_OP_BINARY);
  wait_for(n += 300);
  CHECK(s_messages == n && s_flags == (0x80 | WEBSOCKET_OP_BINARY) && s_last_len == 299), s_heard.len = 0;
  CHECK(mg_ws_printf(c, WEBSOCKET_OP_TEXT, "%.*s and %d", 700, s_text, 42) == 707);
  wait_for(++n);
  CHECK(s_heard.len == 707 && memcmp(s_heard.buf + 700, " and 42", 7) == 0), s_heard.len = 0;
  // What is in front of it stays.
  mg_ws_send(c, "front", 5, WEBSOCKET_OP_TEXT);
  start = c->send.len;
  mg_send(c, s_text, 3000);
  size_t total = mg_ws_wrap(c, 3000, WEBSOCKET_OP_BINARY);
  CHECK(total == c->send.len && total > start);
  wait_for(n += 2);
  CHECK(s_heard.len == 3005 && memcmp(s_heard.buf, "front", 5) == 0 && memcmp(s_heard.buf + 5, s_text, 3000) == 0);
  s_heard.len = 0;
  mg_send(c, "x", 1), mg_ws_wrap(c, 1, WEBSOCKET_OP_TEXT), mg_ws_wrap(c, 0, WEBSOCKET_OP_TEXT);
  wait_for(n += 2);
  CHECK(heard("x", 1));
  CHECK(mg_ws_send(c, s_text, SIZE_MAX / 2, WEBSOCKET_OP_TEXT) == 0 && mg_ws_send(c, NULL, SIZE_MAX, WEBSOCKET_OP_TEXT) == 0);
  CHECK(mg_ws_wrap(c, 1000000, WEBSOCKET_OP_TEXT) == c->send.len);
  // Zeros, and bytes of the send buffer itself.
  mg_ws_send(c, NULL, 1000, WEBSOCKET_OP_BINARY);
  wait_for(++n);
  CHECK(s_heard.len == 1000 && s_heard.buf[0] == 0 && s_heard.buf[999] == 0), s_heard.len = 0;
  start = c->send.len;
  mg_send(c, s_text, 2000);
  mg_ws_send(c, c->send.buf + start, 2000, WEBSOCKET_OP_TEXT);
  mg_iobuf_del(&c->send, start, 2000);
  wait_for(++n);
  CHECK(heard(s_text, 2000));
  // Fragments.
  start = c->send.len;
  mg_ws_send(c, s_text, 2000, WEBSOCKET_OP_TEXT), c->send.buf[start] &= 0x7f;
  mg_ws_send(c, "between", 7, WEBSOCKET_OP_PING);
  start = c->send.len;
  mg_ws_send(c, s_text + 2000, 10, WEBSOCKET_OP_CONTINUE), c->send.buf[start] &= 0x7f;
  start = c->send.len;
  mg_ws_send(c, "", 0, WEBSOCKET_OP_CONTINUE), c->send.buf[start] &= 0x7f;
  mg_send(c, s_text + 2010, 2990), mg_ws_wrap(c, 2990, WEBSOCKET_OP_CONTINUE);
  wait_for(++n);
  CHECK(heard(s_text, 5000) && s_controls == 4 && (s_flags & 0x7f) == WEBSOCKET_OP_TEXT);
  start = c->send.len;
  mg_ws_send(c, "a", 1, WEBSOCKET_OP_TEXT), c->send.buf[start] &= 0x7f;
  mg_ws_send(c, s_text, 500, WEBSOCKET_OP_CONTINUE);
  mg_ws_send(c, s_text, 500, WEBSOCKET_OP_TEXT);
  wait_for(n += 2);
  CHECK(s_heard.len == 1001 && memcmp(s_heard.buf + 1, s_text, 500) == 0 && memcmp(s_heard.buf + 501, s_text, 500) == 0);
  s_heard.len = 0;
  // Much at once.
  for (int i = 0; i < 50; i++) mg_ws_send(c, s_text, sizeof(s_text) - (size_t) i, WEBSOCKET_OP_TEXT);
  wait_for(n += 50);
  CHECK(s_messages == n && s_last_len == sizeof(s_text) - 49 && s_errors == 0);
  s_heard.len = 0;
  struct mg_stats stats = {.size = sizeof(stats)};
  CHECK(mg_mgr_get_stats(&s_mgr, &stats) && stats.ws_messages_received == (uint64_t) n);
}

static void echo(struct mg_connection *c, struct mg_ws_message *wm) {
  mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
}

static void both_ways(void) {
  s_on_message = echo;
  for (int i = 0; i < 100; i++) mg_ws_send(s_at_client, s_text + i, (size_t) i * 50, WEBSOCKET_OP_TEXT);
  for (int k = 0; k < 500 && s_back < 100; k++) mg_mgr_poll(&s_mgr, 10);
  CHECK(s_back == 100 && s_echo.len == s_heard.len && memcmp(s_echo.buf, s_heard.buf, s_heard.len) == 0);
}

static void in_all_combinations(void) {
  for (int mode = 0; mode < 64; mode++) {
    char label[20];
    snprintf(label, sizeof(label), "mode %d", mode), s_label = label;
    s_server_on = (mode & 3) != 3, s_client_on = (mode & 3) != 2;
    s_server.size = s_client.size = sizeof(s_server);
    s_server.send_no_context = mode >> 2 & 1, s_server.recv_no_context = mode >> 3 & 1;
    s_client.send_no_context = mode >> 4 & 1, s_client.recv_no_context = mode >> 5 & 1;
    s_server.level = mode % 10, s_client.level = (mode + 5) % 10;
    s_client.send_window_bits = mode & 1 ? 9 + mode / 8 % 7 : 0, s_server.recv_window_bits = mode & 2 ? 9 + mode / 4 % 7 : 0;
    begin();
    every_way_to_send();
    both_ways();
    end();
  }
}

static void consume_all(struct mg_connection *c, struct mg_ws_message *wm) {
  (void) wm;
  c->recv.len = 0;
}

static void consume_message(struct mg_connection *c, struct mg_ws_message *wm) {
  mg_iobuf_del(&c->recv, 0, wm->data.len);
}

static void release_buffer(struct mg_connection *c, struct mg_ws_message *wm) {
  (void) wm;
  mg_iobuf_free(&c->recv);
}

static void spoil_message(struct mg_connection *c, struct mg_ws_message *wm) {
  (void) c;
  memset(wm->data.buf, 0xff, wm->data.len);
  memset(wm, 0, sizeof(*wm));
}

static void run_the_loop(struct mg_connection *c, struct mg_ws_message *wm) {
  (void) wm;
  if (c == s_at_server) mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_mgr, 0);
}

static void send_and_close(struct mg_connection *c, struct mg_ws_message *wm) {
  mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT);
  c->is_closing = 1;
}

static void close_now(struct mg_connection *c, struct mg_ws_message *wm) {
  (void) wm;
  mg_close_conn(c);
}

static void other_protocol(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static char s_of_other_protocol;

static void switch_protocol(struct mg_connection *c, struct mg_ws_message *wm) {
  c->pfn = other_protocol, c->pfn_data = &s_of_other_protocol;
  (void) wm;
}

// A protocol that takes over keeps its data, whatever kind of message brought it.
static void handlers_switch_protocols(void) {
  for (int k = 0; k < 4; k++) {
    s_label = "another protocol";
    begin();
    s_on_message = switch_protocol;
    size_t len = k & 1 ? 1000 : 10;  // Those of 10 bytes are not compressed.
    mg_ws_send(s_at_client, s_text, len, WEBSOCKET_OP_TEXT);
    if (k & 2) s_at_client->send.buf[0] &= 0x7f, mg_ws_send(s_at_client, s_text, len, WEBSOCKET_OP_CONTINUE);
    wait_for(1);
    CHECK(s_messages == 1 && s_at_server->pfn == other_protocol && s_at_server->pfn_data == &s_of_other_protocol);
    end();
  }
}

static void handlers_do_as_they_like(void) {
  void (*const deeds[])(struct mg_connection *, struct mg_ws_message *) = {consume_message, spoil_message, run_the_loop};
  for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
    s_label = "handlers";
    begin();
    s_on_message = deeds[i];
    for (int k = 0; k < 100; k++) {
      size_t start = s_at_client->send.len;
      mg_ws_send(s_at_client, s_text, (size_t) k * 20, WEBSOCKET_OP_TEXT);
      if (k & 1) s_at_client->send.buf[start] &= 0x7f, mg_ws_send(s_at_client, s_text, 100, WEBSOCKET_OP_CONTINUE);
    }
    wait_for(100);
    CHECK(s_messages == 100 && s_errors == 0);
    end();
  }
  void (*const ends[])(struct mg_connection *, struct mg_ws_message *) = {consume_all, release_buffer, send_and_close, close_now};
  for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
    s_label = "handlers that end it";
    begin();
    s_on_message = ends[i];
    for (int k = 0; k < 10; k++) mg_ws_send(s_at_client, s_text, 1000, WEBSOCKET_OP_TEXT);
    wait_for(1);
    for (int k = 0; k < 10; k++) mg_mgr_poll(&s_mgr, 0);
    CHECK(s_messages >= 1 && s_errors == 0);
    end();
  }
}

static void limits(void) {
  struct mg_limits limits;
  s_label = "limits";
  memset(&limits, 0, sizeof(limits)), limits.size = sizeof(limits), limits.message_size = 5000;
  for (int i = 0; i < 4; i++) {
    s_server.message_size = i == 2 ? 6000 : i == 3 ? 4000 : 0;
    begin();
    CHECK(mg_conn_set_limits(s_at_server, &limits));
    size_t fits = i == 3 ? 4000 : 5000;
    size_t start = s_at_client->send.len;
    mg_ws_send(s_at_client, s_text, fits, WEBSOCKET_OP_TEXT);
    wait_for(1);
    CHECK(s_messages == 1);
    start = s_at_client->send.len;
    mg_ws_send(s_at_client, s_text, fits + (i == 0), WEBSOCKET_OP_TEXT);
    if (i != 0) s_at_client->send.buf[start] &= 0x7f, mg_ws_send(s_at_client, "x", 1, WEBSOCKET_OP_CONTINUE);
    wait_for(2);
    CHECK(s_messages == 1 && s_errors == 1 && strcmp(s_error, "WS message limit") == 0);
    end();
  }
  s_server.message_size = 0;
  memset(&limits, 0, sizeof(limits)), limits.size = sizeof(limits), limits.recv_size = 5000;
  begin();
  CHECK(mg_conn_set_limits(s_at_server, &limits));
  mg_ws_send(s_at_client, s_text, 4999, WEBSOCKET_OP_TEXT), mg_ws_send(s_at_client, s_text, 5000, WEBSOCKET_OP_TEXT);
  wait_for(2);
  CHECK(s_messages == 1 && s_errors == 1 && strcmp(s_error, "MG_MAX_RECV_SIZE") == 0);
  end();
  memset(&limits, 0, sizeof(limits)), limits.size = sizeof(limits), limits.send_size = 3000;
  begin();
  CHECK(mg_conn_set_limits(s_at_server, &limits));
  CHECK(mg_ws_send(s_at_server, s_text, 5000, WEBSOCKET_OP_TEXT) > 0);
  CHECK(mg_ws_send(s_at_server, s_text, sizeof(s_text), WEBSOCKET_OP_TEXT) == 0);
  CHECK(s_errors == 1 && strcmp(s_error, "send limit") == 0 && s_at_server->is_closing);
  end();
}

static void options(void) {
  struct mg_mgr mgr;
  struct mg_connection fake;
  s_label = "options";
  mg_mgr_init(&mgr);
  memset(&fake, 0, sizeof(fake));
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct mg_ws_deflate_opts good = {.size = sizeof(good)}, opts;
  CHECK(mg_ws_set_deflate(l, &good) && mg_ws_set_deflate(l, NULL));
  CHECK(!mg_ws_set_deflate(NULL, &good) && !mg_ws_set_deflate(&fake, &good) && !mg_ws_is_deflating(&fake));
  CHECK(!mg_ws_is_deflating(NULL) && !mg_ws_is_deflating(l));
#define BAD(member, value) opts = good, opts.member = value, CHECK(!mg_ws_set_deflate(l, &opts))
  BAD(size, 0), BAD(size, 7), BAD(size, 1000000);
  BAD(level, 10), BAD(level, -1), BAD(send_window_bits, 8), BAD(send_window_bits, 16), BAD(recv_window_bits, 1);
  BAD(recv_window_bits, 265);
  struct mg_connection *udp = mg_listen(&mgr, "udp://127.0.0.1:0", server, NULL);
  CHECK(!mg_ws_set_deflate(udp, &good));
  mg_mgr_free(&mgr);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  fill();
  in_all_combinations();
  s_server_on = s_client_on = true;
  memset(&s_server, 0, sizeof(s_server)), s_server.size = sizeof(s_server), s_client = s_server;
  handlers_do_as_they_like();
  handlers_switch_protocols();
  limits();
  options();
  mg_iobuf_free(&s_heard), mg_iobuf_free(&s_echo);
  return 0;
}
