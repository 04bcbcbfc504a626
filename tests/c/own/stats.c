// What a manager counts: each kind of traffic moves its counters by exactly what was done, and no other one.

#include "../limits.h"
#include "../tls_certs.h"

static struct mg_mgr s_mgr;
static struct mg_stats s_before;
static int s_opened, s_got, s_done;

static struct mg_stats get(void) {
  struct mg_stats s = {.size = sizeof(s)};
  CHECK(mg_mgr_get_stats(&s_mgr, &s));
  CHECK(s.open == s.accepted + s.clients + s.wrapped - s.closed);
  return s;
}

static void begin(void) {
  s_before = get();
  s_opened = s_got = s_done = 0;
  forget();
}

// Members behind `size` are 64-bit numbers, the gauges of buffers last.
#define MEMBERS (sizeof(struct mg_stats) / sizeof(uint64_t))
#define GAUGES 4

static void expect(int line, struct mg_stats want) {
  struct mg_stats now = get();
  uint64_t a[MEMBERS], b[MEMBERS], d[MEMBERS];
  memcpy(a, &s_before, sizeof(a)), memcpy(b, &now, sizeof(b)), memcpy(d, &want, sizeof(d));
  size_t polls = offsetof(struct mg_stats, polls) / sizeof(uint64_t);
  for (size_t i = 1; i < MEMBERS - GAUGES; i++) {
    if (i == polls || b[i] - a[i] == d[i]) continue;
    printf("line %d: member %d grew by %lld and not by %lld\n", line, (int) i, (long long) (b[i] - a[i]), (long long) d[i]);
    exit(1);
  }
}

#define EXPECT(...) expect(__LINE__, (struct mg_stats){__VA_ARGS__})

static void echo(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_READ) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
}

static void web(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/ws"), NULL)) mg_ws_upgrade(c, hm, NULL);
  else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/file"), NULL)) mg_http_serve_file(c, hm, "file", NULL);
  else if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "", "hello");
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT);
    mg_ws_send(c, "", 0, WEBSOCKET_OP_PING);
  }
}

static size_t s_sent, s_heard;

// One connection that sends `text` and reads to the end.
static void talk(struct mg_connection *listener, const char *text, size_t len) {
  int fd = dial(listener);
  say(fd, text, len);
  shutdown(fd, SHUT_WR);
  struct mg_str answer = hear(&s_mgr, fd);
  s_sent = len, s_heard = answer.len;
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
}

static void streams(void) {
  struct mg_connection *l = mg_listen(&s_mgr, "tcp://127.0.0.1:0", echo, NULL);
  static char data[50000];
  begin();
  talk(l, data, sizeof(data));
  CHECK(s_heard == sizeof(data));
  EXPECT(.accepted = 1, .closed = 1, .bytes_received = sizeof(data), .bytes_sent = sizeof(data));
  l->is_closing = 1;
  mg_mgr_poll(&s_mgr, 0);
  EXPECT(.accepted = 1, .closed = 1, .bytes_received = sizeof(data), .bytes_sent = sizeof(data), .listeners = (uint64_t) -1);
}

static void requests(struct mg_connection *l) {
  const char *three = "GET / HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HT";
  begin();
  talk(l, three, strlen(three));
  EXPECT(.accepted = 1, .closed = 1, .http_requests = 3, .bytes_received = s_sent, .bytes_sent = s_heard);

  // A file goes from the descriptor to the socket.
  static char content[70000];
  FILE *f = fopen("file", "w");
  CHECK(f != NULL && fwrite(content, 1, sizeof(content), f) == sizeof(content) && fclose(f) == 0);
  begin();
  talk(l, "GET /file HTTP/1.1\r\n\r\n", 22);
  CHECK(s_heard > sizeof(content));
  EXPECT(.accepted = 1, .closed = 1, .http_requests = 1, .bytes_received = s_sent, .bytes_sent = s_heard);

  // No HTTP.
  begin();
  talk(l, "\1\2\3\r\n\r\n", 7);
  EXPECT(.accepted = 1, .closed = 1, .malformed = 1, .bytes_received = s_sent);

  begin();
  const char *chunk = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
  talk(l, chunk, strlen(chunk));
  EXPECT(.accepted = 1, .closed = 1, .http_requests = 1, .malformed = 1, .errors = 1, .bytes_received = s_sent);
}

static void fetch(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), s_opened++;
  if (ev == MG_EV_HTTP_MSG) s_got++, c->is_draining = 1;
  if (ev == MG_EV_CLOSE) s_done++;
  (void) ev_data;
}

static const char *url(const char *scheme, struct mg_connection *l, const char *path) {
  static char text[100];
  snprintf(text, sizeof(text), "%s://127.0.0.1:%d%s", scheme, mg_ntohs(l->loc.port), path);
  return text;
}

static void clients(struct mg_connection *l) {
  begin();
  mg_http_connect(&s_mgr, url("http", l, "/"), fetch, NULL);
  WAIT_FOR(&s_mgr, s_done == 1 && s_seen.closed == 1);
  struct mg_stats now = get();
  uint64_t n = now.bytes_received - s_before.bytes_received;
  CHECK(s_got == 1 && n > 50);
  EXPECT(.clients = 1, .connected = 1, .accepted = 1, .closed = 2, .http_requests = 1, .http_responses = 1, .bytes_received = n,
         .bytes_sent = n);

  // Nobody listens there.
  struct mg_connection *gone = mg_listen(&s_mgr, "tcp://127.0.0.1:0", echo, NULL);
  char address[100];
  snprintf(address, sizeof(address), "%s", url("http", gone, "/"));
  gone->is_closing = 1;
  mg_mgr_poll(&s_mgr, 0);
  begin();
  mg_http_connect(&s_mgr, address, fetch, NULL);
  WAIT_FOR(&s_mgr, s_done == 1);
  EXPECT(.clients = 1, .closed = 1, .errors = 1);
}

static void chat(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WS_OPEN) mg_ws_printf(c, WEBSOCKET_OP_TEXT, "one"), mg_ws_send(c, "two", 3, WEBSOCKET_OP_BINARY);
  if (ev == MG_EV_WS_MSG && ++s_got == 2) c->is_draining = 1;
  if (ev == MG_EV_CLOSE) s_done++;
  (void) ev_data;
}

static void websocket(struct mg_connection *l) {
  begin();
  mg_ws_connect(&s_mgr, url("ws", l, "/ws"), chat, NULL, NULL);
  WAIT_FOR(&s_mgr, s_done == 1 && s_seen.closed == 1);
  struct mg_stats now = get();
  uint64_t n = now.bytes_received - s_before.bytes_received;
  EXPECT(.clients = 1, .connected = 1, .accepted = 1, .closed = 2, .http_requests = 1, .ws_messages_sent = 4,
         .ws_messages_received = 4, .bytes_received = n, .bytes_sent = now.bytes_sent - s_before.bytes_sent);
}

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_CONNECT) {
    uint8_t accepted[] = {0, 0};
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, sizeof(accepted));
    mg_send(c, accepted, sizeof(accepted));
  }
}

static void sensor(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  struct mg_mqtt_opts opts = {.topic = mg_str_n("t", 1), .message = mg_str_n("m", 1), .qos = 1};
  if (ev == MG_EV_MQTT_OPEN) mg_mqtt_pub(c, &opts);
  if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_PUBACK) mg_mqtt_disconnect(c, NULL), c->is_draining = 1;
  if (ev == MG_EV_CLOSE) s_done++;
}

static void mqtt(void) {
  struct mg_connection *l = mg_mqtt_listen(&s_mgr, "mqtt://127.0.0.1:0", broker, NULL);
  begin();
  mg_mqtt_connect(&s_mgr, url("mqtt", l, ""), NULL, sensor, NULL);
  WAIT_FOR(&s_mgr, s_done == 1 && s_seen.closed == 1);
  struct mg_stats now = get();
  uint64_t n = now.bytes_received - s_before.bytes_received;
  // CONNECT, CONNACK, PUBLISH, PUBACK, DISCONNECT.
  EXPECT(.clients = 1, .connected = 1, .accepted = 1, .closed = 2, .mqtt_packets_sent = 5, .mqtt_packets_received = 5,
         .bytes_received = n, .bytes_sent = n);
  begin();
  talk(l, "\xff\xff\xff\xff\xff\xff", 6);
  EXPECT(.accepted = 1, .closed = 1, .malformed = 1, .bytes_received = s_sent);
}

// Waits until something has come, and takes it.
static void take(int fd) {
  char text[10];
  for (int turn = 0; turn < 2000; turn++) {
    if (recv(fd, text, sizeof(text), MSG_DONTWAIT) > 0) return;
    mg_mgr_poll(&s_mgr, 10);
  }
  printf("nothing came\n"), exit(1);
}

static void datagrams(void) {
  struct mg_connection *l = mg_listen(&s_mgr, "udp://127.0.0.1:0", echo, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  begin();
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  say(fd, "12345", 5), say(fd, "", 0), say(fd, "123", 3);
  take(fd), take(fd);
  EXPECT(.datagrams_received = 3, .datagrams_sent = 2, .bytes_received = 8, .bytes_sent = 8);
  close(fd);

  begin();
  struct mg_connection *c = mg_connect(&s_mgr, url("udp", l, ""), NULL, NULL);
  CHECK(c != NULL && mg_send(c, "12", 2));
  WAIT_FOR(&s_mgr, c->recv.len == 2);
  c->is_closing = 1;
  mg_mgr_poll(&s_mgr, 0);
  EXPECT(.clients = 1, .connected = 1, .closed = 1, .datagrams_received = 2, .datagrams_sent = 2, .bytes_received = 4, .bytes_sent = 4);
}

static struct mg_tls_opts s_tls;

static void secure(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &s_tls);
  echo(c, ev, ev_data);
}

static void secure_client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_tls_opts opts = {.ca = mg_str(CA_CERT), .name = mg_str("localhost")};
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &opts), mg_send(c, "hello", 5);
  if (ev == MG_EV_READ) s_got++, c->is_draining = 1;
  if (ev == MG_EV_CLOSE) s_done++;
  (void) ev_data;
}

static void tls(void) {
  s_tls.cert = mg_str(SERVER_CERT), s_tls.key = mg_str(SERVER_KEY);
  struct mg_connection *l = mg_listen(&s_mgr, "tls://127.0.0.1:0", secure, NULL);
  for (int round = 0; round < 2; round++) {
    begin();
    mg_connect(&s_mgr, url("tls", l, ""), secure_client, NULL);
    WAIT_FOR(&s_mgr, s_done == 1 && s_seen.closed == 1);
    struct mg_stats now = get();
    uint64_t n = now.bytes_received - s_before.bytes_received;
    CHECK(s_got == 1 && n > 200);
    // The server's last words may not be read any more.
    EXPECT(.clients = 1, .connected = 1, .accepted = 1, .closed = 2, .tls_handshakes = 2, .tls_resumed = round == 0 ? 0 : 2,
           .bytes_received = n, .bytes_sent = now.bytes_sent - s_before.bytes_sent);
  }
  begin();
  talk(l, "GET / HTTP/1.1\r\n\r\n", 18);
  EXPECT(.accepted = 1, .closed = 1, .tls_failed = 1, .errors = 1, .bytes_received = s_sent, .bytes_sent = s_heard);
}

static void limits(struct mg_connection *l) {
  struct mg_limits small = {.size = sizeof(small), .body_size = 10};
  CHECK(mg_conn_set_limits(l, &small));
  const char *large = "POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n12345678901";
  begin();
  talk(l, large, strlen(large));
  EXPECT(.accepted = 1, .closed = 1, .http_requests = 1, .errors = 1, .limits_exceeded = 1, .bytes_received = s_sent,
         .bytes_sent = s_heard);

  // What is thrown away was received, too.
  static char more[60000];
  int n = snprintf(more, sizeof(more), "POST / HTTP/1.1\r\nContent-Length: 900000\r\n\r\n");
  memset(more + n, 'x', sizeof(more) - (size_t) n);
  begin();
  talk(l, more, sizeof(more));
  EXPECT(.accepted = 1, .closed = 1, .http_requests = 1, .errors = 1, .limits_exceeded = 1, .bytes_received = s_sent,
         .bytes_sent = s_heard);

  // One at a time. Each one is as many as there may be.
  struct mg_limits few = {.size = sizeof(few), .connections = 1};
  CHECK(mg_conn_set_limits(l, &few));
  begin();
  int first = dial(l), second = dial(l);
  WAIT_FOR(&s_mgr, get().accept_pauses == s_before.accept_pauses + 1);
  EXPECT(.accepted = 1, .open = 1, .accept_pauses = 1);
  close(first), close(second);
  WAIT_FOR(&s_mgr, s_seen.closed == 2);
  EXPECT(.accepted = 2, .closed = 2, .accept_pauses = 2);

  struct mg_limits slow = {.size = sizeof(slow), .header_timeout = 1};
  CHECK(mg_conn_set_limits(l, &slow));
  begin();
  int fd = dial(l);
  say(fd, "GET", 3);
  size_t heard = hear(&s_mgr, fd).len;
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  EXPECT(.accepted = 1, .closed = 1, .errors = 1, .timeouts = 1, .bytes_received = 3, .bytes_sent = heard);
  CHECK(mg_conn_set_limits(l, NULL));
}

static void woken(struct mg_connection *c, int ev, void *ev_data) {
  s_got += ev == MG_EV_WAKEUP;
  (void) c, (void) ev_data;
}

static void tick(void *arg) {
  (*(int *) arg)++;
}

static void loop(void) {
  struct mg_connection *l = mg_listen(&s_mgr, "tcp://127.0.0.1:0", woken, NULL);
  CHECK(mg_wakeup_init(&s_mgr));
  begin();
  CHECK(mg_wakeup(&s_mgr, l->id, "x", 1) && mg_wakeup(&s_mgr, l->id, "y", 1) && mg_wakeup(&s_mgr, 12345, "z", 1));
  WAIT_FOR(&s_mgr, s_got == 2);
  EXPECT(.wakeups = 2);

  begin();
  mg_timer_add(&s_mgr, 1, MG_TIMER_REPEAT | MG_TIMER_RUN_NOW, tick, &s_done);
  mg_timer_add(&s_mgr, 1000000, MG_TIMER_REPEAT, tick, &s_done);
  WAIT_FOR(&s_mgr, s_done >= 3);
  EXPECT(.timers = (uint64_t) s_done);
  for (struct mg_timer *t; (t = s_mgr.timers) != NULL; mg_free(t)) mg_timer_free(&s_mgr.timers, t);

  uint64_t polls = get().polls;
  for (int i = 0; i < 7; i++) mg_mgr_poll(&s_mgr, 0);
  CHECK(get().polls == polls + 7);

  begin();
  int pair[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  struct mg_connection *c = mg_wrapfd(&s_mgr, pair[0], echo, NULL);
  CHECK(c != NULL && write(pair[1], "abc", 3) == 3);
  take(pair[1]);
  EXPECT(.wrapped = 1, .open = 1, .bytes_received = 3, .bytes_sent = 3);
  close(pair[1]);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  EXPECT(.wrapped = 1, .closed = 1, .bytes_received = 3, .bytes_sent = 3);
}

static void buffers(void) {
  struct mg_connection *l = mg_listen(&s_mgr, "tcp://127.0.0.1:0", note, NULL);
  struct mg_stats rest = get();
  CHECK(rest.recv_buffered == 0 && rest.send_buffered == 0 && rest.buffer_memory == 0);
  begin();
  int fd = dial(l);
  say(fd, "12345", 5);
  WAIT_FOR(&s_mgr, get().recv_buffered == 5);
  struct mg_connection *c = s_mgr.conns;
  static char large[100000];
  c->is_full = 1;
  mg_send(c, large, sizeof(large));
  struct mg_stats now = get();
  CHECK(now.send_buffered == sizeof(large) && now.buffer_memory >= sizeof(large) + 5 && now.buffer_memory < 3 * sizeof(large));
  CHECK(now.buffer_memory == c->recv.size + c->send.size);
  close(fd);
  c->is_closing = 1;
  mg_mgr_poll(&s_mgr, 0);
  now = get();
  CHECK(now.recv_buffered == 0 && now.send_buffered == 0 && now.buffer_memory == 0);
  CHECK(now.spare_memory > 0 && now.spare_memory < 2000000);
}

static void sizes(void) {
  struct {
    struct mg_stats stats;
    uint64_t more[3];
  } newer;
  memset(&newer, 0xff, sizeof(newer));
  newer.stats.size = sizeof(newer) - 8;
  CHECK(mg_mgr_get_stats(&s_mgr, &newer.stats));
  CHECK(newer.stats.size == sizeof(newer) - 8 && newer.stats.accepted == get().accepted);
  CHECK(newer.more[0] == 0 && newer.more[1] == 0 && newer.more[2] == UINT64_MAX);
  struct mg_stats older;
  memset(&older, 0xff, sizeof(older));
  older.size = offsetof(struct mg_stats, clients);
  CHECK(mg_mgr_get_stats(&s_mgr, &older));
  CHECK(older.accepted == get().accepted && older.clients == UINT64_MAX);
  older.size = 7;
  CHECK(!mg_mgr_get_stats(&s_mgr, &older) && older.size == 7 && older.clients == UINT64_MAX);
  older.size = 1 << 20;
  CHECK(!mg_mgr_get_stats(&s_mgr, &older));
  older.size = sizeof(older);
  CHECK(!mg_mgr_get_stats(NULL, &older) && !mg_mgr_get_stats(&s_mgr, NULL));
  struct mg_mgr zeroed;
  memset(&zeroed, 0, sizeof(zeroed));
  CHECK(!mg_mgr_get_stats(&zeroed, &older));
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();  // The certificates' time
  mg_mgr_init(&s_mgr);
  struct mg_stats fresh = get(), zero = {.size = sizeof(zero)};
  CHECK(memcmp(&fresh, &zero, sizeof(zero)) == 0);
  struct mg_connection *l = mg_http_listen(&s_mgr, "http://127.0.0.1:0", web, NULL);
  CHECK(get().listeners == 1);
  streams(), requests(l), clients(l), websocket(l), mqtt(), datagrams(), tls(), limits(l), loop(), buffers(), sizes();
  struct mg_stats end = get();
  CHECK(end.open == 0 && end.closed == end.accepted + end.clients + end.wrapped);
  mg_mgr_free(&s_mgr);
  CHECK(!mg_mgr_get_stats(&s_mgr, &end));
  return 0;
}
