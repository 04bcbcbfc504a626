// WebSocket messages and MQTT packets up to their limits and one byte beyond, unread input, and peers that fall silent.
// Peers whose protocol has words for it are told.

#include "../limits.h"

static struct mg_mgr s_mgr;
static int s_ws_msgs, s_packets;
static size_t s_length;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_MSG) s_ws_msgs++, s_length = ((struct mg_ws_message *) ev_data)->data.len;
  if (ev == MG_EV_MQTT_CMD) s_packets++;
}

static struct mg_connection *ws_listener(struct mg_limits l) {
  struct mg_connection *c = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  l.size = sizeof(l);
  CHECK(mg_conn_set_limits(c, &l));
  return c;
}

static int ws_dial(struct mg_connection *listener) {
  char head[500];
  size_t len = 0;
  forget(), s_ws_msgs = 0;
  int fd = dial(listener);
  say(fd, "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n", 40);
  for (int turn = 0; turn < 2000 && (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0); turn++) {
    mg_mgr_poll(&s_mgr, 10);
    while (len < sizeof(head) && (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0) &&
           recv(fd, head + len, 1, MSG_DONTWAIT) == 1) len++;
  }
  CHECK(len > 12 && memcmp(head, "HTTP/1.1 101", 12) == 0);
  return fd;
}

// A masked frame with a key of zeros.
static void ws_say(int fd, int first, size_t len) {
  char frame[70000] = {0};
  size_t n = 2;
  frame[0] = (char) first, frame[1] = (char) (0x80 | (len < 126 ? len : 126));
  if (len >= 126) frame[2] = (char) (len >> 8), frame[3] = (char) len, n = 4;
  say(fd, frame, n + 4 + len);
}

static void ws_refused(int fd, const char *close_frame, const char *error) {
  struct mg_str heard = hear(&s_mgr, fd);
  CHECK(heard.len >= 4 && memcmp(heard.buf + heard.len - 4, close_frame, 4) == 0);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == 1 && s_seen.draining && strcmp(s_seen.error, error) == 0);
}

static void websocket(void) {
  struct mg_connection *listener = ws_listener((struct mg_limits) {.message_size = 1000});
  int fd = ws_dial(listener);
  ws_say(fd, 0x82, 1000);
  WAIT_FOR(&s_mgr, s_ws_msgs == 1 && s_length == 1000);
  // Fragments count together, control frames between them do not, and the next message begins anew.
  for (int i = 0; i < 3; i++) {
    ws_say(fd, 0x02, 400), ws_say(fd, 0x89, 125), ws_say(fd, 0x00, 0), ws_say(fd, 0x80, 600);
    WAIT_FOR(&s_mgr, s_ws_msgs == 2 + i && s_length == 1000);
  }
  CHECK(s_seen.errors == 0);
  ws_say(fd, 0x82, 1001);
  ws_refused(fd, "\x88\x02\x03\xf1", "WS message limit");
  CHECK(s_ws_msgs == 4);
  fd = ws_dial(listener);
  ws_say(fd, 0x01, 600);
  // The header says enough.
  say(fd, "\x80\xfe\x01\x91", 4);
  say(fd, "\0\0\0", 4);
  ws_refused(fd, "\x88\x02\x03\xf1", "WS message limit");
  CHECK(s_ws_msgs == 0);

  listener = ws_listener((struct mg_limits) {.recv_size = 2000});
  fd = ws_dial(listener);
  ws_say(fd, 0x82, 2000 - 8);
  WAIT_FOR(&s_mgr, s_ws_msgs == 1);
  ws_say(fd, 0x82, 2000);
  ws_refused(fd, "\x88\x02\x03\xf1", "MG_MAX_RECV_SIZE");

  listener = ws_listener((struct mg_limits) {.idle_timeout = 100});
  fd = ws_dial(listener);
  for (uint64_t end = mg_millis() + 300; mg_millis() < end;) ws_say(fd, 0x8a, 0), mg_mgr_poll(&s_mgr, 10);
  CHECK(s_seen.errors == 0);
  ws_refused(fd, "\x88\x02\x03\xe9", "idle timeout");
}

static struct mg_connection *mqtt_listener(struct mg_limits l) {
  struct mg_connection *c = mg_mqtt_listen(&s_mgr, "mqtt://127.0.0.1:0", handler, NULL);
  l.size = sizeof(l);
  CHECK(mg_conn_set_limits(c, &l));
  return c;
}

static int mqtt_dial(struct mg_connection *listener, int version) {
  static const char v4[] = "\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0", v5[] = "\x10\x0d\0\x04MQTT\x05\x02\0\x3c\0\0";
  forget(), s_packets = 0;
  int fd = dial(listener);
  if (version == 4) say(fd, v4, sizeof(v4));
  else say(fd, v5, sizeof(v5));
  WAIT_FOR(&s_mgr, s_packets == 1);
  return fd;
}

// PUBLISH, `len` bytes in all, of which `sent` are sent.
static void publish(int fd, size_t len, size_t sent) {
  char packet[2000] = {0x30, (char) (0x80 | ((len - 3) & 127)), (char) ((len - 3) >> 7), 0, 1, 't'};
  say(fd, packet, sent);
}

static void mqtt(void) {
  struct mg_connection *listener = mqtt_listener((struct mg_limits) {.message_size = 1000});
  for (int version = 4; version <= 5; version++) {
    for (size_t sent = 3; sent <= 1001; sent += 998) {
      int fd = mqtt_dial(listener, version);
      publish(fd, 1000, 1000);
      WAIT_FOR(&s_mgr, s_packets == 2);
      publish(fd, 1001, sent);
      struct mg_str heard = hear(&s_mgr, fd);
      WAIT_FOR(&s_mgr, s_seen.closed == 1);
      CHECK(s_seen.errors == 1 && strcmp(s_seen.error, "MQTT packet limit") == 0 && s_packets == 2);
      CHECK(version == 5 ? heard.len == 3 && memcmp(heard.buf, "\xe0\x01\x95", 3) == 0 : heard.len == 0);
    }
  }
  listener = mqtt_listener((struct mg_limits) {.idle_timeout = 100});
  for (int version = 4; version <= 5; version++) {
    int fd = mqtt_dial(listener, version);
    struct mg_str heard = hear(&s_mgr, fd);
    WAIT_FOR(&s_mgr, s_seen.closed == 1);
    CHECK(s_seen.errors == 1 && strcmp(s_seen.error, "idle timeout") == 0);
    CHECK(version == 5 ? heard.len == 3 && memcmp(heard.buf, "\xe0\x01\x8d", 3) == 0 : heard.len == 0);
  }
}

// Input that the program does not take.
static void unread(void) {
  static char text[4000];
  struct mg_limits l = {.size = sizeof(l), .recv_size = 3000};
  struct mg_connection *listener = mg_listen(&s_mgr, "tcp://127.0.0.1:0", handler, NULL);
  CHECK(mg_conn_set_limits(listener, &l));
  forget();
  int fd = dial(listener);
  say(fd, text, 3000);
  WAIT_FOR(&s_mgr, s_seen.accepted == 1 && s_mgr.conns->recv.len == 3000);
  CHECK(s_seen.errors == 0);
  say(fd, text, 1);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == 1 && strcmp(s_seen.error, "MG_MAX_RECV_SIZE") == 0);
  close(fd);
  // More than the default is possible, too.
  l.recv_size = 5000000;
  CHECK(mg_conn_set_limits(listener, &l));
  forget();
  fd = dial(listener);
  for (size_t sent = 0, n; sent < 5000000; sent += n) {
    n = 5000000 - sent < sizeof(text) ? 5000000 - sent : sizeof(text);
    say(fd, text, n);
    mg_mgr_poll(&s_mgr, 0);
  }
  WAIT_FOR(&s_mgr, s_seen.accepted == 1 && s_mgr.conns->recv.len == 5000000);
  CHECK(s_seen.errors == 0);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  websocket();
  mqtt();
  unread();
  mg_mgr_free(&s_mgr);
  return 0;
}
