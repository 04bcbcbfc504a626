// What handlers do in MQTT events takes effect as in the reference: closing, draining, sending, replacing handlers,
// taking bytes away.

#include "mongoose.h"

enum { NOTHING, CLOSING, DRAINING, ERROR, SEND, NEW_FN, EMPTY, FULL, ACTIONS };

static char s_trace[4096];
static int s_action, s_event;
static bool s_closed, s_done;

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

static void second(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_MQTT_CMD) add(" second CMD(%u)", m->cmd);
  if (ev == MG_EV_MQTT_MSG) add(" second MSG(%.*s)", (int) m->data.len, m->data.buf);
  if (ev == MG_EV_CLOSE) add(" second CLOSE"), s_closed = true;
  (void) c;
}

static void act(struct mg_connection *c) {
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .message = mg_str("m"), .qos = 1};
  switch (s_action) {
    case CLOSING: c->is_closing = 1; break;
    case DRAINING: c->is_draining = 1; break;
    case ERROR: mg_error(c, "enough of %d", 1); break;
    case SEND: mg_mqtt_pub(c, &opts), mg_mqtt_ping(c); break;
    case NEW_FN: c->fn = second; break;
    case EMPTY: c->recv.len = 0; break;
    case FULL: c->is_full = 1; break;
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_MQTT_OPEN) add(" OPEN(%d)", *(int *) ev_data);
  if (ev == MG_EV_MQTT_CMD) add(" CMD(%u)", m->cmd);
  if (ev == MG_EV_MQTT_MSG) add(" MSG(%.*s)", (int) m->data.len, m->data.buf);
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_READ) add(" READ(left %lu)", (unsigned long) c->recv.len);
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
  if (ev == s_event && !s_done) s_done = true, act(c);
}

static void run(const char *label) {
  static const char bytes[] = "\x20\x02\x00\x00\x32\x07\x00\x01" "a\x00\x09xy\x34\x07\x00\x01" "a\x00\x0axz\xc0\x00";
  struct mg_mgr mgr;
  char answer[200];
  size_t got = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_trace[0] = '\0', s_closed = s_done = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, bytes, sizeof(bytes) - 1, MSG_NOSIGNAL);
  for (int k = 0; k < 500 && s_trace[0] == '\0'; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 10; k++) mg_mgr_poll(&mgr, 0);
  printf("%s: %s\n", label, s_trace);
  while ((n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
  printf("%s, sent:", label);
  for (size_t i = 0; i < got; i++) printf(" %02x", (unsigned char) answer[i]);
  printf(" %s\n", s_closed ? "closed" : "open");
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  static const char *actions[] = {"nothing", "closing", "draining", "error", "send", "new fn", "empty", "full"};
  static const struct {
    const char *name;
    int event;
  } events[] = {{"OPEN", MG_EV_MQTT_OPEN}, {"MSG", MG_EV_MQTT_MSG}, {"CMD", MG_EV_MQTT_CMD}, {"READ", MG_EV_READ}};
  mg_log_set_fn(no_log, NULL);
  for (size_t e = 0; e < 4; e++) {
    for (s_action = 0; s_action < ACTIONS; s_action++) {
      char label[40];
      s_event = events[e].event;
      snprintf(label, sizeof(label), "%s in %s", actions[s_action], events[e].name);
      run(label);
    }
  }
  return 0;
}
