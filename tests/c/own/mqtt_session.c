// MQTT sessions that outlive their connections: a broker that hangs up at any packet still gets every message,
// and those of quality of service 2 once.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define COUNT 400

enum mood { RELIABLE, CAPRICIOUS, SILENT, NO_CONNACK, DEAF, REPEATING };

static struct {
  enum mood mood;
  bool known;                // the session of an earlier connection is still there
  uint8_t unreleased[65536];  // identifiers of messages of quality of service 2
  int received[COUNT], first_order[COUNT], num_received;
  int connects, subscribes, unsubscribes, pings, disconnects, dups;
  uint32_t random;
} broker;

static uint32_t dice(uint32_t sides) {
  broker.random = broker.random * 1664525 + 1013904223;
  return (broker.random >> 16) % sides;
}

static void hang_up(struct mg_connection *c) {
  if (dice(2)) c->is_closing = 1;  // what is queued is lost
  else c->is_draining = 1;
}

static void broker_fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_MQTT_MSG) {
    int number = atoi(mm->data.buf);
    CHECK(number >= 0 && number < COUNT);
    broker.dups += mm->dgram.buf[0] & 8 ? 1 : 0;
    if (mm->qos == 2 && broker.unreleased[mm->id]) return;
    if (mm->qos == 2) broker.unreleased[mm->id] = 1;
    if (broker.received[number]++ == 0) broker.first_order[broker.num_received++] = number;
  } else if (ev == MG_EV_MQTT_CMD) {
    if (mm->cmd == MQTT_CMD_PUBREL) broker.unreleased[mm->id] = 0;
    if (mm->cmd == MQTT_CMD_CONNECT && broker.mood != NO_CONNACK) {
      uint8_t answer[] = {broker.known, 0};
      broker.connects++;
      broker.known = true;
      mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, sizeof(answer));
      mg_send(c, answer, sizeof(answer));
      if (broker.mood == REPEATING) {
        // A message of quality of service 2, again and again until it is released.
        static const char first[] = "\x34\x05\0\1tid", again[] = "\x3c\x05\0\1tid", release[] = "\x62\2id";
        mg_send(c, broker.connects == 1 ? first : again, sizeof(first) - 1);
        if (broker.connects == 3) mg_send(c, release, sizeof(release) - 1);
        if (broker.connects == 3) mg_send(c, first, sizeof(first) - 1);
        if (broker.connects < 3) c->is_draining = 1;
      }
    }
    if (mm->cmd == MQTT_CMD_SUBSCRIBE) {
      uint8_t answer[] = {(uint8_t) (mm->id >> 8), (uint8_t) mm->id, 1};
      broker.subscribes++;
      mg_mqtt_send_header(c, MQTT_CMD_SUBACK, 0, sizeof(answer));
      mg_send(c, answer, sizeof(answer));
    }
    if (mm->cmd == MQTT_CMD_UNSUBSCRIBE) {
      uint8_t answer[] = {(uint8_t) (mm->id >> 8), (uint8_t) mm->id};
      broker.unsubscribes++;
      mg_mqtt_send_header(c, MQTT_CMD_UNSUBACK, 0, sizeof(answer));
      mg_send(c, answer, sizeof(answer));
    }
    if (mm->cmd == MQTT_CMD_PINGREQ) broker.pings++;
    if (mm->cmd == MQTT_CMD_PINGREQ && broker.mood != SILENT) mg_mqtt_pong(c);
    if (mm->cmd == MQTT_CMD_DISCONNECT) broker.disconnects++;
    if (broker.mood == CAPRICIOUS && !c->is_closing && !c->is_draining && dice(8) == 0) hang_up(c);
    if (broker.mood == DEAF) c->is_full = 1;
  }
}

static struct client {
  int opens, closes, messages, errors, acks;
  char error[64];
  struct mg_mqtt_session *session;
  bool close_in_message;
} client;

static void client_fn(struct mg_connection *c, int ev, void *ev_data) {
  struct client *state = (struct client *) c->fn_data;
  CHECK(state == &client);
  if (ev == MG_EV_MQTT_OPEN) state->opens++;
  if (ev == MG_EV_CLOSE) state->closes++;
  if (ev == MG_EV_ERROR) state->errors++, mg_snprintf(state->error, sizeof(state->error), "%s", (char *) ev_data);
  if (ev == MG_EV_MQTT_CMD) {
    uint8_t cmd = ((struct mg_mqtt_message *) ev_data)->cmd;
    state->acks += cmd == MQTT_CMD_PUBACK || cmd == MQTT_CMD_PUBCOMP;
  }
  if (ev == MG_EV_MQTT_MSG) {
    state->messages++;
    if (state->close_in_message) mg_mqtt_session_close(state->session), state->session = NULL;
  }
}

static struct mg_mgr mgr;
static char url[64];

static void start(enum mood mood, uint16_t keepalive, uint32_t connect_timeout_ms, size_t max_messages) {
  struct mg_mqtt_session_opts opts;
  memset(&opts, 0, sizeof(opts));
  memset(&broker, 0, sizeof(broker));
  memset(&client, 0, sizeof(client));
  broker.mood = mood;
  broker.random = 1;
  opts.size = sizeof(opts);
  opts.url = url;
  opts.login.client_id = mg_str("device");
  opts.login.keepalive = keepalive;
  opts.fn = client_fn;
  opts.fn_data = &client;
  opts.reconnect_min_ms = 1;
  opts.reconnect_max_ms = 4;
  opts.connect_timeout_ms = connect_timeout_ms;
  opts.max_messages = max_messages;
  CHECK((client.session = mg_mqtt_session_open(&mgr, &opts)) != NULL);
}

#define WAIT_FOR(condition) do { \
  for (int i_ = 0; i_ < 20000 && !(condition); i_++) mg_mgr_poll(&mgr, 1); \
  CHECK(condition); \
} while (0)

static void finish(void) {
  struct mg_mqtt_session *session = client.session;
  client.session = NULL;
  mg_mqtt_session_close(session);
  WAIT_FOR(mgr.conns != NULL && mgr.conns->next == NULL);
  CHECK(mgr.timers == NULL);
}

static bool publish(int number, uint8_t qos, uint16_t *id) {
  char text[16];
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .qos = qos};
  mg_snprintf(text, sizeof(text), "%d", number);
  opts.message = mg_str_n(text, strlen(text) + 1);
  return mg_mqtt_session_pub(client.session, &opts, id);
}

static void every_message_arrives(void) {
  int sent = 0;
  start(CAPRICIOUS, 0, 0, 0);
  while (sent < COUNT) {
    // Some while there is no connection, some in bursts.
    for (uint32_t burst = dice(20); burst > 0 && sent < COUNT; burst--, sent++) {
      uint16_t id = 0;
      CHECK(publish(sent, (uint8_t) (1 + sent % 2), &id) && id != 0);
    }
    for (uint32_t polls = dice(10); polls > 0; polls--) mg_mgr_poll(&mgr, 1);
  }
  WAIT_FOR(mg_mqtt_session_pending(client.session) == 0);
  CHECK(broker.num_received == COUNT && broker.connects > 10 && broker.dups > 10);
  for (int i = 0; i < COUNT; i++) {
    CHECK(broker.first_order[i] == i);
    CHECK(i % 2 == 0 ? broker.received[i] >= 1 : broker.received[i] == 1);
  }
  CHECK(client.opens > 10 && client.closes > 10 && client.acks >= COUNT);
  finish();
}

static void messages_wait_for_the_first_connection(void) {
  uint16_t id = 7;
  start(RELIABLE, 0, 0, 2);
  CHECK(!mg_mqtt_session_connected(client.session));
  CHECK(!publish(0, 0, &id) && id == 7);
  CHECK(publish(1, 1, NULL) && publish(2, 2, NULL));
  CHECK(!publish(3, 1, &id) && !publish(3, 3, &id) && id == 7);
  WAIT_FOR(mg_mqtt_session_pending(client.session) == 0);
  CHECK(mg_mqtt_session_connected(client.session));
  CHECK(publish(0, 0, &id) && id == 7);
  WAIT_FOR(broker.num_received == 3);
  CHECK(broker.received[1] == 1 && broker.received[2] == 1 && broker.received[0] == 1);
  finish();
  CHECK(broker.disconnects == 1 && client.closes == 1 && client.errors == 0);
}

static void subscriptions_last(void) {
  struct mg_mqtt_opts a = {.topic = mg_str("a/#"), .qos = 1}, b = {.topic = mg_str("b")}, bad = {.topic = mg_str("c"), .qos = 3};
  start(RELIABLE, 0, 0, 0);
  CHECK(mg_mqtt_session_sub(client.session, &a) && mg_mqtt_session_sub(client.session, &b));
  CHECK(!mg_mqtt_session_sub(client.session, &bad));
  WAIT_FOR(broker.subscribes == 2);
  // The broker knows the session: nothing to do.
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) c->is_closing |= c->is_accepted;
  WAIT_FOR(client.opens == 2 && mg_mqtt_session_connected(client.session));
  CHECK(publish(0, 1, NULL));
  WAIT_FOR(mg_mqtt_session_pending(client.session) == 0);
  CHECK(broker.subscribes == 2);
  CHECK(mg_mqtt_session_unsub(client.session, &b));
  WAIT_FOR(broker.unsubscribes == 1);
  // It has forgotten it: the one that was not ended is renewed.
  broker.known = false;
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) c->is_closing |= c->is_accepted;
  WAIT_FOR(broker.subscribes == 3);
  CHECK(broker.unsubscribes == 1);
  finish();
}

static void repeated_message_comes_once(void) {
  start(REPEATING, 0, 0, 0);
  WAIT_FOR(client.messages == 2);  // the second one is another: the first was released
  CHECK(broker.connects == 3);
  finish();
}

static void silent_broker_is_left(void) {
  start(SILENT, 1, 0, 0);
  WAIT_FOR(broker.connects == 2);
  CHECK(broker.pings == 1 && strcmp(client.error, "MQTT keep-alive timeout") == 0);
  broker.mood = RELIABLE;
  int connects = broker.connects;
  WAIT_FOR(broker.pings >= 3);
  CHECK(broker.connects <= connects + 1);
  finish();
}

static void broker_that_does_not_answer(void) {
  start(NO_CONNACK, 0, 20, 0);
  WAIT_FOR(client.closes == 3);
  CHECK(client.errors >= 3 && strcmp(client.error, "MQTT connect timeout") == 0);
  finish();
}

static void closed_by_its_own_handler(void) {
  start(REPEATING, 0, 0, 0);
  client.close_in_message = true;
  WAIT_FOR(client.messages == 1 && mgr.conns != NULL && mgr.conns->next == NULL);
  CHECK(mgr.timers == NULL && client.session == NULL);
}

static void nobody_there(void) {
  struct mg_mqtt_session_opts opts = {.size = sizeof(opts), .url = "mqtt://127.0.0.1:1", .reconnect_min_ms = 1,
                                      .reconnect_max_ms = 2, .fn = client_fn, .fn_data = &client};
  memset(&client, 0, sizeof(client));
  CHECK((client.session = mg_mqtt_session_open(&mgr, &opts)) != NULL);
  WAIT_FOR(client.closes >= 5);
  finish();
}

static void bad_arguments(void) {
  struct mg_mqtt_session_opts opts = {.size = sizeof(opts), .url = url};
  struct mg_mqtt_opts message = {.topic = mg_str("t"), .qos = 1};
  CHECK(mg_mqtt_session_open(NULL, &opts) == NULL);
  CHECK(mg_mqtt_session_open(&mgr, NULL) == NULL);
  opts.url = NULL;
  CHECK(mg_mqtt_session_open(&mgr, &opts) == NULL);
  opts.url = url, opts.size--;
  CHECK(mg_mqtt_session_open(&mgr, &opts) == NULL);
  opts.size++, opts.login.topic = mg_str("will"), opts.login.qos = 3;
  CHECK(mg_mqtt_session_open(&mgr, &opts) == NULL);
  CHECK(!mg_mqtt_session_pub(NULL, &message, NULL) && !mg_mqtt_session_sub(NULL, &message));
  CHECK(!mg_mqtt_session_unsub(NULL, &message) && mg_mqtt_session_pending(NULL) == 0);
  CHECK(!mg_mqtt_session_connected(NULL));
  mg_mqtt_session_close(NULL);
  CHECK(mgr.timers == NULL);
}

static void manager_goes_first(void) {
  start(RELIABLE, 0, 0, 0);
  CHECK(publish(0, 1, NULL));
  mg_mgr_poll(&mgr, 1);
  mg_mgr_free(&mgr);
  CHECK(client.closes == 1);
  mg_mqtt_session_close(client.session);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", broker_fn, NULL);
  mg_snprintf(url, sizeof(url), "mqtt://127.0.0.1:%hu", mg_ntohs(listener->loc.port));
  every_message_arrives();
  messages_wait_for_the_first_connection();
  subscriptions_last();
  repeated_message_comes_once();
  silent_broker_is_left();
  broker_that_does_not_answer();
  closed_by_its_own_handler();
  nobody_there();
  bad_arguments();
  manager_goes_first();
  return 0;
}
