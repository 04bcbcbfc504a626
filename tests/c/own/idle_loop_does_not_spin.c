// States in which the reference polls a million times a second: unread input on a full connection, a hung-up peer on
// one, pending clients of a full listener, output that the program took back.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr mgr;

static double cpu_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

// Three polls of 100 ms must take their time and cost next to nothing.
static void check_idle(const char *state) {
  mg_mgr_poll(&mgr, 0), mg_mgr_poll(&mgr, 0);
  double cpu = cpu_seconds();
  uint64_t start = mg_millis();
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 100);
  uint64_t took = mg_millis() - start;
  cpu = cpu_seconds() - cpu;
  printf("%s: %lu ms, CPU %.0f ms\n", state, (unsigned long) took, cpu * 1000);
  CHECK(took >= 250);
  CHECK(cpu < 0.1);
}

static int dial(struct mg_connection *l) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

int main(void) {
  static char data[100000];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  int fd = dial(l);
  for (int i = 0; i < 300 && mgr.conns == l; i++) mg_mgr_poll(&mgr, 10);
  struct mg_connection *c = mgr.conns;
  CHECK(c != l);
  check_idle("idle connection");

  c->is_full = 1;
  CHECK(send(fd, data, sizeof(data), 0) > 0);
  check_idle("full connection with unread input");
  shutdown(fd, SHUT_WR);
  check_idle("full connection with unread input and end of stream");
  close(fd);
  check_idle("full connection whose peer has gone");
  c->is_full = 0;
  for (int i = 0; i < 300 && mgr.conns != l; i++) mg_mgr_poll(&mgr, 10);
  CHECK(mgr.conns == l);

  l->is_full = 1;
  fd = dial(l);
  check_idle("full listener with a pending client");
  l->is_full = 0;
  for (int i = 0; i < 300 && mgr.conns == l; i++) mg_mgr_poll(&mgr, 10);
  c = mgr.conns;
  CHECK(c != l);

  while (mg_send(c, data, sizeof(data)) && c->send.len < 20000000) {
  }
  for (int i = 0; i < 100; i++) mg_mgr_poll(&mgr, 0);
  CHECK(c->send.len > 0);
  check_idle("output that the peer does not take");
  c->send.len = 0;
  check_idle("output taken back by the program");
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
