// An MQTT client. With a message it publishes that and ends, with status 0 once the broker has taken it; without, it
// prints what arrives, pings, and connects again after a failure.
//
// Build: make examples        Run: target/examples/mqtt_client mqtt://127.0.0.1:1883 'sensors/#' &
//                                  target/examples/mqtt_client mqtt://127.0.0.1:1883 sensors/door open
// Behind them: version (4 or 5), QoS (0 to 2), and "retain". mqtts://host:8883 uses TLS with the authorities of the system.

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

#define KEEPALIVE_S 30
#define RETRY_MS 1000

static struct mg_mqtt_opts opts = {.version = 4, .qos = 1};
static const char *url = "mqtt://127.0.0.1:1883";
static struct mg_connection *connection;
static volatile sig_atomic_t stopped;
static int status = 1;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void finish(struct mg_connection *c) {
  status = 0;
  mg_mqtt_disconnect(c, NULL);
  c->is_draining = 1;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  bool publishes = opts.message.buf != NULL;
  if (ev == MG_EV_ERROR) {
    fprintf(stderr, "%s: %s\n", url, (char *) ev_data);
  } else if (ev == MG_EV_CONNECT && c->is_tls) {
    struct mg_tls_opts tls = {.ca = mg_str("*"), .name = mg_url_host(url)};
    mg_tls_init(c, &tls);
  } else if (ev == MG_EV_MQTT_OPEN && *(int *) ev_data != 0) {
    fprintf(stderr, "%s: refused with code %d\n", url, *(int *) ev_data);
  } else if (ev == MG_EV_MQTT_OPEN && !publishes) {
    mg_mqtt_sub(c, &opts);
  } else if (ev == MG_EV_MQTT_OPEN) {
    mg_mqtt_pub(c, &opts);
    if (opts.qos == 0) finish(c);
  } else if (ev == MG_EV_MQTT_CMD && m->cmd == (opts.qos == 2 ? MQTT_CMD_PUBCOMP : MQTT_CMD_PUBACK)) {
    if (publishes) finish(c);
  } else if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_SUBACK) {
    printf("subscribed\n");
    fflush(stdout);
  } else if (ev == MG_EV_MQTT_MSG) {
    printf("%.*s %.*s\n", (int) m->topic.len, m->topic.buf, (int) m->data.len, m->data.buf);
    fflush(stdout);
  } else if (ev == MG_EV_CLOSE) {
    connection = NULL;
    if (publishes) stopped = 1;
  }
}

static void keep_connected(void *mgr) {
  struct mg_mqtt_opts login = {.version = opts.version, .clean = true, .keepalive = KEEPALIVE_S};
  if (connection == NULL) connection = mg_mqtt_connect((struct mg_mgr *) mgr, url, &login, handler, NULL);
}

static void ping(void *unused) {
  if (connection != NULL) mg_mqtt_ping(connection);
  (void) unused;
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  if (argc > 1) url = argv[1];
  opts.topic = mg_str(argc > 2 ? argv[2] : "#");
  if (argc > 3 && argv[3][0] != '\0') opts.message = mg_str(argv[3]);
  if (argc > 4) opts.version = (uint8_t) atoi(argv[4]);
  if (argc > 5) opts.qos = (uint8_t) atoi(argv[5]);
  opts.retain = argc > 6;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  keep_connected(&mgr);
  mg_timer_add(&mgr, RETRY_MS, MG_TIMER_REPEAT, keep_connected, &mgr);
  mg_timer_add(&mgr, KEEPALIVE_S * 1000 / 2, MG_TIMER_REPEAT, ping, NULL);
  while (!stopped) mg_mgr_poll(&mgr, 100);
  mg_mgr_free(&mgr);
  return status;
}
