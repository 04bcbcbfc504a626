// is_closing: queued data is dropped; set in a handler it acts in the same turn, set outside it acts without reading.

#include "mongoose.h"
#include <poll.h>

static char trace[256];
static bool closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (c->is_listening) return;
  strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (ev == MG_EV_READ) {
    mg_printf(c, "%s", "never sent");
    c->is_closing = 1;
  }
  if (ev == MG_EV_CLOSE) {
    printf("%s send.len in CLOSE: %zu\n", (char *) c->fn_data, c->send.len);
    closed = true;
  }
  (void) ev_data;
}

static int dial(struct mg_connection *listener) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) exit(1);
  return fd;
}

static const char *after(const char *event) {
  char *at = strstr(trace, event);
  return at == NULL ? "(nothing)" : at;
}

int main(void) {
  struct mg_mgr mgr;
  char buf[32];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", server, "in READ");

  int fd = dial(listener);
  send(fd, "x", 1, 0);
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  printf("closing set in READ: %s\n", after("READ"));
  printf("peer receives: %ld\n", (long) recv(fd, buf, sizeof(buf), 0));
  close(fd);

  listener->fn_data = "outside";
  trace[0] = '\0', closed = false;
  fd = dial(listener);
  for (int i = 0; i < 300 && mgr.conns == listener; i++) mg_mgr_poll(&mgr, 10);
  trace[0] = '\0';
  send(fd, "unread", 6, 0);
  struct pollfd ready = {.fd = (int) (size_t) mgr.conns->fd, .events = POLLIN};
  poll(&ready, 1, 3000);
  mgr.conns->is_closing = 1;
  mg_mgr_poll(&mgr, 10);
  printf("closing set outside a poll with input waiting: %s\n", trace);
  close(fd);

  mg_mgr_free(&mgr);
  return 0;
}
