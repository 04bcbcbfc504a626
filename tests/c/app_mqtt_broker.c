// A broker and its clients in one manager: subscriptions with wildcards, retained messages, wills of clients that vanish,
// publishing from a timer, QoS 0 to 2.

#include "loop.h"

struct session {
  char filter[20];
  char will[8];
  bool connected;
};

static struct {
  char topic[30], text[30];
} s_retained[4];

static void deliver(struct mg_mgr *m, struct mg_str topic, struct mg_str text, uint8_t qos) {
  for (struct mg_connection *c = m->conns; c != NULL; c = c->next) {
    struct session *s = (struct session *) (c + 1);
    if (!c->is_accepted || s->filter[0] == '\0' || !mg_match(topic, mg_str(s->filter), NULL)) continue;
    struct mg_mqtt_opts opts = {.topic = topic, .message = text, .qos = qos};
    mg_mqtt_pub(c, &opts);
  }
}

static void broker(struct mg_connection *c, int ev, void *ev_data) {
  struct session *s = (struct session *) (c + 1);
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_CONNECT) {
    const uint8_t *p = (const uint8_t *) m->dgram.buf;
    add("broker: CONNECT flags %02x keep-alive %d\n", p[9], MG_LOAD_BE16(p + 10));
    if (p[9] & 4) {
      size_t ofs = 12 + 2 + MG_LOAD_BE16(p + 12);             // behind the client id
      ofs += 2 + MG_LOAD_BE16(p + ofs);                       // behind the will's topic
      snprintf(s->will, sizeof(s->will), "%.*s", (int) MG_LOAD_BE16(p + ofs), (const char *) p + ofs + 2);
    }
    s->connected = true;
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, 2);
    mg_send(c, "\0\0", 2);
  } else if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_SUBSCRIBE) {
    snprintf(s->filter, sizeof(s->filter), "%.*s", (int) MG_LOAD_BE16(m->dgram.buf + 4), m->dgram.buf + 6);
    uint8_t answer[3] = {(uint8_t) (m->id >> 8), (uint8_t) m->id, 1};
    mg_mqtt_send_header(c, MQTT_CMD_SUBACK, 0, sizeof(answer));
    mg_send(c, answer, sizeof(answer));
    for (int i = 0; i < 4; i++) {
      struct mg_mqtt_opts opts = {.topic = mg_str(s_retained[i].topic), .message = mg_str(s_retained[i].text), .retain = true};
      if (opts.topic.len > 0 && mg_match(opts.topic, mg_str(s->filter), NULL)) mg_mqtt_pub(c, &opts);
    }
  } else if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_DISCONNECT) {
    s->will[0] = '\0';
    c->is_draining = 1;
  } else if (ev == MG_EV_MQTT_MSG) {
    bool retain = m->dgram.buf[0] & 1;
    add("broker: %.*s = %.*s qos %d%s\n", (int) m->topic.len, m->topic.buf, (int) m->data.len, m->data.buf, m->qos, retain ? " retain" : "");
    for (int i = 0; retain && i < 4; i++) {
      if (s_retained[i].topic[0] != '\0') continue;
      snprintf(s_retained[i].topic, sizeof(s_retained[i].topic), "%.*s", (int) m->topic.len, m->topic.buf);
      snprintf(s_retained[i].text, sizeof(s_retained[i].text), "%.*s", (int) m->data.len, m->data.buf);
      break;
    }
    deliver(c->mgr, m->topic, m->data, m->qos);
  } else if (ev == MG_EV_CLOSE && s->connected) {
    add("broker: closed%s%s\n", s->will[0] ? ", will " : "", s->will);
    s->filter[0] = '\0';
    if (s->will[0]) deliver(c->mgr, mg_str("wills"), mg_str(s->will), 0);
  }
}

struct client {
  const char *name, *filter;
  struct mg_connection *c;
  int got, acknowledged;
  bool subscribed;
  char heard[500];
};

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct client *me = (struct client *) c->fn_data;
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_MQTT_OPEN && me->filter != NULL) {
    struct mg_mqtt_opts opts = {.topic = mg_str(me->filter), .qos = 1};
    mg_mqtt_sub(c, &opts);
  }
  if (ev == MG_EV_MQTT_OPEN) me->subscribed = me->filter == NULL;
  if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_SUBACK) me->subscribed = true;
  if (ev == MG_EV_MQTT_CMD && (m->cmd == MQTT_CMD_PUBACK || m->cmd == MQTT_CMD_PUBCOMP)) me->acknowledged++;
  if (ev == MG_EV_MQTT_MSG) {
    me->got++;
    size_t n = strlen(me->heard);
    snprintf(me->heard + n, sizeof(me->heard) - n, "%.*s = %.*s qos %d%s\n", (int) m->topic.len, m->topic.buf, (int) m->data.len, m->data.buf, m->qos,
             m->dgram.buf[0] & 1 ? " retained" : "");
  }
  if (ev == MG_EV_CLOSE) me->c = NULL;
}

static void join(struct mg_connection *l, struct client *me, const char *will) {
  struct mg_mqtt_opts opts = {.client_id = mg_str(me->name), .keepalive = 30, .clean = true};
  if (will != NULL) opts.topic = mg_str("wills"), opts.message = mg_str(will), opts.qos = 1;
  me->c = mg_mqtt_connect(&mgr, url_of("mqtt", l, ""), &opts, client, me);
  poll_until(me->subscribed);
}

static void publish(struct client *me, const char *topic, const char *text, uint8_t qos, bool retain) {
  struct mg_mqtt_opts opts = {.topic = mg_str(topic), .message = mg_str(text), .qos = qos, .retain = retain};
  mg_mqtt_pub(me->c, &opts);
}

static void ring(void *arg) {
  publish((struct client *) arg, "home/bell", "ring", 0, false);
}

int main(void) {
  struct client all = {.name = "all", .filter = "#"}, home = {.name = "home", .filter = "home/*"}, teller = {.name = "teller"};
  struct client late = {.name = "late", .filter = "home/#"};
  start();
  mgr.extraconnsize = sizeof(struct session);
  struct mg_connection *l = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", broker, NULL);
  join(l, &all, NULL), join(l, &home, "gone"), join(l, &teller, NULL);
  show_trace("connects");
  publish(&teller, "home/lamp", "on", 0, false);
  poll_until(home.got == 1 && all.got == 1);
  show_trace("QoS 0");
  publish(&teller, "home/lamp", "off", 1, true);
  poll_until(home.got == 2 && all.got == 2 && teller.acknowledged == 1);
  show_trace("QoS 1, retained");
  publish(&teller, "home/lamp/deep", "no", 2, false);
  poll_until(all.got == 3 && teller.acknowledged == 2);
  show_trace("QoS 2, not for all");
  join(l, &late, "never sent");
  poll_until(late.got == 1);
  show_trace("a retained message for the late");
  mg_timer_add(&mgr, 1, MG_TIMER_RUN_NOW, ring, &teller);
  poll_until(late.got == 2 && home.got == 3 && all.got == 4);
  show_trace("from a timer");
  struct mg_mqtt_opts none;
  memset(&none, 0, sizeof(none));
  mg_mqtt_disconnect(late.c, &none);
  late.c->is_draining = 1;
  poll_until(late.c == NULL && strstr(trace, "closed") != NULL);
  show_trace("disconnect");
  home.c->is_closing = 1;
  poll_until(all.got == 5);
  show_trace("a will");
  show("all heard", all.heard), show("home heard", home.heard), show("late heard", late.heard);
  mg_mgr_free(&mgr);
  return 0;
}
