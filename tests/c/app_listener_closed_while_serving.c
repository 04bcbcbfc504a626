// A request that closes the listener: the answer arrives, the connection goes on, others cannot come; another listener on
// the same handler serves as before, and the port can be had again.

#include "loop.h"

static struct mg_connection *s_first;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_CLOSE) add(c->is_listening ? "listener closed\n" : "connection closed\n");
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/stop"), NULL) && s_first != NULL) s_first->is_closing = 1, s_first = NULL;
  mg_http_reply(c, 200, "", "%s %.*s", (char *) c->fn_data, (int) hm->uri.len, hm->uri.buf);
}

int main(void) {
  start();
  s_first = mg_http_listen(&mgr, "http://127.0.0.1:0", server, (void *) "first");
  struct mg_connection *second = mg_http_listen(&mgr, "http://127.0.0.1:0", server, (void *) "second");
  int port = port_of(s_first), fd = dial(s_first);
  char url[60];
  snprintf(url, sizeof(url), "%s", url_of("http", s_first, ""));
  say(fd, "GET /a HTTP/1.1\r\n\r\n");
  show("before", response(fd));
  say(fd, "GET /stop HTTP/1.1\r\n\r\n");
  show("answer to the one that stops it", response(fd));
  turns(3);
  show_trace("then");
  printf("new client: %d\n", dial_port(port));
  say(fd, "GET /b HTTP/1.1\r\n\r\n");
  show("on the old connection", response(fd));
  ask(second, "on the other listener", "GET /c HTTP/1.1\r\n\r\n");
  s_first = mg_http_listen(&mgr, url, server, (void *) "third");
  printf("listens again: %d\n", s_first != NULL);
  if (s_first != NULL) ask(s_first, "on the new listener", "GET /d HTTP/1.1\r\n\r\n");
  say(fd, "GET /e HTTP/1.1\r\n\r\n");
  show("on the oldest connection", response(fd));
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
