// Events of an MQTT client, and what it sends by itself, for what a broker sends.
//
// MG_EV_WRITE and MG_EV_POLL are left out.

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

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_OPEN) add(" OPEN(queued %lu)", (unsigned long) c->send.len);
  if (ev == MG_EV_RESOLVE) add(" RESOLVE");
  if (ev == MG_EV_CONNECT) add(" CONNECT(queued %lu)", (unsigned long) c->send.len);
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_READ) add(" READ(left %lu)", (unsigned long) c->recv.len), s_read += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
  if (ev == MG_EV_MQTT_OPEN) add(" MQTT_OPEN(%d closing %d queued %lu)", *(int *) ev_data, c->is_closing, (unsigned long) c->send.len);
  if (ev == MG_EV_MQTT_CMD) {
    add(" CMD(%u id %u qos %u ack %u, dgram %lu at %s, recv %lu, queued %lu, closing %d)", m->cmd, m->id, m->qos, m->ack, (unsigned long) m->dgram.len,
        m->dgram.buf == (char *) c->recv.buf ? "start" : "elsewhere", (unsigned long) c->recv.len, (unsigned long) c->send.len, c->is_closing);
  }
  if (ev == MG_EV_MQTT_MSG) {
    add(" MSG(%.*s [", (int) m->topic.len, m->topic.buf), add_hex(m->data.buf, m->data.len);
    add("] id %u qos %u, props %lu, queued %lu)", m->id, m->qos, (unsigned long) m->props_size, (unsigned long) c->send.len);
  }
}

struct segment {
  const char *bytes;
  size_t len;
};

static void run(const char *label, int version, const struct segment *segments, size_t count) {
  struct mg_mgr mgr;
  char url[40];
  size_t sent = 0, got = 0;
  unsigned char answer[400];
  ssize_t n;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  bind(listener, (struct sockaddr *) &addr, len), listen(listener, 1);
  getsockname(listener, (struct sockaddr *) &addr, &len);
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d", ntohs(addr.sin_port));
  s_trace[0] = '\0', s_read = 0, s_closed = false;
  mg_mqtt_connect(&mgr, url, &(struct mg_mqtt_opts){.client_id = mg_str("me"), .version = (uint8_t) version}, client, NULL);
  int fd = accept(listener, NULL, NULL);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (int k = 0; k < 500 && got < (version == 5 ? 17 : 16); k++) {
    mg_mgr_poll(&mgr, 10);
    if ((n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
  }
  printf("%s v%d, before:%s sent %lu\n", label, version, s_trace, (unsigned long) got);
  s_trace[0] = '\0', got = 0;
  for (size_t i = 0; i < count; i++) {
    send(fd, segments[i].bytes, segments[i].len, MSG_NOSIGNAL);
    sent += segments[i].len;
    for (int k = 0; k < 500 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
    while ((n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
    printf("%s v%d, segment %lu:%s\n", label, version, (unsigned long) i + 1, s_trace);
    s_trace[0] = '\0';
  }
  got > 0 ? add_hex(answer, got) : add("nothing");
  printf("%s v%d, sent: %s\n", label, version, s_trace);
  close(fd), close(listener);
  mg_mgr_free(&mgr);
}

#define S(bytes) {bytes, sizeof(bytes) - 1}
#define RUN(label, version, ...)                                        \
  do {                                                                  \
    const struct segment segments[] = {__VA_ARGS__};                    \
    run(label, version, segments, sizeof(segments) / sizeof(*segments)); \
  } while (0)

#define OK4 "\x20\x02\x00\x00"
#define OK5 "\x20\x03\x00\x00\x00"

int main(void) {
  mg_log_set_fn(no_log, NULL);
  RUN("connack", 4, S(OK4));
  RUN("connack", 5, S(OK5));
  RUN("connack, session present", 4, S("\x20\x02\x01\x00"));
  RUN("connack, refused", 4, S("\x20\x02\x00\x05"));
  RUN("connack, refused", 5, S("\x20\x03\x00\x87\x00"));
  RUN("connack, refused, packets behind", 4, S("\x20\x02\x00\x02\x32\x07\x00\x01" "a\x00\x09xy"));
  RUN("connack twice", 4, S(OK4 OK4));
  RUN("connack with half a body", 4, S("\x20\x01\x00"));
  RUN("publish before connack", 4, S("\x32\x07\x00\x01" "a\x00\x09xy" OK4));
  RUN("publish, qos 0", 4, S(OK4), S("\x30\x05\x00\x01" "axy"));
  RUN("publish, qos 1", 4, S(OK4), S("\x32\x07\x00\x01" "a\x00\x09xy"));
  RUN("publish, qos 2", 4, S(OK4), S("\x34\x07\x00\x01" "a\x00\x0axy"), S("\x62\x02\x00\x0a"));
  RUN("publish, qos 0", 5, S(OK5), S("\x30\x07\x00\x01" "a\x00xyz"));
  RUN("publish, qos 1", 5, S(OK5), S("\x32\x09\x00\x01" "a\x00\x09\x00xyz"));
  RUN("publish, qos 2", 5, S(OK5), S("\x34\x09\x00\x01" "a\x00\x0a\x00xyz"), S("\x62\x02\x00\x0a"));
  RUN("publish, properties", 5, S(OK5), S("\x32\x0b\x00\x01" "a\x00\x09\x02\x01\x01xyz"));
  RUN("publish, one byte", 5, S(OK5), S("\x30\x05\x00\x01" "a\x00x"));
  RUN("publish, empty", 5, S(OK5), S("\x30\x04\x00\x01" "a\x00"));
  RUN("publish, empty", 4, S(OK4), S("\x30\x03\x00\x01" "a"));
  RUN("publish, id 0", 4, S(OK4), S("\x32\x07\x00\x01" "a\x00\x00xy"));
  RUN("publish, qos 2, repeated", 4, S(OK4 "\x34\x07\x00\x01" "a\x00\x0axy"), S("\x3c\x07\x00\x01" "a\x00\x0axy"), S("\x62\x02\x00\x0a"),
      S("\x3c\x07\x00\x01" "a\x00\x0axy"));
  RUN("publish, qos 2, same id, not marked as repeated", 4, S(OK4 "\x34\x07\x00\x01" "a\x00\x0axy"), S("\x34\x07\x00\x01" "a\x00\x0axz"));
  RUN("publish, qos 1, repeated", 4, S(OK4 "\x32\x07\x00\x01" "a\x00\x0axy"), S("\x3a\x07\x00\x01" "a\x00\x0axy"));
  RUN("publish, qos 3", 4, S(OK4), S("\x36\x07\x00\x01" "a\x00\x09xy"));
  RUN("our qos 2", 4, S(OK4), S("\x50\x02\x00\x0b"), S("\x70\x02\x00\x0b"));
  RUN("our qos 2", 5, S(OK5), S("\x50\x04\x00\x0b\x00\x00"), S("\x70\x02\x00\x0b"));
  RUN("our qos 2, nobody subscribed", 5, S(OK5), S("\x50\x03\x00\x0b\x10"));
  RUN("our qos 2, refused", 5, S(OK5), S("\x50\x04\x00\x0b\x97\x00"));
  RUN("our qos 2, refused, short", 5, S(OK5), S("\x50\x03\x00\x0b\x80"));
  RUN("pubrec with more bytes", 4, S(OK4), S("\x50\x03\x00\x0b\x80"));
  RUN("other packets", 4, S(OK4), S("\xd0\x00"), S("\x90\x03\x00\x02\x01"), S("\xb0\x02\x00\x03"), S("\x40\x02\x00\x01"));
  RUN("packets of clients", 4, S(OK4), S("\xc0\x00"), S("\x82\x08\x00\x03\x00\x03" "a/#\x01"), S("\xe0\x00"));
  RUN("connect", 4, S("\x10\x0f\x00\x04MQTT\x05\x02\x00\x3c\x00\x03" "cid"), S("\x32\x07\x00\x01" "a\x00\x09xy"));
  RUN("commands 0 and 15", 4, S(OK4), S("\x00\x00\xf0\x00"));
  RUN("several in one segment", 4, S(OK4 "\x30\x05\x00\x01" "axy" "\x32\x07\x00\x01" "a\x00\x09xy" "\xd0\x00" "\x30"));
  RUN("one packet in several segments", 4, S(OK4), S("\x32"), S("\x07\x00\x01"), S("a\x00\x09x"), S("y"));
  RUN("malformed", 4, S(OK4), S("\x30\x00"));
  RUN("malformed behind a good one", 4, S(OK4 "\x30\x05\x00\x01" "axy" "\x30\x01\x00" "\xd0\x00"));
  RUN("length of five bytes", 4, S(OK4), S("\x30\x80\x80\x80\x80\x01"));
  RUN("malformed properties", 5, S(OK5), S("\x30\x06\x00\x01" "a\x09\x01\x01"));
  return 0;
}
