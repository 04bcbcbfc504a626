// An MQTT broker for 3.1.1 and 5: wildcards, QoS 0 to 2, wills, keep-alive; nothing is retained or sent again.
//
// Build: make examples        Run: target/examples/mqtt_broker mqtt://0.0.0.0:1883

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

#define MAX_QUEUED 10000000  // bytes for a client that does not read
#define MAX_SUBSCRIPTIONS 50
#define LOGIN_MS 10000

struct subscription {
  char filter[256];
  size_t len;       // of a filter without wildcards, else 0
  uint8_t qos;
};

struct client {
  struct mg_str connect;         // a copy of CONNECT
  struct mg_mqtt_opts will;      // points into it
  uint64_t keepalive, deadline;  // in milliseconds
  struct subscription subscriptions[MAX_SUBSCRIPTIONS];
  int count;  // of them
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

// Returns the string at an offset and moves the offset behind it, or beyond the packet if that is too short.
static struct mg_str text(struct mg_str packet, size_t *ofs) {
  size_t start = *ofs + 2, n = start <= packet.len ? MG_LOAD_BE16(packet.buf + *ofs) : packet.len;
  *ofs = start + n;
  return *ofs <= packet.len ? mg_str_n(packet.buf + start, n) : mg_str("");
}

static bool matches(const struct subscription *s, struct mg_str topic) {
  const char *filter = s->filter;
  if (s->len > 0) return s->len == topic.len && memcmp(filter, topic.buf, topic.len) == 0;
  for (size_t i = 0;; filter++) {
    if (*filter == '#' || (i == topic.len && strcmp(filter, "/#") == 0)) return true;
    if (*filter == '\0') return i == topic.len;
    if (*filter != '+' && (i == topic.len || topic.buf[i++] != *filter)) return false;
    while (*filter == '+' && i < topic.len && topic.buf[i] != '/') i++;
  }
}

static struct subscription *find(struct client *client, struct mg_str filter) {
  for (struct subscription *s = client->subscriptions; s < client->subscriptions + client->count; s++) {
    if (mg_strcmp(mg_str(s->filter), filter) == 0) return s;
  }
  return NULL;
}

static void publish(struct mg_mgr *mgr, struct mg_mqtt_opts message) {
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) {
    struct client *client = (struct client *) c->fn_data;
    struct mg_mqtt_opts copy = message;
    int qos = -1;
    for (int i = 0; client != NULL && i < client->count; i++) {
      struct subscription *s = &client->subscriptions[i];
      if (s->qos > qos && matches(s, message.topic)) qos = s->qos;
    }
    if (qos < copy.qos) copy.qos = (uint8_t) qos;
    if (qos >= 0 && !c->is_closing) mg_mqtt_pub(c, &copy);
    if (c->send.len > MAX_QUEUED) c->is_closing = 1;
  }
}

static void reply(struct mg_connection *c, uint8_t command, const void *body, size_t len) {
  mg_mqtt_send_header(c, command, 0, (uint32_t) len);
  mg_send(c, body, len);
}

// The next three return false when a packet makes no sense. Its payload begins at ofs.

static bool login(struct mg_connection *c, struct client *client, size_t head, size_t ofs) {
  struct mg_str s = client->connect;
  if (s.len < head + 10) return false;
  client->keepalive = MG_LOAD_BE16(s.buf + head + 8) * 1500U;
  text(s, &ofs);  // the client identifier
  if (s.buf[head + 7] & 4) {
    if (c->is_mqtt5 && ofs < s.len) ofs += 1 + (s.buf[ofs] & 127U);  // properties, assumed to be short
    client->will.topic = text(s, &ofs);
    client->will.message = text(s, &ofs);
    client->will.qos = s.buf[head + 7] >> 3 & 3;
  }
  reply(c, MQTT_CMD_CONNACK, "\0\0\0", c->is_mqtt5 ? 3 : 2);
  return ofs <= s.len;
}

static bool subscribe(struct mg_connection *c, struct client *client, struct mg_mqtt_message *m, size_t ofs) {
  uint8_t answer[1000] = {(uint8_t) (m->id >> 8), (uint8_t) m->id};
  size_t n = c->is_mqtt5 ? 3 : 2;  // MQTT 5: no properties
  bool on = m->cmd == MQTT_CMD_SUBSCRIBE;
  while (ofs < m->dgram.len && n < sizeof(answer)) {
    struct mg_str filter = text(m->dgram, &ofs);
    if (ofs + on > m->dgram.len || filter.len == 0) return false;
    uint8_t qos = on ? m->dgram.buf[ofs++] & 3 : 0;
    struct subscription *s = find(client, filter);
    bool fits = s != NULL || (client->count < MAX_SUBSCRIPTIONS && filter.len < sizeof(s->filter));
    if (on && s == NULL && fits) {
      s = &client->subscriptions[client->count++];
      mg_snprintf(s->filter, sizeof(s->filter), "%.*s", (int) filter.len, filter.buf);
      s->len = strpbrk(s->filter, "+#") == NULL ? strlen(s->filter) : 0;
    }
    if (on && fits) s->qos = qos;
    if (!on && s != NULL) *s = client->subscriptions[--client->count];
    if (on || c->is_mqtt5) answer[n++] = fits || !on ? qos : 0x80;
  }
  reply(c, on ? MQTT_CMD_SUBACK : MQTT_CMD_UNSUBACK, answer, n);
  return ofs >= m->dgram.len;  // else there are more filters than the answer has room for
}

static bool command(struct mg_connection *c, struct client *client, struct mg_mqtt_message *m) {
  size_t head = 1, props = m->props_start + m->props_size;  // MQTT 5: the payload follows the properties
  bool first = client->connect.buf == NULL;
  while (m->dgram.buf[head++] & 128) (void) 0;
  if (first != (m->cmd == MQTT_CMD_CONNECT)) return false;
  if (first) client->connect = mg_strdup(m->dgram);
  if (first && !login(c, client, head, c->is_mqtt5 ? props : head + 10)) return false;
  client->deadline = client->keepalive > 0 ? mg_millis() + client->keepalive : UINT64_MAX;
  if (m->cmd == MQTT_CMD_PINGREQ) mg_mqtt_pong(c);
  if (m->cmd == MQTT_CMD_DISCONNECT) client->will.topic.len = 0, c->is_draining = 1;
  bool subscribes = m->cmd == MQTT_CMD_SUBSCRIBE || m->cmd == MQTT_CMD_UNSUBSCRIBE;
  return !subscribes || subscribe(c, client, m, c->is_mqtt5 ? props : head + 2);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct client *client = (struct client *) c->fn_data;
  if (ev == MG_EV_ACCEPT) {
    c->fn_data = client = (struct client *) calloc(1, sizeof(*client));
    if (client != NULL) client->deadline = mg_millis() + LOGIN_MS;
  }
  if (client == NULL) return;
  if (ev == MG_EV_POLL && *(uint64_t *) ev_data > client->deadline) c->is_closing = 1;
  if (ev == MG_EV_MQTT_CMD && !command(c, client, (struct mg_mqtt_message *) ev_data)) c->is_closing = 1;
  if (ev == MG_EV_MQTT_CMD && c->send.len > MAX_QUEUED) c->is_closing = 1;
  if (ev == MG_EV_MQTT_MSG && client->connect.buf != NULL) {
    struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
    publish(c->mgr, (struct mg_mqtt_opts){.topic = m->topic, .message = m->data, .qos = m->qos});
  }
  if (ev == MG_EV_CLOSE) {
    c->fn_data = NULL;
    if (client->will.topic.len > 0) publish(c->mgr, client->will);
    mg_free(client->connect.buf);
    free(client);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_mqtt_listen(&mgr, argc > 1 ? argv[1] : "mqtt://0.0.0.0:1883", handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
