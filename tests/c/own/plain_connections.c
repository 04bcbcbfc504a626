// Managers and connections through functions alone: what they return is what the members hold.

#include <sys/resource.h>

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static int s_closed, s_replaced;
static bool s_delete_from_handler;

static void replaced(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev_data;
  s_replaced += ev == MG_EV_READ;
  s_closed += ev == MG_EV_CLOSE;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_POLL && s_delete_from_handler) mg_mgr_delete(mg_conn_mgr(c));
  if (ev == MG_EV_CLOSE) s_closed++;
}

static void is_text(struct mg_addr *addr, const char *expected) {
  char buf[50];
  memset(buf, 'x', sizeof(buf));
  CHECK(mg_addr_text(addr, buf, sizeof(buf)) == strlen(expected));
  CHECK(strcmp(buf, expected) == 0);
  memset(buf, 'x', sizeof(buf));
  CHECK(mg_addr_text(addr, buf, 5) == strlen(expected));
  CHECK(memcmp(buf, expected, 4) == 0 && buf[4] == '\0' && buf[5] == 'x');
  CHECK(mg_addr_text(addr, buf, 0) == strlen(expected) && buf[0] == expected[0]);
  CHECK(mg_addr_text(addr, NULL, sizeof(buf)) == strlen(expected));
}

static void addresses(struct mg_mgr *mgr) {
  struct mg_connection *listener = mg_listen(mgr, "tcp://127.0.0.1:0", handler, NULL);
  char expected[50];
  CHECK(listener != NULL && mg_conn_loc(listener) == &listener->loc && mg_conn_rem(listener) == &listener->rem);
  CHECK(mg_addr_port(mg_conn_loc(listener)) == mg_ntohs(listener->loc.port) && listener->loc.port != 0);
  snprintf(expected, sizeof(expected), "127.0.0.1:%d", mg_ntohs(listener->loc.port));
  is_text(mg_conn_loc(listener), expected);
  struct mg_addr longest;
  memset(&longest, 0xff, sizeof(longest));
  longest.is_ip6 = true;
  is_text(&longest, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
  mg_close_conn(listener);
}

int main(void) {
  int mark;
  struct mg_mgr *mgr = mg_mgr_new();
  CHECK(mgr != NULL && mg_mgr_conns(mgr) == NULL);
  mg_log_set_level(MG_LL_NONE);
  CHECK(mg_log_level == MG_LL_NONE);
  mg_mgr_set_userdata(mgr, &mark);
  CHECK(mg_mgr_get_userdata(mgr) == &mark && mgr->userdata == &mark);
  addresses(mgr);

  struct mg_connection *listener = mg_listen(mgr, "tcp://127.0.0.1:0", handler, &mark);
  char url[40];
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_addr_port(mg_conn_loc(listener)));
  struct mg_connection *client = mg_connect(mgr, url, handler, NULL);
  for (int i = 0; i < 1000 && mg_conn_next(mg_conn_next(mg_mgr_conns(mgr))) == NULL; i++) mg_mgr_poll(mgr, 1);
  struct mg_connection *accepted = mg_mgr_conns(mgr);
  CHECK(accepted == mgr->conns && accepted->is_accepted);
  CHECK(mg_conn_get_flag(accepted, MG_CONN_IS_ACCEPTED) == 1 && mg_conn_get_flag(client, MG_CONN_IS_CLIENT) == 1);
  CHECK(mg_conn_next(accepted) == client && mg_conn_next(client) == listener && mg_conn_next(listener) == NULL);
  CHECK(mg_conn_mgr(client) == mgr && mg_conn_id(client) == client->id);

  for (struct mg_connection *c = mg_mgr_conns(mgr); c != NULL; c = mg_conn_next(c)) CHECK(mg_mgr_find(mgr, mg_conn_id(c)) == c);
  CHECK(mg_mgr_find(mgr, 0) == NULL && mg_mgr_find(mgr, ~0UL) == NULL);

  CHECK(mg_conn_get_fn_data(accepted) == &mark && mg_conn_get_fn_data(client) == NULL);
  mg_conn_set_fn_data(accepted, NULL), mg_conn_set_fn_data(client, &mark);
  CHECK(accepted->fn_data == NULL && client->fn_data == &mark);
  CHECK(mg_conn_data(client) == client->data);
  CHECK(mg_conn_recv_buf(client) == &client->recv && mg_conn_send_buf(client) == &client->send);

  // A handler that was put in the place of the first one gets the events from then on.
  mg_conn_set_fn(accepted, replaced);
  mg_send(client, "hello", 5);
  CHECK(mg_conn_send_buf(client)->len == 5);
  for (int i = 0; i < 1000 && mg_conn_recv_buf(accepted)->len < 5; i++) mg_mgr_poll(mgr, 1);
  CHECK(s_replaced == 1 && memcmp(mg_conn_recv_buf(accepted)->buf, "hello", 5) == 0);
  mg_conn_set_fn(listener, NULL);

  // The id of a closed connection finds nothing.
  unsigned long id = mg_conn_id(client);
  mg_conn_set_flag(client, MG_CONN_IS_CLOSING, true);
  for (int i = 0; i < 1000 && mg_conn_next(mg_mgr_conns(mgr)) != NULL; i++) mg_mgr_poll(mgr, 1);
  CHECK(mg_mgr_find(mgr, id) == NULL && s_closed == 3);  // client, accepted, and the listener of addresses()

  // A handler cannot pull the manager from under the loop.
  mg_conn_set_fn(listener, handler);
  s_delete_from_handler = true;
  mg_mgr_poll(mgr, 0);
  s_delete_from_handler = false;
  CHECK(mg_mgr_conns(mgr) == listener && mg_mgr_get_userdata(mgr) == &mark);
  mg_mgr_delete(mgr);
  CHECK(s_closed == 4);

  // No descriptors, no manager.
  struct rlimit none = {0, 0}, limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  none.rlim_max = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &none);
  CHECK(mg_mgr_new() == NULL);
  setrlimit(RLIMIT_NOFILE, &limit);
  return 0;
}
