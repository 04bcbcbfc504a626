// Several sites in one server: by Host, by port, by the listener's fn_data, one handler set per site at the first request.

#include "loop.h"

static void site_a(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "X-Site: a\r\n", "a%.*s", (int) hm->uri.len, hm->uri.buf);
  if (ev == MG_EV_CLOSE) add("a closed\n");
}

static void site_b(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "X-Site: b\r\n", "b%.*s", (int) hm->uri.len, hm->uri.buf);
  if (ev == MG_EV_CLOSE) add("b closed\n");
}

static void router(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  struct mg_str *host = mg_http_get_header(hm, "Host"), part[2];
  if (host == NULL) {
    mg_http_reply(c, 400, "", "which one?");
  } else if (mg_match(*host, mg_str("a.example*"), part)) {
    c->fn = site_a;
    c->fn(c, ev, ev_data);
  } else if (mg_match(*host, mg_str("*.b.example#"), part)) {
    c->fn = site_b;
    c->fn(c, ev, ev_data);
  } else {
    mg_http_reply(c, 421, "", "%s knows no %.*s", (char *) c->fn_data, (int) host->len, host->buf);
  }
}

int main(void) {
  start();
  struct mg_connection *one = mg_http_listen(&mgr, "http://127.0.0.1:0", router, (void *) "one");
  struct mg_connection *two = mg_http_listen(&mgr, "http://127.0.0.1:0", router, (void *) "two");
  ask(one, "a", "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
  ask(one, "a with a port", "GET /1 HTTP/1.1\r\nHost: a.example:8000\r\n\r\n");
  ask(two, "b", "GET /2 HTTP/1.1\r\nHost: www.b.example\r\n\r\n");
  ask(one, "other", "GET /3 HTTP/1.1\r\nHost: c.example\r\n\r\n");
  ask(two, "other on two", "GET /3 HTTP/1.1\r\nhost: c.example\r\n\r\n");
  ask(two, "none", "GET /3 HTTP/1.0\r\n\r\n");
  int fd = dial(one);
  say(fd, "GET /4 HTTP/1.1\r\nHost: a.example\r\n\r\n");
  show("the first request decides", response(fd));
  say(fd, "GET /5 HTTP/1.1\r\nHost: www.b.example\r\n\r\n");
  show("and the second", response(fd));
  close(fd);
  turns(5);
  show_trace("handlers");
  mg_mgr_free(&mgr);
  return 0;
}
