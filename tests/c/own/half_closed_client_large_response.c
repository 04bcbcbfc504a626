// A client that shut down its write side gets a 10 MB response whole, without the loop spinning meanwhile.
// The reference gives it about 4 MB.

#include "mongoose.h"
#include <pthread.h>
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define SIZE ((size_t) 10 * 1024 * 1024)

static bool closed;
static int iterations;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    CHECK(mg_send(c, NULL, SIZE));
    for (size_t i = 0; i < SIZE; i++) c->send.buf[i] = (unsigned char) (i >> 8);
    c->recv.len = 0;
  }
  if (ev == MG_EV_POLL && c->is_accepted) iterations++;
  if (ev == MG_EV_CLOSE && c->is_accepted) closed = true;
  (void) ev_data;
}

static void *client(void *arg) {
  static unsigned char buf[100000];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = *(unsigned short *) arg};
  size_t total = 0;
  long n;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  send(fd, "request", 7, 0);
  shutdown(fd, SHUT_WR);
  usleep(300000);
  while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
    for (long i = 0; i < n; i += 51) CHECK(buf[i] == (unsigned char) ((total + (size_t) i) >> 8));
    total += (size_t) n;
  }
  CHECK(n == 0);
  CHECK(total == SIZE);
  close(fd);
  return NULL;
}

int main(void) {
  struct mg_mgr mgr;
  pthread_t t;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  unsigned short port = l->loc.port;
  pthread_create(&t, NULL, client, &port);
  for (int i = 0; i < 100000 && !closed; i++) mg_mgr_poll(&mgr, 100);
  CHECK(closed);
  pthread_join(t, NULL);
  CHECK(iterations < 20000);
  mg_mgr_free(&mgr);
  return 0;
}
