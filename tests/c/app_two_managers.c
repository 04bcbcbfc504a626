// Two managers in one thread, polled in turn: the server in one, clients in the other, ids and lists apart; one is freed and
// made again while the other goes on.

#include "loop.h"

static struct mg_mgr other;
static bool s_done;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_HTTP_MSG) return;
  (void) ev_data;
  add("server in %s, id %lu\n", c->mgr == &mgr ? "first" : "second", c->id);
  mg_http_reply(c, 200, "", "from the first");
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_CONNECT) mg_printf(c, "GET / HTTP/1.1\r\n\r\n");
  if (ev == MG_EV_HTTP_MSG) {
    add("client in %s, id %lu: %.*s\n", c->mgr == &other ? "second" : "first", c->id, (int) hm->body.len, hm->body.buf);
    s_done = true;
  }
  if (ev == MG_EV_CLOSE) add("client closed\n");
}

static void request(struct mg_connection *l) {
  s_done = false;
  mg_http_connect(&other, url_of("http", l, "/"), client, NULL);
  for (int k = 0; k < 1000 && !s_done; k++) mg_mgr_poll(&mgr, 1), mg_mgr_poll(&other, 1);
}

int main(void) {
  start();
  mg_mgr_init(&other);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  request(l), request(l);
  printf("connections: %d and %d\n", number_of_connections(&mgr), number_of_connections(&other));
  show_trace("two requests");
  mg_mgr_free(&other);
  poll_until(number_of_connections(&mgr) == 1);
  show_trace("second freed");
  printf("connections of the first: %d\n", number_of_connections(&mgr));
  mg_mgr_init(&other);
  request(l);
  show_trace("second made again");
  mg_mgr_free(&mgr);
  for (int k = 0; k < 1000 && number_of_connections(&other) > 0; k++) mg_mgr_poll(&other, 1);
  show_trace("first freed");
  mg_mgr_free(&other);
  return 0;
}
