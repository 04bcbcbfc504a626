// What a client says to a real broker: options of CONNECT, wills, properties both ways, payloads of any size.
// Arguments: URL and version. Exit status 0 if everything came as expected.

#include "mongoose.h"

#define CHECK(x) ((x) ? (void) 0 : (printf("version %d, %d: %s\n", s_version, __LINE__, #x), exit(1)))
#define OPTS(...) (&(struct mg_mqtt_opts){.version = s_version, .clean = true, __VA_ARGS__})

struct client {
  int code, msgs, subacks, completed, pongs;
  bool open, error, closed;
  char topic[100], user_property[100], content_type[100];
  uint8_t qos, retain;
  size_t len;
  uint32_t crc;
};

static uint8_t s_version;
static const char *s_url;
static struct mg_mgr s_mgr;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct client *client = (struct client *) c->fn_data;
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_MQTT_OPEN) client->open = true, client->code = *(int *) ev_data;
  if (ev == MG_EV_ERROR) client->error = true, printf("%s\n", (char *) ev_data);
  if (ev == MG_EV_CLOSE) client->closed = true;
  if (ev == MG_EV_MQTT_CMD) {
    client->subacks += m->cmd == MQTT_CMD_SUBACK || m->cmd == MQTT_CMD_UNSUBACK;
    client->completed += m->cmd == MQTT_CMD_PUBACK || m->cmd == MQTT_CMD_PUBCOMP;
    client->pongs += m->cmd == MQTT_CMD_PINGRESP;
  }
  if (ev == MG_EV_MQTT_MSG) {
    struct mg_mqtt_prop p;
    client->msgs++, client->len = m->data.len, client->qos = m->qos, client->retain = m->dgram.buf[0] & 1;
    client->crc = mg_crc32(0, m->data.buf, m->data.len);
    snprintf(client->topic, sizeof(client->topic), "%.*s", (int) m->topic.len, m->topic.buf);
    for (size_t ofs = 0; (ofs = mg_mqtt_next_prop(m, &p, ofs)) > 0;) {
      if (p.id == MQTT_PROP_CONTENT_TYPE) snprintf(client->content_type, 100, "%.*s", (int) p.val.len, p.val.buf);
      if (p.id == MQTT_PROP_USER_PROPERTY) snprintf(client->user_property, 100, "%.*s=%.*s", (int) p.key.len, p.key.buf, (int) p.val.len, p.val.buf);
    }
  }
}

static bool poll_until(const bool *flag, const int *count, int wanted) {
  for (int i = 0; i < 1000 && (flag != NULL ? !*flag : *count < wanted); i++) mg_mgr_poll(&s_mgr, 10);
  return flag != NULL ? *flag : *count == wanted;
}

static struct mg_connection *open_client(struct client *client, struct mg_mqtt_opts *opts) {
  memset(client, 0, sizeof(*client));
  struct mg_connection *c = mg_mqtt_connect(&s_mgr, s_url, opts, handler, client);
  CHECK(c != NULL && poll_until(&client->open, NULL, 0) && client->code == 0);
  return c;
}

static void close_client(struct mg_connection *c, struct client *client) {
  mg_mqtt_disconnect(c, OPTS(0));
  c->is_draining = 1;
  CHECK(poll_until(&client->closed, NULL, 0) && !client->error);
}

int main(int argc, char *argv[]) {
  static char big[1000000];
  struct client a, b;
  struct mg_connection *ca, *cb;
  CHECK(argc == 3);
  s_url = argv[1], s_version = (uint8_t) atoi(argv[2]);
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);

  // Options that do not need a will, and a password alone.
  ca = open_client(&a, OPTS(.qos = 1, .retain = true)), close_client(ca, &a);
  ca = open_client(&a, OPTS(.pass = mg_str("pw"))), close_client(ca, &a);
  ca = open_client(&a, OPTS(.user = mg_str("bob"), .pass = mg_str("pw"), .client_id = mg_str("b"), .keepalive = 60)), close_client(ca, &a);
  ca = open_client(&a, NULL), close_client(ca, &a);

  // Payloads of every size and quality of service come back as they were.
  ca = open_client(&a, OPTS(0));
  mg_mqtt_sub(ca, OPTS(.topic = mg_str("t/#"), .qos = 2));
  CHECK(poll_until(NULL, &a.subacks, 1));
  for (size_t i = 0; i < sizeof(big); i++) big[i] = (char) (i * 7 + (i >> 8));
  for (uint8_t qos = 0; qos < 3; qos++) {
    static const size_t sizes[] = {0, 1, 2, 3, 100, 127, 128, 16384, sizeof(big)};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
      struct mg_str message = mg_str_n(big, sizes[i]);
      int msgs = a.msgs, completed = a.completed;
      mg_mqtt_pub(ca, OPTS(.topic = mg_str("t/sizes"), .message = message, .qos = qos));
      CHECK(poll_until(NULL, &a.msgs, msgs + 1));
      CHECK(a.len == message.len && a.crc == mg_crc32(0, message.buf, message.len) && a.qos == qos);
      CHECK(poll_until(NULL, &a.completed, completed + (qos > 0)));
    }
  }
  mg_mqtt_ping(ca);
  CHECK(poll_until(NULL, &a.pongs, 1));

  // Many at once; the broker has at most 20 of them under way.
  int msgs = a.msgs;
  for (int i = 0; i < 15; i++) mg_mqtt_pub(ca, OPTS(.topic = mg_str("t/many"), .message = mg_str("x"), .qos = 2));
  CHECK(poll_until(NULL, &a.msgs, msgs + 15));

  // Properties arrive, which version 4 does not have.
  struct mg_mqtt_prop props[] = {{.id = MQTT_PROP_CONTENT_TYPE, .val = mg_str("text/plain")},
                                 {.id = MQTT_PROP_USER_PROPERTY, .key = mg_str("k"), .val = mg_str("v")}};
  msgs = a.msgs;
  mg_mqtt_pub(ca, OPTS(.topic = mg_str("t/props"), .message = mg_str("x"), .props = props, .num_props = 2));
  CHECK(poll_until(NULL, &a.msgs, msgs + 1) && a.len == 1);
  CHECK(strcmp(a.content_type, s_version == 5 ? "text/plain" : "") == 0);
  CHECK(strcmp(a.user_property, s_version == 5 ? "k=v" : "") == 0);

  // A will comes when the connection breaks, and not after a goodbye.
  msgs = a.msgs;
  struct mg_mqtt_prop will_props[] = {{.id = MQTT_PROP_CONTENT_TYPE, .val = mg_str("will")}};
#define WILL .topic = mg_str("t/will"), .message = mg_str("gone"), .qos = 1, .will_props = will_props, .num_will_props = 1
  cb = open_client(&b, OPTS(WILL)), close_client(cb, &b);
  cb = open_client(&b, OPTS(WILL));
  cb->is_closing = 1;
  CHECK(poll_until(NULL, &a.msgs, msgs + 1));
  CHECK(strcmp(a.topic, "t/will") == 0 && a.len == 4 && a.qos == 1 && a.retain == 0);
  CHECK(s_version != 5 || strcmp(a.content_type, "will") == 0);

  // Retained messages come to a new subscriber until they are removed.
  mg_mqtt_pub(ca, OPTS(.topic = mg_str("t/kept"), .message = mg_str("kept"), .qos = 1, .retain = true));
  CHECK(poll_until(NULL, &a.msgs, msgs + 2));
  cb = open_client(&b, OPTS(0));
  mg_mqtt_sub(cb, OPTS(.topic = mg_str("t/kept"), .qos = 1));
  CHECK(poll_until(NULL, &b.msgs, 1) && b.len == 4 && b.retain == 1);
  mg_mqtt_pub(ca, OPTS(.topic = mg_str("t/kept"), .retain = true));
  CHECK(poll_until(NULL, &b.msgs, 2) && b.len == 0);

  // After unsubscribing nothing comes any more: the ping answers first.
  mg_mqtt_unsub(cb, OPTS(.topic = mg_str("t/kept")));
  CHECK(poll_until(NULL, &b.subacks, 2));
  mg_mqtt_pub(cb, OPTS(.topic = mg_str("t/kept"), .message = mg_str("x")));
  mg_mqtt_ping(cb);
  CHECK(poll_until(NULL, &b.pongs, 1) && b.msgs == 2);
  close_client(cb, &b), close_client(ca, &a);
  mg_mgr_free(&s_mgr);
  return 0;
}
