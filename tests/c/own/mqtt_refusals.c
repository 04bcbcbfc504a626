// What has no encoding is refused with MG_EV_ERROR: nothing is appended and no packet id is used. The reference sends
// packets that no peer can read, and runs over a buffer of its own for large numbers. NULL stands for no options
// everywhere, where the reference crashes.

#include "mongoose.h"

#define CHECK(x) ((x) ? (void) 0 : (printf("%d: %s\n", __LINE__, #x), exit(1)))
#define OPTS(...) (&(struct mg_mqtt_opts){__VA_ARGS__})

static char s_error[100], s_big[100000];
static struct mg_connection *s_c;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  (void) c;
}

static bool refused(const char *text) {
  bool is = strcmp(s_error, text) == 0 && s_c->send.len == 0 && s_c->is_closing && s_c->mgr->mqtt_id == 5;
  if (!is) printf("%s, %lu bytes, id %u\n", s_error, (unsigned long) s_c->send.len, s_c->mgr->mqtt_id);
  s_error[0] = '\0', s_c->send.len = 0, s_c->is_closing = 0, s_c->mgr->mqtt_id = 5;
  return is;
}

static bool sent(size_t len) {
  bool is = s_error[0] == '\0' && s_c->send.len == len;
  if (!is) printf("%s, %lu bytes\n", s_error, (unsigned long) s_c->send.len);
  s_c->send.len = 0;
  return is;
}

static bool is_publish(const char *packet, size_t len) {
  bool is = s_c->send.len >= len && memcmp(s_c->send.buf + s_c->send.len - len, packet, len) == 0;
  return is;
}

int main(void) {
  struct mg_mgr mgr;
  struct mg_mqtt_message m;
  struct mg_mqtt_prop p = {.id = 9};
  const char *too_long = "MQTT string exceeds 65535 bytes", *too_large = "MQTT packet or number exceeds 268435455";
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = s_c = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", handler, NULL);
  memset(s_big, 'x', sizeof(s_big));
  mgr.mqtt_id = 5;
  struct mg_str big = mg_str_n(s_big, 65536), max = mg_str_n(s_big, 65535);

  CHECK(mg_mqtt_pub(c, OPTS(.topic = big)) == 0 && refused(too_long));
  CHECK(mg_mqtt_pub(c, OPTS(.topic = big, .qos = 1)) == 0 && refused(too_long));
  CHECK(mg_mqtt_pub(c, OPTS(.topic = big, .qos = 1, .retransmit_id = 7)) == 0 && refused(too_long));
  CHECK(mg_mqtt_pub(c, OPTS(.topic = mg_str("t"), .message = mg_str_n(s_big, sizeof(s_big)))) == 0 && sent(1 + 3 + 3 + sizeof(s_big)));
  mg_mqtt_sub(c, OPTS(.topic = big)), CHECK(refused(too_long));
  mg_mqtt_unsub(c, OPTS(.topic = big)), CHECK(refused(too_long));
  mg_mqtt_login(c, OPTS(.client_id = big)), CHECK(refused(too_long));
  mg_mqtt_login(c, OPTS(.user = big)), CHECK(refused(too_long));
  mg_mqtt_login(c, OPTS(.pass = big)), CHECK(refused(too_long));
  mg_mqtt_login(c, OPTS(.topic = big)), CHECK(refused(too_long));
  mg_mqtt_login(c, OPTS(.topic = mg_str("t"), .message = big)), CHECK(refused(too_long));
  mg_mqtt_login(c, OPTS(.message = big, .client_id = mg_str("c"))), CHECK(sent(15));  // there is no will
  mg_mqtt_login(c, OPTS(.topic = max, .message = max, .client_id = max, .user = max, .pass = max)), CHECK(sent(1 + 3 + 10 + 5 * 65537));

  c->is_mqtt5 = 1;
  struct mg_mqtt_prop number = {.id = MQTT_PROP_SUBSCRIPTION_IDENTIFIER, .iv = 1u << 28};
  struct mg_mqtt_prop text = {.id = MQTT_PROP_CONTENT_TYPE, .val = big};
  struct mg_mqtt_prop key = {.id = MQTT_PROP_USER_PROPERTY, .key = big};
  CHECK(mg_mqtt_pub(c, OPTS(.topic = mg_str("t"), .props = &number, .num_props = 1)) == 0 && refused(too_large));
  number.iv = ~0u;
  CHECK(mg_mqtt_pub(c, OPTS(.topic = mg_str("t"), .props = &number, .num_props = 1)) == 0 && refused(too_large));
  number.iv = (1u << 28) - 1;
  CHECK(mg_mqtt_pub(c, OPTS(.topic = mg_str("t"), .props = &number, .num_props = 1)) == 0 && sent(11));
  mg_mqtt_sub(c, OPTS(.topic = mg_str("t"), .props = &text, .num_props = 1)), CHECK(refused(too_long));
  mg_mqtt_unsub(c, OPTS(.topic = mg_str("t"), .props = &key, .num_props = 1)), CHECK(refused(too_long));
  mg_mqtt_disconnect(c, OPTS(.props = &key, .num_props = 1)), CHECK(refused(too_long));
  mg_mqtt_disconnect(c, OPTS(.num_props = 3)), CHECK(sent(4));
  mg_mqtt_login(c, OPTS(.version = 5, .topic = mg_str("t"), .will_props = &key, .num_will_props = 1)), CHECK(refused(too_long));
  mg_mqtt_send_header(c, MQTT_CMD_PUBLISH, 0, 1u << 28), CHECK(refused(too_large));

  // No options, no connection, no manager.
  mg_mqtt_disconnect(c, NULL), CHECK(sent(4));
  CHECK(mg_mqtt_pub(c, NULL) == 0 && sent(5));
  mg_mqtt_sub(c, NULL), CHECK(sent(8));
  mg_mqtt_unsub(c, NULL), CHECK(sent(7));
  mg_mqtt_login(c, NULL), CHECK(sent(33));
  mg_mqtt_disconnect(c, NULL), CHECK(sent(2));
  mg_mqtt_disconnect(NULL, NULL), mg_mqtt_login(NULL, NULL), mg_mqtt_sub(NULL, NULL), mg_mqtt_unsub(NULL, NULL);
  mg_mqtt_ping(NULL), mg_mqtt_pong(NULL), mg_mqtt_send_header(NULL, 1, 1, 1);
  CHECK(mg_mqtt_pub(NULL, NULL) == 0);
  CHECK(mg_mqtt_connect(NULL, "mqtt://127.0.0.1", NULL, NULL, NULL) == NULL);
  CHECK(mg_mqtt_connect(&mgr, NULL, NULL, NULL, NULL) == NULL);
  CHECK(mg_mqtt_listen(&mgr, NULL, NULL, NULL) == NULL && mg_mqtt_listen(NULL, "mqtt://127.0.0.1:0", NULL, NULL) == NULL);
  CHECK(mg_mqtt_parse(NULL, 5, 4, &m) == MQTT_INCOMPLETE && m.dgram.len == 0);
  CHECK(mg_mqtt_parse((uint8_t *) "\xc0\x00", 2, 4, NULL) == MQTT_MALFORMED);
  CHECK(mg_mqtt_next_prop(NULL, &p, 0) == 0 && p.id == 9);
  CHECK(mg_mqtt_parse((uint8_t *) "\x30\x06\x00\x01" "a\x02\x01\x05", 8, 5, &m) == MQTT_OK && mg_mqtt_next_prop(&m, NULL, 0) == 0);
  m.props_start = (size_t) -1;
  CHECK(mg_mqtt_next_prop(&m, &p, 0) == 0 && p.id == 9);

  // What is published may lie in the buffer that has to grow for it.
  for (int i = 0; i < 8; i++) {
    size_t n = c->send.len;
    c->send.size == 0 ? mg_send(c, s_big, 10) : 0;
    mg_mqtt_pub(c, OPTS(.topic = mg_str("t"), .message = mg_str_n((char *) c->send.buf, c->send.len)));
    CHECK(s_error[0] == '\0' && c->send.len >= 2 * n + 5);
    CHECK(n == 0 || is_publish((char *) c->send.buf, n));
    c->send.len = c->send.size;
  }
  mg_mgr_free(&mgr);
  return 0;
}
