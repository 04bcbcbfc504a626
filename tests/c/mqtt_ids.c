// Packet identifiers: one counter per manager, never 0, and repeated ones.

#include "mongoose.h"

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

int main(void) {
  struct mg_mgr mgr;
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .qos = 1};
  mg_log_set_fn(no_log, NULL);
  mg_mgr_init(&mgr);
  struct mg_connection *a = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", NULL, NULL);
  struct mg_connection *b = mg_mqtt_connect(&mgr, "mqtt://127.0.0.1:1", NULL, NULL, NULL);
  printf("at first: %u\n", mgr.mqtt_id);
  printf("pub: %u\n", mg_mqtt_pub(a, &opts));
  printf("pub on another connection: %u\n", mg_mqtt_pub(b, &opts));
  mg_mqtt_sub(a, &opts), printf("sub: %u\n", mgr.mqtt_id);
  mg_mqtt_unsub(b, &opts), printf("unsub: %u\n", mgr.mqtt_id);
  opts.retransmit_id = 2, printf("again: %u, counter %u\n", mg_mqtt_pub(a, &opts), mgr.mqtt_id);
  opts.qos = 0, printf("again without qos: %u, counter %u\n", mg_mqtt_pub(a, &opts), mgr.mqtt_id);
  opts.retransmit_id = 0, printf("without qos: %u, counter %u\n", mg_mqtt_pub(a, &opts), mgr.mqtt_id);
  mgr.mqtt_id = 65534, opts.qos = 2;
  printf("the last: %u\n", mg_mqtt_pub(a, &opts));
  printf("after the last: %u\n", mg_mqtt_pub(a, &opts));
  mgr.mqtt_id = 65535, mg_mqtt_sub(a, &opts);
  printf("sub after the last: %u\n", mgr.mqtt_id);
  mg_mgr_free(&mgr);
  return 0;
}
