// The packets that the sending functions append, byte for byte, in MQTT 3.1.1 and 5.

#include "mongoose.h"

static struct mg_connection *s_c;
static char s_error[100];

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), " ERROR(%s)", (char *) ev_data);
  (void) c;
}

// Prints what stands in the buffer and empties it.
static void show(const char *label) {
  size_t n = s_c->send.len;
  printf("%s:", label);
  for (size_t i = 0; i < n && i < 100; i++) printf(" %02x", s_c->send.buf[i]);
  if (n > 100) printf(" ... %lu bytes", (unsigned long) n);
  printf("%s\n", s_error);
  s_c->send.len = 0, s_error[0] = '\0';
}

static void header(const char *label, uint8_t cmd, uint8_t flags, uint32_t len) {
  mg_mqtt_send_header(s_c, cmd, flags, len);
  show(label);
}

static void publish(const char *label, struct mg_mqtt_opts *opts) {
  unsigned id = mg_mqtt_pub(s_c, opts);
  char text[100];
  snprintf(text, sizeof(text), "%s returns %u, mqtt_id %u", label, id, s_c->mgr->mqtt_id);
  show(text);
}

static void subscribe(const char *label, struct mg_mqtt_opts *opts) {
  char text[100];
  mg_mqtt_sub(s_c, opts);
  snprintf(text, sizeof(text), "sub %s, mqtt_id %u", label, s_c->mgr->mqtt_id);
  show(text);
}

static void unsubscribe(const char *label, struct mg_mqtt_opts *opts) {
  char text[100];
  mg_mqtt_unsub(s_c, opts);
  snprintf(text, sizeof(text), "unsub %s, mqtt_id %u", label, s_c->mgr->mqtt_id);
  show(text);
}

static void all(const char *version, bool v5) {
  static char big[70000];
  char label[60];
  struct mg_mqtt_prop one[] = {{.id = MQTT_PROP_SUBSCRIPTION_IDENTIFIER, .iv = 5}};
  struct mg_mqtt_prop each[] = {
      {.id = MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, .iv = 0x101},
      {.id = MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, .iv = 0x01020304},
      {.id = MQTT_PROP_TOPIC_ALIAS, .iv = 0xff0203},
      {.id = MQTT_PROP_SUBSCRIPTION_IDENTIFIER, .iv = 300},
      {.id = MQTT_PROP_CORRELATION_DATA, .val = mg_str_n("\0\1", 2)},
      {.id = MQTT_PROP_RESPONSE_TOPIC, .key = mg_str("ignored"), .val = mg_str("r/t")},
      {.id = MQTT_PROP_USER_PROPERTY, .key = mg_str("k"), .val = mg_str("v")},
      {.id = MQTT_PROP_CONTENT_TYPE, .val = mg_str("")},
  };
  s_c->is_mqtt5 = v5;
  memset(big, 'x', sizeof(big));
#define LABEL(text) (snprintf(label, sizeof(label), "%s %s", version, text), label)
#define OPTS(...) (&(struct mg_mqtt_opts){__VA_ARGS__})
#define AB .topic = mg_str("a/b"), .message = mg_str("hi")
  publish(LABEL("pub"), OPTS(AB));
  publish(LABEL("pub, retain"), OPTS(AB, .retain = true));
  publish(LABEL("pub, qos 1"), OPTS(AB, .qos = 1));
  publish(LABEL("pub, qos 2"), OPTS(AB, .qos = 2));
  publish(LABEL("pub, qos 2, retain"), OPTS(AB, .qos = 2, .retain = true));
  publish(LABEL("pub, qos 0, again"), OPTS(AB, .retransmit_id = 0x1234));
  publish(LABEL("pub, qos 1, again"), OPTS(AB, .qos = 1, .retransmit_id = 0x1234));
  publish(LABEL("pub, qos 2, again, retain"), OPTS(AB, .qos = 2, .retain = true, .retransmit_id = 65535));
  publish(LABEL("pub, empty message"), OPTS(.topic = mg_str("a")));
  publish(LABEL("pub, one byte"), OPTS(.topic = mg_str("a"), .message = mg_str("x")));
  publish(LABEL("pub, empty topic"), OPTS(.message = mg_str("x")));
  publish(LABEL("pub, login members do not matter"),
          OPTS(AB, .user = mg_str("u"), .pass = mg_str("p"), .client_id = mg_str("c"), .keepalive = 5, .clean = true, .version = 5));
  publish(LABEL("pub, one property"), OPTS(AB, .qos = 1, .props = each, .num_props = 1));
  publish(LABEL("pub, a property of each type"), OPTS(AB, .qos = 1, .props = each, .num_props = 8));
  publish(LABEL("pub, length 127"), OPTS(.topic = mg_str("a"), .message = mg_str_n(big, v5 ? 123 : 124)));
  publish(LABEL("pub, length 128"), OPTS(.topic = mg_str("a"), .message = mg_str_n(big, v5 ? 124 : 125)));
  publish(LABEL("pub, length 16384"), OPTS(.topic = mg_str("a"), .message = mg_str_n(big, v5 ? 16380 : 16381)));
  publish(LABEL("pub, a large message"), OPTS(.topic = mg_str("a"), .message = mg_str_n(big, sizeof(big))));
  publish(LABEL("pub, the longest topic"), OPTS(.topic = mg_str_n(big, 65535)));
  subscribe(LABEL("qos 0"), OPTS(.topic = mg_str("a/#")));
  subscribe(LABEL("qos 1"), OPTS(.topic = mg_str("a/#"), .qos = 1));
  subscribe(LABEL("qos 2"), OPTS(.topic = mg_str("+/b"), .qos = 2));
  subscribe(LABEL("retain and message do not matter"), OPTS(AB, .retain = true));
  subscribe(LABEL("retransmit_id does not matter"), OPTS(AB, .retransmit_id = 7));
  subscribe(LABEL("one property"), OPTS(.topic = mg_str("a"), .qos = 1, .props = one, .num_props = 1));
  subscribe(LABEL("empty topic"), OPTS(.qos = 1));
  unsubscribe(LABEL("qos 0"), OPTS(.topic = mg_str("a/#")));
  unsubscribe(LABEL("qos 2"), OPTS(.topic = mg_str("a"), .qos = 2));
  unsubscribe(LABEL("user property"), OPTS(.topic = mg_str("a"), .props = each + 6, .num_props = 1));
  mg_mqtt_ping(s_c), show(LABEL("ping"));
  mg_mqtt_pong(s_c), show(LABEL("pong"));
  mg_mqtt_disconnect(s_c, OPTS(0)), show(LABEL("disconnect"));
  mg_mqtt_disconnect(s_c, OPTS(.topic = mg_str("a"), .qos = 1)), show(LABEL("disconnect, topic does not matter"));
  each[0] = (struct mg_mqtt_prop){.id = MQTT_PROP_REASON_STRING, .val = mg_str("bye")};
  mg_mqtt_disconnect(s_c, OPTS(.props = each, .num_props = 1)), show(LABEL("disconnect, reason"));
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_set_fn(no_log, NULL);
  mg_mgr_init(&mgr);
  s_c = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", handler, NULL);
  header("header, 0", 3, 0xd, 0);
  header("header, 127", 3, 0xd, 127);
  header("header, 128", 3, 0xd, 128);
  header("header, 16383", 3, 0xd, 16383);
  header("header, 16384", 3, 0xd, 16384);
  header("header, 2097151", 3, 0xd, 2097151);
  header("header, 2097152", 3, 0xd, 2097152);
  header("header, 268435455", 3, 0xd, 268435455);
  header("header, all flags", 0x13, 0xff, 0);
  header("header, command 0", 0, 0, 2);
  header("header, connack", MQTT_CMD_CONNACK, 0, 2);
  // The reference writes what no peer can read.
  header("header, 268435456", 3, 0xd, 268435456);
  header("header, 4294967295", 3, 0xd, 4294967295u);
  s_c->is_closing = 0;
  all("v4", false);
  all("v5", true);
  // Packets inside WebSocket.
  s_c->is_mqtt5 = 0;
  mg_mqtt_pub(s_c, OPTS(AB)), mg_mqtt_ping(s_c);
  size_t wrapped = mg_ws_wrap(s_c, s_c->send.len, WEBSOCKET_OP_BINARY);
  printf("wrapped: %lu\n", (unsigned long) wrapped), show("in a WebSocket frame");
  // No conforming peer takes these.
  s_c->is_mqtt5 = 0;
  mgr.mqtt_id = 100;
  for (unsigned qos = 3; qos < 6; qos++) {
    char label[40];
    mg_mqtt_pub(s_c, OPTS(AB, .qos = (uint8_t) qos));
    snprintf(label, sizeof(label), "pub, qos %u", qos), show(label);
  }
  printf("mqtt_id after them: %u\n", mgr.mqtt_id);
  mgr.mqtt_id = 100;
  mg_mqtt_sub(s_c, OPTS(.topic = mg_str("a"), .qos = 7)), show("sub, qos 7");
  s_c->is_mqtt5 = 1;
  struct mg_mqtt_prop unknown[] = {{.id = 0x7f, .iv = 1}, {.id = MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, .iv = 1}};
  mg_mqtt_pub(s_c, OPTS(AB, .props = unknown, .num_props = 2)), show("pub, unknown property");
  mg_mgr_free(&mgr);
  return 0;
}
