// Server-sent events: a timer sends to every connection that asked for the stream, found through the manager's list and
// marked in c->data; listeners come and go meanwhile.

#include "loop.h"

static int count;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/events"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n");
    c->data[0] = 'E';
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 200, "", "plain\n");
  } else if (ev == MG_EV_CLOSE && c->data[0] == 'E') {
    add("stream closed\n");
  }
}

static void broadcast(void *arg) {
  struct mg_mgr *m = (struct mg_mgr *) arg;
  int receivers = 0;
  count++;
  for (struct mg_connection *c = m->conns; c != NULL; c = c->next) {
    if (c->data[0] != 'E') continue;
    mg_printf(c, "event: tick\ndata: {%m: %d}\n\n", MG_ESC("n"), count);
    receivers++;
  }
  add("event %d to %d\n", count, receivers);
}

static void expect(const char *label, int fd, size_t n) {
  static struct answer a;
  a.len = 0, a.closed = false;
  receive(fd, &a, n);
  show(label, a.text);
}

int main(void) {
  const char *head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n";
  const size_t event = strlen("event: tick\ndata: {\"n\": 1}\n\n");
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  broadcast(&mgr);
  int a = dial(l), b = dial(l);
  say(a, "GET /events HTTP/1.1\r\n\r\n");
  expect("first, head", a, strlen(head));
  broadcast(&mgr);
  expect("first, event", a, event);
  say(b, "GET /events HTTP/1.1\r\n\r\n");
  expect("second, head", b, strlen(head));
  ask(l, "a request meanwhile", "GET / HTTP/1.1\r\n\r\n");
  broadcast(&mgr), broadcast(&mgr);
  expect("first, two events", a, 2 * event);
  expect("second, two events", b, 2 * event);
  close(a);
  poll_until(strstr(trace, "closed") != NULL);
  broadcast(&mgr);
  expect("second, last event", b, event);
  close(b);
  poll_until(number_of_connections(&mgr) == 1);
  broadcast(&mgr);
  show_trace("server");
  struct mg_timer *t = mg_timer_add(&mgr, 1, MG_TIMER_REPEAT, broadcast, &mgr);
  int c = dial(l), n = 0;
  static struct answer text;
  say(c, "GET /events HTTP/1.1\r\n\r\n");
  receive(c, &text, strlen(head) + 5 * event);
  for (char *p = text.text; (p = strstr(p, "event: tick")) != NULL; p++) n++;
  printf("events from the timer: %d\n", n >= 4);
  mg_timer_free(&mgr.timers, t), mg_free(t);
  close(c);
  mg_mgr_free(&mgr);
  return 0;
}
