// The reference uses freed memory when handlers do this: release or move the receive buffer, close connections,
// run the event loop, switch protocols, all inside MQTT events.

#include "mongoose.h"

#define CHECK(x) ((x) ? (void) 0 : (printf("event %d, action %d, %s, %d: %s\n", s_event, s_action, s_label, __LINE__, #x), exit(1)))

enum { FREE, EMPTY, GROW, SHRINK, CLOSE, CLOSE_ALL, POLL, POLL_AND_SEND, PREPEND, APPEND, DELETE_OWN, SWITCH, NO_HANDLER, CLOSING, DRAINING,
       FREE_SEND, REENTER, PUBLISH, CHANGE_BYTES, CHANGE_MESSAGE, VERSION, LOGIN, CONNECT, ACTIONS };

static const char *s_label;
static int s_event, s_action, s_closes, s_depth, s_budget, s_fd;

static void other(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) c->recv.len = 0;
  (void) ev_data;
}

static void act(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .message = mg_str("m"), .qos = 1};
  bool is_message = ev == MG_EV_MQTT_CMD || ev == MG_EV_MQTT_MSG;
  long n = 0;
  switch (s_action) {
    case FREE: mg_iobuf_free(&c->recv); break;
    case EMPTY: c->recv.len = 0; break;
    case GROW: mg_iobuf_resize(&c->recv, 500000); break;
    case SHRINK: mg_iobuf_resize(&c->recv, 5); break;
    case CLOSE: mg_close_conn(c); break;
    case CLOSE_ALL:
      for (struct mg_connection *p = c->mgr->conns, *next; p != NULL; p = next) {
        next = p->next;
        if (!p->is_listening) mg_close_conn(p);
      }
      break;
    case POLL:
    case POLL_AND_SEND:
      if (s_budget > 0 && s_depth < 3) {
        s_depth++, s_budget--;
        if (s_action == POLL_AND_SEND) send(s_fd, "\x32\x07\x00\x01n\x00\x07xy", 9, MSG_NOSIGNAL);
        for (int i = 0; i < 3; i++) mg_mgr_poll(c->mgr, 1);
        s_depth--;
      }
      break;
    case PREPEND: if (s_budget-- > 0) mg_iobuf_add(&c->recv, 0, "xyz", 3); break;
    case APPEND: if (s_budget-- > 0) mg_iobuf_add(&c->recv, c->recv.len, "\x30\x05\x00\x01" "axy", 7); break;
    case DELETE_OWN: if (is_message) mg_iobuf_del(&c->recv, 0, m->dgram.len); break;
    case SWITCH: c->pfn = other; break;
    case NO_HANDLER: c->pfn = NULL, c->fn = NULL; break;
    case CLOSING: c->is_closing = 1; break;
    case DRAINING: c->is_draining = 1; break;
    case FREE_SEND: mg_iobuf_free(&c->send); break;
    case REENTER:
      if (s_budget-- <= 0) break;
      mg_call(c, MG_EV_READ, &n);
      mg_call(c, MG_EV_POLL, NULL);
      if (s_event != MG_EV_READ) mg_call(c, MG_EV_CLOSE, NULL);
      break;
    case PUBLISH: for (int i = 0; i < 5; i++) mg_mqtt_pub(c, &opts), mg_mqtt_sub(c, &opts), mg_mqtt_ping(c); break;
    case CHANGE_BYTES: if (c->recv.len > 0) memset(c->recv.buf, 0x80, c->recv.len); break;
    case CHANGE_MESSAGE: if (is_message) memset(m, 0x80, sizeof(*m)); break;
    case VERSION: c->is_mqtt5 = !c->is_mqtt5; break;
    case LOGIN: mg_mqtt_login(c, NULL); break;
    case CONNECT: if (s_budget-- > 0) mg_mqtt_connect(c->mgr, "mqtt://127.0.0.1:1", &opts, NULL, NULL); break;
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (c->is_listening) return;
  // What other handlers left in the message is not for looking at.
  if ((ev == MG_EV_MQTT_CMD || ev == MG_EV_MQTT_MSG) && s_action != CHANGE_MESSAGE) {
    unsigned sum = 0;
    for (size_t i = 0; i < m->dgram.len; i++) sum += (unsigned char) m->dgram.buf[i];
    for (size_t i = 0; i < m->topic.len; i++) sum += (unsigned char) m->topic.buf[i];
    for (size_t i = 0; i < m->data.len; i++) sum += (unsigned char) m->data.buf[i];
    if (sum == 1) mg_mqtt_ping(c);
  }
  if (ev == MG_EV_MQTT_OPEN && *(int *) ev_data == 1) mg_mqtt_ping(c);
  if (ev == MG_EV_CLOSE) s_closes++;
  if (ev == s_event) act(c, ev, ev_data);
  if (ev == MG_EV_MQTT_CMD && s_event == -1) mg_mqtt_pong(c);
}

struct segment {
  const char *bytes;
  size_t len;
};

static void run(const char *label, const struct segment *segments, size_t count) {
  struct mg_mgr mgr;
  char buf[4096];
  s_label = label, s_closes = s_depth = 0, s_budget = 10;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(s_fd, (struct sockaddr *) &addr, sizeof(addr));
  for (size_t i = 0; i < count; i++) {
    send(s_fd, segments[i].bytes, segments[i].len, MSG_NOSIGNAL);
    for (int k = 0; k < 3; k++) mg_mgr_poll(&mgr, 1);
  }
  while (recv(s_fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) (void) 0;
  close(s_fd);
  for (int k = 0; k < 10 && s_closes == 0; k++) mg_mgr_poll(&mgr, 1);
  // The listener still works.
  s_event = -1;
  ssize_t n = 0;
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(s_fd, (struct sockaddr *) &addr, sizeof(addr));
  send(s_fd, "\xc0\x00", 2, MSG_NOSIGNAL);
  for (int k = 0; k < 100 && n <= 0; k++) mg_mgr_poll(&mgr, 5), n = recv(s_fd, buf, sizeof(buf), MSG_DONTWAIT);
  CHECK(n == 2 && memcmp(buf, "\xd0\x00", 2) == 0);
  close(s_fd);
  mg_mgr_free(&mgr);
}

#define S(bytes) {bytes, sizeof(bytes) - 1}
#define RUN(label, ...)                                          \
  do {                                                           \
    const struct segment segments[] = {__VA_ARGS__};             \
    s_event = events[e];                                         \
    run(label, segments, sizeof(segments) / sizeof(*segments));  \
  } while (0)

#define PUB1 "\x32\x07\x00\x01" "a\x00\x09xy"
#define PUB2 "\x34\x07\x00\x01" "a\x00\x0axy"

int main(void) {
  static const int events[] = {MG_EV_MQTT_OPEN, MG_EV_MQTT_MSG, MG_EV_MQTT_CMD, MG_EV_READ, MG_EV_WRITE, MG_EV_ERROR, MG_EV_CLOSE};
  static char big[5000 * 9];
  mg_log_level = MG_LL_NONE;
  for (size_t i = 0; i < sizeof(big); i += 9) memcpy(big + i, PUB1, 9);
  for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++) {
    for (s_action = 0; s_action < ACTIONS; s_action++) {
      RUN("one message", S(PUB1));
      RUN("several", S("\x20\x02\x00\x00" PUB1 PUB2 "\x62\x02\x00\x0a" PUB1 "\x50\x02\x00\x01"));
      RUN("five thousand", {big, sizeof(big)});
      RUN("in pieces", S("\x20\x02\x00\x00\x32"), S("\x07\x00\x01" "a\x00"), S("\x09xy\x34"), S("\x07\x00\x01" "a\x00\x0axy"));
      RUN("refused", S("\x20\x02\x00\x05" PUB1));
      RUN("malformed behind a message", S("\x20\x02\x00\x00" PUB1 "\x30\x00" PUB1));
      RUN("too large", S(PUB1 "\x30\xff\xff\xff\x7f"));
    }
  }
  return 0;
}
