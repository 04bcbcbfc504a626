// A client that sends one request after the other on one connection, from the handler of the answer before, with bodies of
// every framing and different methods; the server counts what arrives on the connection.

#include "loop.h"

static unsigned long last_id;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  int *count = (int *) c->data;
  ++*count;
  add("%s%d %.*s %.*s [%.*s]\n", last_id != 0 && last_id != c->id ? "(another connection) " : "", *count, (int) hm->method.len, hm->method.buf,
      (int) hm->uri.len, hm->uri.buf, (int) hm->body.len, hm->body.buf);
  last_id = c->id;
  if (mg_match(hm->uri, mg_str("/chunked"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    mg_http_printf_chunk(c, "one "), mg_http_printf_chunk(c, "two"), mg_http_printf_chunk(c, "");
  } else if (mg_match(hm->uri, mg_str("/last"), NULL)) {
    mg_http_reply(c, 200, "Connection: close\r\n", "bye");
    c->is_draining = 1;
  } else {
    mg_http_reply(c, mg_match(hm->uri, mg_str("/4#"), NULL) ? 404 : 200, "", "%d", *count);
  }
}

struct state {
  size_t step;
  bool done;
};

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static const char *requests[] = {
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
      "GET /chunked HTTP/1.1\r\nHost: x\r\n\r\n",
      "PUT /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n",
      "GET /404 HTTP/1.1\r\nHost: x\r\n\r\n",
      "DELETE /5 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /last HTTP/1.1\r\nHost: x\r\n\r\n",
  };
  struct state *s = (struct state *) c->fn_data;
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    add("  %d [%.*s] left %d\n", mg_http_status(hm), (int) hm->body.len, hm->body.buf, (int) (c->recv.len - hm->message.len));
  }
  if ((ev == MG_EV_CONNECT || ev == MG_EV_HTTP_MSG) && s->step < sizeof(requests) / sizeof(requests[0])) mg_printf(c, "%s", requests[s->step++]);
  if (ev == MG_EV_CLOSE) s->done = true, add("closed\n");
  if (ev == MG_EV_ERROR) add("error\n");
}

int main(void) {
  struct state s = {0, false};
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  mg_http_connect(&mgr, url_of("http", l, "/"), client, &s);
  poll_until(s.done);
  show_trace("exchange");
  printf("steps: %d\n", (int) s.step);
  mg_mgr_free(&mgr);
  return 0;
}
