// 10,000 connections are opened and dropped each second, some after a request, some in the middle of one: memory and
// descriptors stay as they are. `make churn` runs this program for longer, with the number of seconds as its argument.

#include <pthread.h>
#include <stdatomic.h>
#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define PER_SECOND 10000
#define CLIENTS 4

static atomic_bool stop;
static atomic_ulong dialled;
static uint16_t port;
static unsigned long accepted, closed, requests;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) accepted++;
  if (ev == MG_EV_CLOSE && !c->is_listening) closed++;
  if (ev == MG_EV_HTTP_MSG) requests++, mg_http_reply(c, 200, "", "ok\n");
  (void) ev_data;
}

// Connections are reset, which leaves nothing behind in the kernel: there are only so many ports.
static void *client(void *arg) {
  static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
  struct linger hard = {1, 0};
  uint64_t start = mg_millis();
  for (unsigned long n = 0, due = 0; !stop; n++) {
    // In small bursts: a listener whose queue is full makes clients wait for a second.
    for (; n >= due && !stop; due = (mg_millis() - start) * PER_SECOND / CLIENTS / 1000) usleep(1000);
    if (due > n + 20) start += (due - n - 20) * 1000 * CLIENTS / PER_SECOND, due = n + 20;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0) dialled++;
    if (n % 3 > 0) send(fd, request, n % 3 == 1 ? sizeof(request) - 1 : 9, MSG_NOSIGNAL);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(fd);
  }
  return arg;
}

static long resident(void) {
  long pages = 0, skipped;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f != NULL && fscanf(f, "%ld %ld", &skipped, &pages) == 2);
  fclose(f);
  return pages * sysconf(_SC_PAGESIZE);
}

static int descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 1000; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void run(struct mg_mgr *mgr, uint64_t ms) {
  for (uint64_t end = mg_millis() + ms; mg_millis() < end;) mg_mgr_poll(mgr, 10);
}

int main(int argc, char **argv) {
  uint64_t ms = argc > 1 ? (uint64_t) atoi(argv[1]) * 1000 : 2000;
  struct mg_mgr mgr;
  pthread_t threads[CLIENTS];
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  port = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL)->loc.port;
  int descriptors_before = descriptors();
  for (int i = 0; i < CLIENTS; i++) CHECK(pthread_create(&threads[i], NULL, client, NULL) == 0);
  run(&mgr, 1000);
  long before = resident();
  unsigned long first = dialled;
  run(&mgr, ms);
  unsigned long count = dialled - first;
  long after = resident();
  stop = true;
  for (int i = 0; i < CLIENTS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 1000 && mgr.conns->next != NULL; i++) mg_mgr_poll(&mgr, 1);
  printf("%lu connections a second, %lu requests; resident %ld KB, then %ld KB\n", count * 1000 / (unsigned long) ms, requests,
         before / 1024, after / 1024);
  CHECK(mgr.conns->next == NULL && accepted == closed);
  CHECK(descriptors() == descriptors_before);
#ifndef __SANITIZE_ADDRESS__
  CHECK(after - before < 2 * 1024 * 1024);
#endif
  mg_mgr_free(&mgr);
  return 0;
}
