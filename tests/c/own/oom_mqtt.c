// MQTT, a small broker and a client, when memory runs out at any allocation: the connection concerned gets MG_EV_ERROR, or the
// function fails; others go on, nothing leaks, and the next session works.

#include "../failing_allocator.h"

static char big[30000];
static int version, messages;
static bool closed;

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev != MG_EV_MQTT_CMD) return;
  struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
  if (mm->cmd == MQTT_CMD_CONNECT) {
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, version == 5 ? 3 : 2);
    mg_send(c, "\0\0\0", version == 5 ? 3 : 2);
  } else if (mm->cmd == MQTT_CMD_SUBSCRIBE) {
    uint16_t id = mg_htons(mm->id);
    mg_mqtt_send_header(c, MQTT_CMD_SUBACK, 0, version == 5 ? 4 : 3);
    mg_send(c, &id, 2);
    mg_send(c, "\0\2", version == 5 ? 2 : 1);
  } else if (mm->cmd == MQTT_CMD_PUBLISH) {
    struct mg_mqtt_opts opts = {.topic = mm->topic, .message = mm->data, .qos = mm->qos, .version = (uint8_t) version};
    mg_mqtt_pub(c, &opts);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  struct mg_mqtt_prop props[] = {{.id = MQTT_PROP_USER_PROPERTY, .key = mg_str("k"), .val = mg_str("v")}};
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .qos = 2, .version = (uint8_t) version};
  if (version == 5) opts.props = props, opts.num_props = 1;
  if (ev == MG_EV_MQTT_OPEN) {
    mg_mqtt_sub(c, &opts);
    for (opts.qos = 0; opts.qos < 3; opts.qos++) {
      opts.message = opts.qos == 1 ? mg_str(big) : mg_str("small");
      if (!c->is_closing) is(mg_mqtt_pub(c, &opts) > 0 || opts.qos == 0);
    }
    mg_mqtt_ping(c);
  } else if (ev == MG_EV_MQTT_MSG) {
    if (++messages == 3) {
      mg_mqtt_disconnect(c, &opts);
      c->is_draining = 1;
    }
  } else if (ev == MG_EV_CLOSE) {
    closed = true;
  }
}

static bool session(struct world *w) {
  char url[64];
  struct mg_mqtt_opts opts = {.client_id = mg_str("me"), .user = mg_str("user"), .pass = mg_str("password"), .topic = mg_str("will"),
                              .message = mg_str("gone"), .keepalive = 60, .version = (uint8_t) version};
  messages = 0;
  closed = false;
  begin(w);
  begin_faults(w);
  struct mg_connection *l = mg_mqtt_listen(&w->mgr, "mqtt://127.0.0.1:0", broker, NULL);
  if (is(l != NULL)) {
    mg_snprintf(url, sizeof(url), "mqtt://127.0.0.1:%d", mg_ntohs(l->loc.port));
    if (is(mg_mqtt_connect(&w->mgr, url, &opts, client, NULL) != NULL)) poll_until(&w->mgr, &closed);
  }
  end(w);
  return messages == 3;
}

int main(void) {
  memset(big, 'x', sizeof(big) - 1);
  version = 4;
  every_allocation("MQTT 3.1.1", session);
  version = 5;
  every_allocation("MQTT 5", session);
  return 0;
}
