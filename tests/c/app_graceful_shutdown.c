// Shutting down with care: the listener closes first, idle connections next, and those with a response under way when it is
// complete; a new client is refused.

#include "loop.h"

static bool s_stopping;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) {
    add("request %.*s\n", (int) ((struct mg_http_message *) ev_data)->uri.len, ((struct mg_http_message *) ev_data)->uri.buf);
    c->data[0] = 1;
  }
  if (ev == MG_EV_POLL && c->data[0] > 0 && s_stopping && ++c->data[0] == 8) {
    mg_http_reply(c, 200, "Connection: close\r\n", "finished");
    c->data[0] = 0;
    c->is_draining = 1;
  }
  if (ev == MG_EV_CLOSE) add("closed\n");
}

int main(void) {
  static struct answer a;
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  int port = port_of(l), idle = dial(l), busy = dial(l);
  say(busy, "GET /busy HTTP/1.1\r\n\r\n");
  poll_until(number_of_connections(&mgr) == 3 && trace[0] != '\0');
  s_stopping = true;
  l->is_closing = 1;
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) {
    if (c->is_accepted && c->data[0] == 0) c->is_draining = 1;
  }
  turns(2);
  printf("connections: %d\n", number_of_connections(&mgr));
  printf("new client: %d\n", dial_port(port));
  receive(idle, &a, 1);
  printf("idle: %d bytes, closed %d\n", (int) a.len, a.closed);
  show("busy", response(busy));
  poll_until(mgr.conns == NULL);
  show_trace("server");
  printf("left: %d\n", number_of_connections(&mgr));
  close(idle), close(busy);
  mg_mgr_free(&mgr);
  return 0;
}
