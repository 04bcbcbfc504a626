// A client that keeps a connection: it connects again from a timer whenever it has none, while the server is not there yet,
// throws it out, and goes away.

#include "loop.h"

static struct mg_connection *s_connection;
static int s_attempts, s_errors, s_connects, s_closes;
static char s_url[60];

static void client(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_CONNECT) s_connects++, mg_printf(c, "hello %d\n", s_connects);
  if (ev == MG_EV_ERROR) s_errors++;
  if (ev == MG_EV_CLOSE) s_closes++, s_connection = NULL;
}

static void keep_connected(void *arg) {
  if (s_connection == NULL) s_attempts++, s_connection = mg_connect((struct mg_mgr *) arg, s_url, client, NULL);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev != MG_EV_READ) return;
  add("%.*s", (int) c->recv.len, (char *) c->recv.buf);
  if (c->recv.buf[c->recv.len - 2] < '4') c->is_closing = 1;
  c->recv.len = 0;
}

int main(void) {
  start();
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(s_url, sizeof(s_url), "%s", url_of("tcp", l, ""));
  l->is_closing = 1;
  turns(2);
  struct mg_timer *t = mg_timer_add(&mgr, 2, MG_TIMER_REPEAT | MG_TIMER_RUN_NOW, keep_connected, &mgr);
  poll_until(s_errors >= 3);
  printf("errors without a server: %d, connects %d\n", s_errors >= 3, s_connects);
  printf("each attempt failed and closed: %d\n", s_errors == s_closes && s_attempts - s_closes <= 1);
  l = mg_listen(&mgr, s_url, server, NULL);
  poll_until(strstr(trace, "hello 4") != NULL);
  turns(10);
  printf("connects: %d, connected: %d\n", s_connects, s_connection != NULL);
  show_trace("server");
  s_attempts = s_errors = s_closes = 0;
  l->is_closing = 1;
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) c->is_closing |= c->is_accepted;
  poll_until(s_errors >= 2);
  printf("server gone: errors %d, connects %d\n", s_errors >= 2, s_connects);
  mg_timer_free(&mgr.timers, t), mg_free(t);
  mg_mgr_free(&mgr);
  printf("closed at the end: %d\n", s_connection == NULL);
  return 0;
}
