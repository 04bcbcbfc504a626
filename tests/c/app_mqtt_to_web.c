// Messages of a broker shown on the web: an MQTT client whose last values an HTTP server of the same manager answers, and
// WebSocket clients get at once.

#include "loop.h"

static char s_last[100];
static bool s_ready;

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev != MG_EV_MQTT_CMD) return;
  if (m->cmd == MQTT_CMD_CONNECT) mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, 2), mg_send(c, "\0\0", 2);
  if (m->cmd == MQTT_CMD_SUBSCRIBE) {
    uint8_t id[3] = {(uint8_t) (m->id >> 8), (uint8_t) m->id, 0};
    mg_mqtt_send_header(c, MQTT_CMD_SUBACK, 0, 3), mg_send(c, id, 3);
    for (int i = 1; i <= 3; i++) {
      char text[20];
      mg_snprintf(text, sizeof(text), "{%m:%d.5}", MG_ESC("t"), 20 + i);
      struct mg_mqtt_opts opts = {.topic = mg_str("sensor/t"), .message = mg_str(text)};
      mg_mqtt_pub(c, &opts);
    }
  }
}

static void sensor(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_MQTT_OPEN) {
    struct mg_mqtt_opts opts = {.topic = mg_str("sensor/+")};
    mg_mqtt_sub(c, &opts);
  } else if (ev == MG_EV_MQTT_MSG) {
    struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
    double t = 0;
    if (!mg_json_get_num(m->data, "$.t", &t)) return;
    mg_snprintf(s_last, sizeof(s_last), "{%m:%m,%m:%g}", MG_ESC("topic"), mg_print_esc, (int) m->topic.len, m->topic.buf, MG_ESC("value"), t);
    for (struct mg_connection *w = c->mgr->conns; w != NULL; w = w->next) {
      if (w->is_websocket && w->is_accepted) mg_ws_send(w, s_last, strlen(s_last), WEBSOCKET_OP_TEXT);
    }
  }
}

static void web(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/ws"), NULL)) mg_ws_upgrade(c, hm, NULL);
  else mg_http_reply(c, s_last[0] ? 200 : 503, "Content-Type: application/json\r\n", "%s\n", s_last[0] ? s_last : "null");
}

static void browser(struct mg_connection *c, int ev, void *ev_data) {
  (void) c;
  if (ev == MG_EV_WS_OPEN) s_ready = true;
  if (ev == MG_EV_WS_MSG) add("%.*s\n", (int) ((struct mg_ws_message *) ev_data)->data.len, ((struct mg_ws_message *) ev_data)->data.buf);
}

int main(void) {
  start();
  struct mg_connection *b = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", broker, NULL);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", web, NULL);
  ask(l, "before", "GET / HTTP/1.1\r\n\r\n");
  mg_ws_connect(&mgr, url_of("ws", l, "/ws"), browser, NULL, NULL);
  poll_until(s_ready);
  mg_mqtt_connect(&mgr, url_of("mqtt", b, ""), NULL, sensor, NULL);
  poll_until(strstr(trace, "23.5") != NULL);
  show_trace("browser");
  ask(l, "after", "GET / HTTP/1.1\r\n\r\n");
  mg_mgr_free(&mgr);
  return 0;
}
