// Changes go to browsers of the dashboard that owns the set, and to nobody else. The reference takes the `data` of every
// WebSocket connection for its own and follows the pointers in it.

#include "mongoose.h"

#define CHECK(x)                                         \
  do {                                                   \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1); \
  } while (0)

static struct mg_mgr s_mgr, s_peers;
static int s_value = 1;
static struct mg_field s_fields[] = {{"value", MG_VAL_INT, &s_value, sizeof(s_value)}, {NULL, MG_VAL_INT, NULL, 0}};
static struct mg_field_set s_sets[2] = {{.name = "one", .fields = s_fields}, {.name = "two", .fields = s_fields}};
static struct mg_field_set s_lost = {.name = "lost", .fields = s_fields};
static struct mg_dash s_dashes[2];
static int s_got[4], s_open;

static void poll(int times) {
  for (int i = 0; i < times; i++) mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_peers, 1);
}

// A WebSocket server that uses all of its `data`.
static void foreign(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    memset(c->data, 0x41, sizeof(c->data));
    mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  }
}

// A handler around that of the library.
static void wrapper(struct mg_connection *c, int ev, void *ev_data) {
  mg_dash_ev_handler(c, ev, ev_data);
  if (ev == MG_EV_WS_OPEN) memset(c->data, 0x42, sizeof(c->data));
}

static void peer(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_WS_OPEN) s_open++;
  if (ev == MG_EV_WS_MSG) s_got[(size_t) c->fn_data]++;
}

static void connect_to(struct mg_connection *listener, size_t n) {
  char url[100];
  mg_snprintf(url, sizeof(url), "ws://127.0.0.1:%u/api/websocket", mg_ntohs(listener->loc.port));
  mg_ws_connect(&s_peers, url, peer, (void *) n, NULL);
}

static void expect(struct mg_field_set *set, int a, int b, int c) {
  memset(s_got, 0, sizeof(s_got));
  mg_dash_send_change(&s_mgr, set);
  poll(10);
  CHECK(s_got[0] == a && s_got[1] == b && s_got[2] == c);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr), mg_mgr_init(&s_peers);
  for (int i = 0; i < 2; i++) MG_DASH_ADD_FIELD_SET(&s_dashes[i], &s_sets[i]);
  connect_to(mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dashes[0]), 0);
  connect_to(mg_http_listen(&s_mgr, "http://127.0.0.1:0", wrapper, &s_dashes[1]), 1);
  connect_to(mg_http_listen(&s_mgr, "http://127.0.0.1:0", foreign, NULL), 2);
  for (int i = 0; i < 1000 && s_open < 3; i++) poll(1);
  CHECK(s_open == 3);
  expect(&s_sets[0], 1, 0, 0);
  expect(&s_sets[1], 0, 1, 0);
  expect(&s_lost, 0, 0, 0);
  mg_dash_send_change(&s_mgr, NULL), mg_dash_send_change(NULL, &s_sets[0]);
  mg_mgr_free(&s_peers), mg_mgr_free(&s_mgr);
  return 0;
}
