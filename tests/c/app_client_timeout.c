// A client that gives up on a server which does not answer: it counts its MG_EV_POLL and calls mg_error(); and one whose
// answer comes in the last moment.

#include "loop.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG && mg_match(((struct mg_http_message *) ev_data)->uri, mg_str("/late"), NULL)) c->data[0] = 10;
  if (ev == MG_EV_POLL && c->data[0] > 0 && --c->data[0] == 0) mg_http_reply(c, 200, "", "at last");
  if (ev == MG_EV_CLOSE) add("server: closed with %d\n", c->is_resp);
}

struct attempt {
  int polls;
  bool done;
};

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct attempt *a = (struct attempt *) c->fn_data;
  if (ev == MG_EV_POLL && a->polls++ == 60 && !a->done) {
    mg_error(c, "no answer after %d turns of %s", 60, "the loop");
    add("closing: %d\n", c->is_closing);
  }
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_str body = ((struct mg_http_message *) ev_data)->body;
    add("answer [%.*s]\n", (int) body.len, body.buf);
    c->is_draining = 1;
  }
  if (ev == MG_EV_ERROR) add("error: %s\n", (char *) ev_data);
  if (ev == MG_EV_CLOSE) a->done = true, add("client: closed\n");
}

static void attempt(struct mg_connection *l, const char *label, const char *uri) {
  static struct attempt a;
  memset(&a, 0, sizeof(a));
  struct mg_connection *c = mg_http_connect(&mgr, url_of("http", l, uri), client, &a);
  mg_printf(c, "GET %s HTTP/1.1\r\n\r\n", uri);
  poll_until(a.done && number_of_connections(&mgr) == 1);
  show_trace(label);
}

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  attempt(l, "silent", "/never");
  attempt(l, "late", "/late");
  mg_mgr_free(&mgr);
  return 0;
}
