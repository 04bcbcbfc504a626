// A handler that closes its own connection in one event, whichever it is, gets MG_EV_CLOSE and then nothing more.
// The reference goes on with freed memory.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static int close_at, closed_at;
static bool on_client;
static unsigned long gone_id;
static int events_after, last_event;

// Returns true when the connection is gone.
static bool maybe_close(struct mg_connection *c, int ev) {
  if (c->id == gone_id) {
    events_after++;
    last_event = ev;
  } else if (ev == MG_EV_CLOSE && (bool) c->is_client == on_client && !c->is_listening && closed_at) {
    gone_id = c->id;
  }
  if (ev == close_at && !closed_at && !c->is_listening && (bool) c->is_client == on_client) {
    closed_at = ev;
    mg_close_conn(c);
  }
  return c->id == gone_id;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (maybe_close(c, ev)) return;
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    mg_ws_upgrade(c, hm, NULL);
  }
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT);
    mg_ws_send(c, "p", 1, WEBSOCKET_OP_PING);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (maybe_close(c, ev)) return;
  if (ev == MG_EV_WS_OPEN) {
    mg_ws_send(c, "a", 1, WEBSOCKET_OP_TEXT);
    mg_ws_send(c, "b", 1, WEBSOCKET_OP_TEXT);
  }
  if (ev == MG_EV_WS_CTL) c->is_draining = 1;
  (void) ev_data;
}

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
  if (maybe_close(c, ev)) return;
  if (ev == MG_EV_MQTT_CMD && mm->cmd == MQTT_CMD_CONNECT) {
    uint8_t ok[] = {0, 0};
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, sizeof(ok));
    mg_send(c, ok, sizeof(ok));
  } else if (ev == MG_EV_MQTT_CMD && mm->cmd == MQTT_CMD_PUBLISH) {
    struct mg_mqtt_opts opts = {.topic = mm->topic, .message = mm->data};
    mg_mqtt_pub(c, &opts);
    mg_mqtt_pub(c, &opts);
  }
}

static void subscriber(struct mg_connection *c, int ev, void *ev_data) {
  if (maybe_close(c, ev)) return;
  if (ev == MG_EV_MQTT_OPEN) {
    struct mg_mqtt_opts opts = {.topic = mg_str("t"), .message = mg_str("m"), .qos = 1};
    mg_mqtt_pub(c, &opts);
  }
  if (ev == MG_EV_MQTT_MSG) c->is_draining = 1;
  (void) ev_data;
}

static bool run(bool mqtt) {
  struct mg_mgr mgr;
  char url[64];
  closed_at = 0, gone_id = 0, events_after = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mqtt ? mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", broker, NULL)
                                 : mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  CHECK(l != NULL);
  mg_snprintf(url, sizeof(url), "%s://127.0.0.1:%u/ws", mqtt ? "mqtt" : "ws", mg_ntohs(l->loc.port));
  if (mqtt) mg_mqtt_connect(&mgr, url, NULL, subscriber, NULL);
  else mg_ws_connect(&mgr, url, client, NULL, NULL);
  for (int i = 0; i < 200 && mgr.conns != NULL && (mgr.conns != l || l->next != NULL || i < 3); i++) mg_mgr_poll(&mgr, 5);
  mg_mgr_free(&mgr);
  if (events_after > 0) printf("closed at %d: %d events followed, the last was %d\n", closed_at, events_after, last_event);
  CHECK(events_after == 0);
  return closed_at != 0;
}

int main(void) {
  int happened = 0;
  mg_log_set(MG_LL_NONE);
  for (int side = 0; side < 2; side++) {
    for (close_at = MG_EV_OPEN; close_at < MG_EV_USER; close_at++) {
      on_client = side == 1;
      happened += run(false);
      happened += run(true);
    }
  }
  // OPEN, POLL, READ, WRITE on both sides of both protocols, CONNECT or ACCEPT, and those of the protocols.
  CHECK(happened >= 26);
  return 0;
}
