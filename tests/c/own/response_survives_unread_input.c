// A server that answers early and closes, with the rest of a request unread, does not destroy its answer with
// a reset. On the reference the client may lose it.

#include "mongoose.h"
#include <pthread.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define ANSWER 100000

static bool closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ && c->recv.len > 1000 && !c->is_draining) {
    mg_send(c, NULL, ANSWER);
    memset(c->send.buf, 'a', ANSWER);
    c->is_full = 1;
    c->is_draining = 1;
  }
  if (ev == MG_EV_CLOSE && c->is_accepted) closed = true;
  (void) ev_data;
}

static void *client(void *arg) {
  static char data[300000], buf[10000];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = *(unsigned short *) arg};
  size_t total = 0;
  long n;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  CHECK(send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0);
  while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) total += (size_t) n;
  CHECK(total == ANSWER);
  close(fd);
  *(unsigned short *) arg = 0;
  return NULL;
}

int main(void) {
  struct mg_mgr mgr;
  pthread_t t;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  static volatile unsigned short port;
  port = l->loc.port;
  pthread_create(&t, NULL, client, (void *) &port);
  for (int i = 0; i < 1000 && !closed; i++) mg_mgr_poll(&mgr, 10);
  CHECK(closed);
  for (int i = 0; i < 300 && port != 0; i++) mg_mgr_poll(&mgr, 10);
  pthread_join(t, NULL);
  mg_mgr_free(&mgr);
  return 0;
}
