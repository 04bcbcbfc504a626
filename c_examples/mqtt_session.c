// A sensor that reports at an interval, whatever the network does: a session keeps each report until the broker has
// acknowledged it, and connects again when the connection is lost.
//
// Build: make examples        Run: target/examples/mqtt_session mqtt://127.0.0.1:1883 sensors/1 1000
// Usage: mqtt_session URL TOPIC MILLISECONDS [COUNT]
// Try:   mosquitto_sub -q 2 -t 'sensors/#', and stop the broker for a while

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

struct sensor {
  struct mg_mqtt_session *session;
  struct mg_str topic;
  unsigned long reports;
};

static void stop(int signal_number) {
  stopped = signal_number;
}

static void on_event(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_MQTT_OPEN) fprintf(stderr, "connected\n");
  if (ev == MG_EV_ERROR) fprintf(stderr, "%s\n", (char *) ev_data);
  if (ev == MG_EV_CLOSE) fprintf(stderr, "connection lost\n");
  (void) c;
}

static void report(void *arg) {
  struct sensor *sensor = (struct sensor *) arg;
  char text[32];
  struct mg_mqtt_opts message;
  memset(&message, 0, sizeof(message));
  mg_snprintf(text, sizeof(text), "report %lu", sensor->reports);
  message.topic = sensor->topic;
  message.message = mg_str(text);
  message.qos = 2;
  // It fails when too much is waiting already; the next interval tries again.
  if (mg_mqtt_session_pub(sensor->session, &message, NULL)) sensor->reports++;
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct sensor sensor = {0};
  struct mg_mqtt_session_opts opts;
  if (argc < 4) {
    fprintf(stderr, "usage: %s URL TOPIC MILLISECONDS [COUNT]\n", argv[0]);
    return 2;
  }
  unsigned long count = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  memset(&opts, 0, sizeof(opts));
  opts.size = sizeof(opts);
  opts.url = argv[1];
  opts.login.client_id = mg_str(argv[2]);  // the broker knows the session by it
  opts.login.keepalive = 20;
  opts.fn = on_event;
  opts.reconnect_min_ms = 200;
  opts.reconnect_max_ms = 10000;
  sensor.topic = mg_str(argv[2]);
  sensor.session = mg_mqtt_session_open(&mgr, &opts);
  if (sensor.session == NULL) return 1;
  struct mg_timer *timer = mg_timer_add(&mgr, strtoul(argv[3], NULL, 10), MG_TIMER_REPEAT, report, &sensor);
  while (!stopped) {
    mg_mgr_poll(&mgr, 10);
    if (timer != NULL && count > 0 && sensor.reports >= count) mg_timer_free(&mgr.timers, timer), mg_free(timer), timer = NULL;
    if (timer == NULL && mg_mqtt_session_pending(sensor.session) == 0) break;
  }
  mg_mqtt_session_close(sensor.session);
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);  // DISCONNECT leaves
  mg_mgr_free(&mgr);
  return 0;
}
