// With memory exhausted, sending fails, and a connection whose input cannot be stored gets ERROR "OOM" and closes;
// the process and other connections live on. The reference has no defined behaviour here.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct rlimit unlimited;
static bool failed, closed, echoed;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) {
    setrlimit(RLIMIT_AS, &unlimited);
    CHECK(strcmp((char *) ev_data, "OOM") == 0);
    failed = true;
  }
  if (ev == MG_EV_READ) echoed = true;
  if (ev == MG_EV_CLOSE && c->is_accepted) closed = true;
}

static size_t address_space(void) {
  size_t pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f != NULL && fscanf(f, "%zu", &pages) == 1);
  fclose(f);
  return pages * (size_t) sysconf(_SC_PAGESIZE);
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  getrlimit(RLIMIT_AS, &unlimited);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  for (int i = 0; i < 300 && mgr.conns == l; i++) mg_mgr_poll(&mgr, 10);
  struct mg_connection *c = mgr.conns;
  CHECK(c != l);

  struct rlimit tight = {.rlim_cur = address_space() + 8 * 1024 * 1024, .rlim_max = unlimited.rlim_max};
  CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
  CHECK(!mg_send(c, NULL, 100 * 1024 * 1024));
  CHECK(c->send.len == 0);
  CHECK(mg_send(c, "small", 5));
  CHECK(mg_wakeup_init(&mgr));
  static char big[64 * 1024 * 1024];
  CHECK(!mg_wakeup(&mgr, c->id, big, sizeof(big)));
  CHECK(setrlimit(RLIMIT_AS, &unlimited) == 0);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&mgr, 1);

  // A peer whose input cannot be stored.
  static char filler[1 << 20];
  CHECK(send(fd, filler, sizeof(filler), MSG_DONTWAIT) > 0);
  tight.rlim_cur = 1;
  while (malloc(100) == NULL) break;
  CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
  void *hold[4096];
  int n = 0;
  while (n < 4096 && (hold[n] = malloc(64 * 1024)) != NULL) n++;
  while (n < 4096 && (hold[n] = malloc(4 * 1024)) != NULL) n++;
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  setrlimit(RLIMIT_AS, &unlimited);
  while (n > 0) free(hold[--n]);
  CHECK(closed);
  CHECK(failed || echoed);
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
