// Events of an MQTT server, and what it sends by itself, for what a client sends.

#include "mongoose.h"

static char s_trace[8192];
static size_t s_read;
static bool s_closed;

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void add(const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(s_trace);
  va_start(ap, fmt);
  vsnprintf(s_trace + n, sizeof(s_trace) - n, fmt, ap);
  va_end(ap);
}

static void add_hex(const void *buf, size_t len) {
  for (size_t i = 0; i < len && i < 80; i++) add("%s%02x", i == 0 ? "" : " ", ((const unsigned char *) buf)[i]);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_OPEN) add(" OPEN(pfn_data is mgr %d)", c->pfn_data == c->mgr);
  if (ev == MG_EV_ACCEPT) add(" ACCEPT");
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_READ) add(" READ(left %lu)", (unsigned long) c->recv.len), s_read += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
  if (ev == MG_EV_MQTT_OPEN) add(" MQTT_OPEN(%d)", *(int *) ev_data);
  if (ev == MG_EV_MQTT_CMD) {
    add(" CMD(%u id %u, mqtt5 %d)", m->cmd, m->id, c->is_mqtt5);
    if (m->cmd == MQTT_CMD_CONNECT) {
      unsigned char ack[] = {0, 0};
      mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, sizeof(ack));
      mg_send(c, ack, sizeof(ack));
    }
    if (m->cmd == MQTT_CMD_PINGREQ) mg_mqtt_pong(c);
  }
  if (ev == MG_EV_MQTT_MSG) {
    add(" MSG(%.*s [", (int) m->topic.len, m->topic.buf), add_hex(m->data.buf, m->data.len);
    add("] id %u, qos %u)", m->id, m->qos);
  }
}

struct segment {
  const char *bytes;
  size_t len;
};

static void run(const char *label, const struct segment *segments, size_t count) {
  struct mg_mgr mgr;
  size_t sent = 0, got = 0;
  unsigned char answer[400];
  ssize_t n;
  int one = 1;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_trace[0] = '\0', s_read = 0, s_closed = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (size_t i = 0; i < count; i++) {
    send(fd, segments[i].bytes, segments[i].len, MSG_NOSIGNAL);
    sent += segments[i].len;
    for (int k = 0; k < 500 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
    while ((n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
    printf("%s, segment %lu:%s\n", label, (unsigned long) i + 1, s_trace);
    s_trace[0] = '\0';
  }
  got > 0 ? add_hex(answer, got) : add("nothing");
  printf("%s, sent: %s\n", label, s_trace);
  close(fd);
  mg_mgr_free(&mgr);
}

#define S(bytes) {bytes, sizeof(bytes) - 1}
#define RUN(label, ...)                                        \
  do {                                                         \
    const struct segment segments[] = {__VA_ARGS__};           \
    run(label, segments, sizeof(segments) / sizeof(*segments)); \
  } while (0)

#define CONNECT4 "\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03" "cid"
#define CONNECT5 "\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03" "cid"

int main(void) {
  mg_log_set_fn(no_log, NULL);
  RUN("connect, version 4", S(CONNECT4));
  RUN("connect, version 5", S(CONNECT5));
  RUN("connect, version 3", S("\x10\x11\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x03" "cid"));
  RUN("connect without body", S("\x10\x00"));
  RUN("qos 0", S(CONNECT4), S("\x30\x05\x00\x01" "axy"));
  RUN("qos 1", S(CONNECT4), S("\x32\x07\x00\x01" "a\x00\x09xy"));
  RUN("qos 2", S(CONNECT4), S("\x34\x07\x00\x01" "a\x00\x0axy"), S("\x62\x02\x00\x0a"));
  RUN("qos 1, version 5", S(CONNECT5), S("\x32\x09\x00\x01" "a\x00\x09\x00xyz"));
  RUN("subscribe and unsubscribe", S(CONNECT4), S("\x82\x08\x00\x03\x00\x03" "a/#\x01"), S("\xa2\x07\x00\x04\x00\x03" "a/#"));
  RUN("ping", S(CONNECT4), S("\xc0\x00"));
  RUN("disconnect", S(CONNECT4), S("\xe0\x00"), S("\xc0\x00"));
  RUN("connack from a client", S("\x20\x02\x00\x05\xc0\x00"));
  RUN("acknowledgements", S(CONNECT4 "\x40\x02\x00\x01" "\x50\x02\x00\x02" "\x70\x02\x00\x02"));
  RUN("malformed", S(CONNECT4), S("\x32\x03\x00\x01" "a"));
  RUN("http", S("GET / HTTP/1.1\r\nHost: somewhere\r\n\r\n"));
  return 0;
}
