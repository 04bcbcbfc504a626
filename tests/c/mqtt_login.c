// CONNECT for combinations of options, and what mg_mqtt_connect() and mg_mqtt_listen() set up.

#include "mongoose.h"

static struct mg_connection *s_c;
static char s_error[100];

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), " ERROR(%s)", (char *) ev_data);
  (void) c;
}

static void bytes(struct mg_connection *c) {
  for (size_t i = 0; i < c->send.len && i < 120; i++) printf(" %02x", c->send.buf[i]);
  printf("%s", s_error);
  c->send.len = 0, s_error[0] = '\0';
}

static void login(const char *label, struct mg_mqtt_opts *opts) {
  mg_mqtt_login(s_c, opts);
  printf("%s, is_mqtt5 %d:", label, s_c->is_mqtt5);
  bytes(s_c);
  printf("\n");
}

// Shows a random client id by its kind only.
static void random_id(const char *label, struct mg_connection *c, size_t ofs) {
  int good = 0;
  for (size_t i = ofs; i < c->send.len; i++) good += isalnum(c->send.buf[i]) != 0;
  printf("%s, letters and digits %d of %lu:", label, good, (unsigned long) (c->send.len - ofs));
  c->send.len = ofs;
  bytes(c);
  printf("\n");
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_set_fn(no_log, NULL);
  mg_mgr_init(&mgr);
  s_c = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", handler, &mgr);
  printf("listener: pfn %d, pfn_data is mgr %d, fn_data %d, listening %d, tls %d, bytes %lu\n", s_c->pfn != NULL, s_c->pfn_data == &mgr,
         s_c->fn_data == &mgr, s_c->is_listening, s_c->is_tls, (unsigned long) s_c->send.len);
  printf("listener, bad url: %d\n", mg_mqtt_listen(&mgr, "mqtt://nowhere:0", handler, NULL) != NULL);
  struct mg_connection *c = mg_mqtt_connect(&mgr, "mqtt://127.0.0.1", NULL, NULL, &mgr);
  printf("client: pfn as listener %d, pfn_data %d, fn_data %d, client %d, tls %d, port %u, mqtt5 %d\n", c->pfn == s_c->pfn, c->pfn_data != NULL,
         c->fn_data == &mgr, c->is_client, c->is_tls, mg_ntohs(c->rem.port), c->is_mqtt5);
  random_id("client without options", c, 14);
  c = mg_mqtt_connect(&mgr, "mqtts://127.0.0.1", &(struct mg_mqtt_opts){.version = 5, .clean = true}, NULL, NULL);
  printf("tls client: tls %d, port %u, mqtt5 %d\n", c->is_tls, mg_ntohs(c->rem.port), c->is_mqtt5);
  random_id("tls client, version 5", c, 15);
  printf("client without URL: %d\n", mg_mqtt_connect(&mgr, "", NULL, NULL, NULL) != NULL);
#define OPTS(...) (&(struct mg_mqtt_opts){__VA_ARGS__})
#define CID .client_id = mg_str("cid")
#define USER .user = mg_str("bob")
#define PASS .pass = mg_str("pw")
#define WILL .topic = mg_str("will/t"), .message = mg_str("gone")
  login("id", OPTS(CID));
  login("clean", OPTS(CID, .clean = true));
  login("keepalive", OPTS(CID, .keepalive = 60));
  login("keepalive 65535", OPTS(CID, .keepalive = 65535));
  login("user", OPTS(CID, USER));
  login("user and password", OPTS(CID, USER, PASS, .clean = true));
  login("password alone", OPTS(CID, PASS));
  login("will", OPTS(CID, WILL));
  login("will, qos 1", OPTS(CID, WILL, .qos = 1));
  login("will, qos 2, retain", OPTS(CID, WILL, .qos = 2, .retain = true));
  login("will, empty message", OPTS(CID, .topic = mg_str("w")));
  login("will, qos 3", OPTS(CID, WILL, .qos = 3));
  login("message without topic", OPTS(CID, .message = mg_str("m")));
  login("qos without will", OPTS(CID, .qos = 1));
  login("retain without will", OPTS(CID, .retain = true));
  login("everything", OPTS(CID, USER, PASS, WILL, .qos = 1, .retain = true, .clean = true, .keepalive = 60));
  login("retransmit_id does not matter", OPTS(CID, .retransmit_id = 9));
  login("version 3", OPTS(CID, .version = 3));
  login("version 6", OPTS(CID, .version = 6));
  struct mg_mqtt_prop props[] = {
      {.id = MQTT_PROP_SESSION_EXPIRY_INTERVAL, .iv = 10},
      {.id = MQTT_PROP_RECEIVE_MAXIMUM, .iv = 20},
      {.id = MQTT_PROP_USER_PROPERTY, .key = mg_str("k"), .val = mg_str("vv")},
  };
  struct mg_mqtt_prop will[] = {{.id = MQTT_PROP_WILL_DELAY_INTERVAL, .iv = 5}, {.id = MQTT_PROP_CONTENT_TYPE, .val = mg_str("t/p")}};
#define PROPS .props = props, .num_props = 3
#define WILL_PROPS .will_props = will, .num_will_props = 2
  login("version 4, properties", OPTS(CID, WILL, PROPS, WILL_PROPS));
  login("version 5", OPTS(CID, .version = 5));
  login("version 5, properties", OPTS(CID, .version = 5, PROPS));
  login("version 5, user", OPTS(CID, .version = 5, USER));
  login("version 5, password alone", OPTS(CID, .version = 5, PASS));
  login("version 5, will", OPTS(CID, .version = 5, WILL));
  login("version 5, will properties without will", OPTS(CID, .version = 5, WILL_PROPS));
  login("version 5, everything", OPTS(CID, .version = 5, USER, PASS, WILL, PROPS, WILL_PROPS, .qos = 2, .retain = true, .clean = true));
  login("version 4 again", OPTS(CID));
  mg_mqtt_login(s_c, OPTS(.clean = true));
  random_id("random id", s_c, 14);
  mg_mgr_free(&mgr);
  return 0;
}
