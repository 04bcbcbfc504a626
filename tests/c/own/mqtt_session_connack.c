// A session heeds what a broker of MQTT 5 says in CONNACK: Server Keep Alive (3.2.2.3.14) and Maximum Packet Size (3.2.2.3.6).

#include "../limits.h"

static struct mg_mgr s_mgr;
static int s_pings, s_largest, s_connects;

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_MQTT_CMD) return;
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  static const uint8_t connack[] = {0x20, 11, 0, 0, 8, 0x13, 0, 1, 0x27, 0, 0, 0, 100};
  static const uint8_t pong[] = {0xd0, 0};
  if ((int) m->dgram.len > s_largest && m->cmd == MQTT_CMD_PUBLISH) s_largest = (int) m->dgram.len;
  if (m->cmd == MQTT_CMD_CONNECT) s_connects++, mg_send(c, connack, sizeof(connack));
  if (m->cmd == MQTT_CMD_PINGREQ) s_pings++, mg_send(c, pong, sizeof(pong));
  if (m->cmd == MQTT_CMD_PUBLISH && m->qos == 1) {
    uint8_t puback[] = {0x40, 2, (uint8_t) (m->id >> 8), (uint8_t) m->id};
    mg_send(c, puback, sizeof(puback));
  }
}

static bool publish(struct mg_mqtt_session *s, uint8_t qos, size_t size) {
  static char text[500];
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .qos = qos, .message = mg_str_n(text, size)};
  return mg_mqtt_session_pub(s, &opts, NULL);
}

int main(void) {
  char url[50];
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  struct mg_connection *l = mg_mqtt_listen(&s_mgr, "mqtt://127.0.0.1:0", broker, NULL);
  snprintf(url, sizeof(url), "mqtt://127.0.0.1:%u", mg_ntohs(l->loc.port));
  struct mg_mqtt_session_opts opts = {.size = sizeof(opts), .url = url, .login = {.keepalive = 60, .version = 5}};
  struct mg_mqtt_session *s = mg_mqtt_session_open(&s_mgr, &opts);
  CHECK(s != NULL);
  CHECK(publish(s, 1, 400));  // kept, nobody knows yet that it is too large
  CHECK(publish(s, 1, 10));
  WAIT_FOR(&s_mgr, mg_mqtt_session_connected(s));
  WAIT_FOR(&s_mgr, mg_mqtt_session_pending(s) == 0);
  CHECK(!publish(s, 1, 400) && !publish(s, 0, 400));
  CHECK(publish(s, 1, 80) && publish(s, 0, 80));
  WAIT_FOR(&s_mgr, mg_mqtt_session_pending(s) == 0);
  // One per second instead of one per minute.
  WAIT_FOR(&s_mgr, s_pings == 2);
  CHECK(s_connects == 1 && s_largest > 80 && s_largest <= 100);
  mg_mqtt_session_close(s);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 1);
  mg_mgr_free(&s_mgr);
  return 0;
}
