// A forwarding proxy: two connections that know each other through fn_data. Bytes go both ways, the end of one side is the end
// of the other once everything is delivered, and a backend that is not there ends the client.

#include "loop.h"

static const char *backend_url;

static void to_client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_connection *client = (struct mg_connection *) c->fn_data;
  (void) ev_data;
  if (ev == MG_EV_READ && client != NULL) {
    mg_send(client, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  } else if (ev == MG_EV_ERROR) {
    add("backend error\n");
  } else if (ev == MG_EV_CLOSE) {
    add("backend closed\n");
    if (client != NULL) client->is_draining = 1, client->fn_data = NULL;
  }
}

static void to_backend(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_connection *backend = (struct mg_connection *) c->fn_data;
  (void) ev_data;
  if (ev == MG_EV_ACCEPT) {
    c->fn_data = mg_connect(c->mgr, backend_url, to_client, c);
  } else if (ev == MG_EV_READ && backend != NULL) {
    mg_send(backend, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  } else if (ev == MG_EV_CLOSE && !c->is_listening) {
    add("client closed\n");
    if (backend != NULL) backend->is_draining = 1, backend->fn_data = NULL;
  }
}

// Answers each byte by two, and closes behind a '.'.
static void backend(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev != MG_EV_READ) return;
  for (size_t i = 0; i < c->recv.len; i++) {
    char two[2] = {(char) c->recv.buf[i], '-'};
    mg_send(c, two, 2);
    if (two[0] == '.') c->is_draining = 1;
  }
  c->recv.len = 0;
}

int main(void) {
  static struct answer a;
  static char big[60001];
  start();
  struct mg_connection *b = mg_listen(&mgr, "tcp://127.0.0.1:0", backend, NULL);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", to_backend, NULL);
  backend_url = strdup(url_of("tcp", b, ""));

  int fd = dial(l);
  say(fd, "abc");
  receive(fd, &a, 6);
  show("answer", a.text);
  say(fd, "d");
  receive(fd, &a, 2);
  show("and more", a.text);
  close(fd);
  poll_until(number_of_connections(&mgr) == 2);
  show_trace("client ends");

  fd = dial(l), a.len = 0;
  memset(big, 'x', sizeof(big) - 1), big[sizeof(big) - 2] = '.';
  say(fd, big);
  receive(fd, &a, 2 * (sizeof(big) - 1) + 1);
  int good = a.len == 2 * (sizeof(big) - 1);
  for (size_t i = 0; i + 2 < a.len; i++) good &= a.text[i] == (i % 2 ? '-' : 'x');
  printf("large answer: %d, then the end: %d\n", good, a.closed);
  close(fd);
  poll_until(number_of_connections(&mgr) == 2);
  show_trace("backend ends");

  int free_port = port_of(b);
  b->is_closing = 1;
  turns(3);
  fd = dial(l), a.len = 0, a.closed = false;
  say(fd, "x");
  receive(fd, &a, 1);
  printf("no backend on %d: %d bytes, closed %d\n", free_port > 0, (int) a.len, a.closed);
  close(fd);
  poll_until(number_of_connections(&mgr) == 1);
  show_trace("no backend");
  free((void *) backend_url);
  mg_mgr_free(&mgr);
  return 0;
}
