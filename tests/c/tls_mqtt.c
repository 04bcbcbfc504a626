// mqtts: login and a message to a server that acknowledges both.

#include "tls_pair.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &pair->server.opts);
  if (ev == MG_EV_MQTT_CMD) {
    struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
    printf("command %d: %zu bytes\n", mm->cmd, mm->dgram.len);
    if (mm->cmd == MQTT_CMD_CONNECT) {
      uint8_t answer[] = {0, 0};
      mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, sizeof(answer));
      mg_send(c, answer, sizeof(answer));
    }
    if (mm->cmd == MQTT_CMD_PUBLISH) printf("topic and text: %.*s %.*s\n", (int) mm->topic.len, mm->topic.buf, (int) mm->data.len, mm->data.buf);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev == MG_EV_READ || ev == MG_EV_WRITE ? MG_EV_POLL : ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &pair->client.opts);
  if (ev == MG_EV_MQTT_OPEN) {
    struct mg_mqtt_opts opts;
    memset(&opts, 0, sizeof(opts));
    opts.topic = mg_str("a/b");
    opts.message = mg_str("hello");
    printf("login: %d\n", *(int *) ev_data);
    mg_mqtt_pub(c, &opts);
    mg_mqtt_disconnect(c, &opts);
    c->is_draining = 1;
  }
}

int main(void) {
  static struct tls_pair pair;
  struct mg_mqtt_opts opts;
  memset(&opts, 0, sizeof(opts));
  opts.client_id = mg_str("test");
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&pair);
  struct mg_connection *listener = mg_mqtt_listen(&pair.mgr, "mqtts://127.0.0.1:0", server, &pair);
  snprintf(pair.url, sizeof(pair.url), "mqtts://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  mg_mqtt_connect(&pair.mgr, pair.url, &opts, client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 1000);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&pair.mgr, 10);
  printf("events: %s\n", pair.client.trace);
  mg_mgr_free(&pair.mgr);
  return 0;
}
