// A session whose connection the program takes over and closes; a broker that says CONNACK again and again; a peer that does not
// read what acknowledges its packets; and what a session sends while idle connections have no turn.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr s_mgr;
static char s_url[50];
static int s_opens, s_closes, s_published, s_disconnects;
static bool s_takes_over, s_keeps_open;
static size_t s_queued;
static struct mg_connection *s_peer;

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) s_peer = c;
  if (ev == MG_EV_MQTT_CMD) {
    struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
    if (mm->cmd == MQTT_CMD_CONNECT) mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, 2), mg_send(c, "\0\0", 2);
    s_published += mm->cmd == MQTT_CMD_PUBLISH;
    s_disconnects += mm->cmd == MQTT_CMD_DISCONNECT;
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_MQTT_OPEN) s_opens++;
  if (ev == MG_EV_MQTT_CMD && s_takes_over) {
    c->pfn = NULL;
    if (!s_keeps_open) mg_close_conn(c);
  }
  if (ev == MG_EV_CLOSE) s_closes++;
  if (c->send.len > s_queued) s_queued = c->send.len;
}

static struct mg_mqtt_session *open_session(uint16_t keepalive) {
  struct mg_mqtt_session_opts opts = {.size = sizeof(opts), .url = s_url, .fn = client, .reconnect_min_ms = 1, .reconnect_max_ms = 2,
                                      .login.keepalive = keepalive};
  s_opens = s_closes = s_published = s_disconnects = 0;
  struct mg_mqtt_session *session = mg_mqtt_session_open(&s_mgr, &opts);
  CHECK(session != NULL);
  return session;
}

#define WAIT_FOR(condition) do { \
  for (int i_ = 0; i_ < 20000 && !(condition); i_++) mg_mgr_poll(&s_mgr, 1); \
  CHECK(condition); \
} while (0)

static void taken_over(void) {
  struct mg_mqtt_opts message = {.topic = mg_str("t"), .message = mg_str("x"), .qos = 1};
  for (s_keeps_open = false;; s_keeps_open = true) {
    struct mg_mqtt_session *session = open_session(1);
    s_takes_over = true;
    WAIT_FOR(s_opens > (s_keeps_open ? 0 : 3));
    for (int i = 0; i < 5; i++) {
      CHECK(mg_mqtt_session_pub(session, &message, NULL));
      mg_mgr_poll(&s_mgr, 1);
    }
    if (s_keeps_open) {
      // It is the program's; the session waits until it is closed.
      CHECK(s_published == 0 && s_closes == 0);
      s_takes_over = false;
      for (struct mg_connection *c = s_mgr.conns; c != NULL; c = c->next) c->is_closing |= c->is_client;
      WAIT_FOR(s_published == 5);
    }
    s_takes_over = false;
    mg_mqtt_session_close(session);
    WAIT_FOR(s_mgr.conns->next == NULL);
    if (s_keeps_open) break;
  }
}

// A program that takes over what its session then does without.
static void taken_over_and_closed(void) {
  struct mg_mqtt_session *session = open_session(0);
  s_takes_over = s_keeps_open = true;
  WAIT_FOR(s_opens == 1);
  mg_mqtt_session_close(session);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&s_mgr, 1);
  CHECK(s_closes == 0 && s_disconnects == 0);
  s_takes_over = false;
  for (struct mg_connection *c = s_mgr.conns; c != NULL; c = c->next) c->is_closing |= c->is_client;
  WAIT_FOR(s_mgr.conns->next == NULL);
}

static void connected_again_and_again(void) {
  static char big[10000];
  struct mg_mqtt_opts message = {.topic = mg_str("t"), .message = mg_str_n(big, sizeof(big)), .qos = 1};
  struct mg_mqtt_session *session = open_session(0);
  int kept = 0;
  WAIT_FOR(s_opens == 1);
  s_peer->is_full = 1;
  while (mg_mqtt_session_pub(session, &message, NULL)) kept++;
  s_queued = 0;
  for (int i = 0; i < 100; i++) mg_send(s_peer, "\x20\2\0\0", 4);
  WAIT_FOR(s_opens == 101);
  printf("%d messages kept, %lu bytes queued\n", kept, (unsigned long) s_queued);
  CHECK(kept > 50 && s_queued < 3000000);
  mg_mqtt_session_close(session);
  s_peer->is_closing = 1;
  WAIT_FOR(s_mgr.conns->next == NULL);
}

static char s_error[100];
static size_t s_most;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (c->send.len > s_most) s_most = c->send.len;
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
}

static void unread_acknowledgements(void) {
  static char packets[4 * 20000];
  struct mg_connection *listener = mg_mqtt_listen(&s_mgr, "mqtt://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), size = 4096;
  size_t sent = 0;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  for (size_t i = 0; i < sizeof(packets); i += 4) memcpy(packets + i, "\x62\2\0\7", 4);
  while (sent < 60000000 && s_error[0] == '\0') {
    size_t at = sent % sizeof(packets);
    ssize_t n = send(fd, packets + at, sizeof(packets) - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += (size_t) n;
    mg_mgr_poll(&s_mgr, 0);
  }
  printf("%lu MB of PUBREL: \"%s\", %lu MB queued\n", (unsigned long) (sent >> 20), s_error, (unsigned long) (s_most >> 20));
  CHECK(strcmp(s_error, "MQTT acknowledgements are not read") == 0 && s_most < 5000000);
  close(fd);
  listener->is_closing = 1;
  mg_mgr_poll(&s_mgr, 1), mg_mgr_poll(&s_mgr, 1);
}

static void without_turns(void) {
  enum { INTERVAL = 20000 };
  struct mg_mqtt_opts message = {.topic = mg_str("t"), .message = mg_str("x")};
  uint64_t begin = mg_millis();
  mg_mgr_idle_interval(&s_mgr, INTERVAL);
  struct mg_mqtt_session *session = open_session(0);
  WAIT_FOR(s_opens == 1);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&s_mgr, 1);
  for (message.qos = 0; message.qos < 2; message.qos++) {
    CHECK(mg_mqtt_session_pub(session, &message, NULL));
    CHECK(mg_mgr_timeout(&s_mgr) == 0);
    WAIT_FOR(s_published == message.qos + 1);
  }
  for (int i = 0; i < 5; i++) mg_mgr_poll(&s_mgr, 1);
  mg_mqtt_session_close(session);
  WAIT_FOR(s_disconnects == 1);
  CHECK(mg_millis() - begin < INTERVAL);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  struct mg_connection *listener = mg_mqtt_listen(&s_mgr, "mqtt://127.0.0.1:0", broker, NULL);
  snprintf(s_url, sizeof(s_url), "mqtt://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  taken_over();
  taken_over_and_closed();
  connected_again_and_again();
  unread_acknowledgements();
  without_turns();
  mg_mgr_free(&s_mgr);
  return 0;
}
