// Twenty clients at once with a state each in fn_data, half of which hang up at different stages; a server with a counter per
// connection behind the connection (extraconnsize).

#include "loop.h"

#define CLIENTS 20

struct visitor {
  int number, requests;
};

static int opened, closed, sum;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct visitor *v = (struct visitor *) (c + 1);
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) {
    opened++;
    if (v->number != 0 || v->requests != 0) add("not zeroed\n");
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    v->number = atoi(hm->uri.buf + 1);
    v->requests++;
    mg_http_reply(c, 200, "", "%d/%d", v->number, v->requests);
  } else if (ev == MG_EV_CLOSE) {
    closed++, sum += v->requests;
  }
}

struct client {
  int number, answers;
  bool done;
};

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct client *me = (struct client *) c->fn_data;
  if (ev == MG_EV_CONNECT || ev == MG_EV_HTTP_MSG) {
    if (ev == MG_EV_HTTP_MSG) {
      struct mg_http_message *hm = (struct mg_http_message *) ev_data;
      char expected[20];
      snprintf(expected, sizeof(expected), "%d/%d", me->number, ++me->answers);
      if (mg_strcmp(hm->body, mg_str(expected)) != 0) add("%d got %.*s\n", me->number, (int) hm->body.len, hm->body.buf);
    }
    if (me->answers == me->number % 4) {
      if (me->number % 2) c->is_closing = 1;
      else c->is_draining = 1;
    } else {
      mg_printf(c, "GET /%d HTTP/1.1\r\n\r\n", me->number);
    }
  }
  if (ev == MG_EV_CLOSE) me->done = true;
}

int main(void) {
  static struct client clients[CLIENTS];
  start();
  mgr.extraconnsize = sizeof(struct visitor);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  for (int i = 0; i < CLIENTS; i++) clients[i].number = i, mg_http_connect(&mgr, url_of("http", l, "/"), client, &clients[i]);
  poll_until(closed == CLIENTS && number_of_connections(&mgr) == 1);
  int answers = 0, done = 0;
  for (int i = 0; i < CLIENTS; i++) answers += clients[i].answers, done += clients[i].done;
  printf("server: opened %d, closed %d, requests %d\n", opened, closed, sum);
  printf("clients: %d done, %d answers\n", done, answers);
  show_trace("complaints");
  mg_mgr_free(&mgr);
  return 0;
}
