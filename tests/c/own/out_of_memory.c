// With memory exhausted, sending fails, and a connection whose input cannot be stored gets ERROR "OOM" and closes;
// the process and other connections live on. The reference has no defined behaviour here.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct rlimit unlimited;
static char error_text[32];
static bool closed;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(error_text, sizeof(error_text), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE && c->is_accepted) closed = true;
}

static size_t address_space(void) {
  size_t pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f != NULL && fscanf(f, "%zu", &pages) == 1);
  fclose(f);
  return pages * (size_t) sysconf(_SC_PAGESIZE);
}

static void limit_address_space(size_t bytes) {
  struct rlimit tight = {.rlim_cur = bytes, .rlim_max = unlimited.rlim_max};
  CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
}

int main(void) {
  static char big[64 * 1024 * 1024], data[100000];
  static void *hold[1 << 16];
  size_t held = 0;
  struct mg_mgr mgr;
#ifdef __SANITIZE_ADDRESS__
  return 0;  // the sanitizer reserves more address space than any limit that would matter here
#endif
  getrlimit(RLIMIT_AS, &unlimited);
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  for (int i = 0; i < 300 && mgr.conns == l; i++) mg_mgr_poll(&mgr, 10);
  struct mg_connection *c = mgr.conns;
  CHECK(c != l);
  CHECK(mg_wakeup_init(&mgr));

  // Large requests fail, small ones go on.
  limit_address_space(address_space() + 8 * 1024 * 1024);
  CHECK(!mg_send(c, NULL, 100 * 1024 * 1024));
  CHECK(c->send.len == 0);
  CHECK(!mg_wakeup(&mgr, c->id, big, sizeof(big)));
  CHECK(mg_send(c, "small", 5));
  for (int i = 0; i < 10; i++) mg_mgr_poll(&mgr, 1);
  CHECK(recv(fd, data, sizeof(data), 0) == 5);

  // With nothing left at all, input cannot be stored.
  CHECK(send(fd, data, sizeof(data), 0) > 0);
  limit_address_space(1);
  for (size_t size = 1 << 16; size >= 64; size /= 2) {
    while (held < sizeof(hold) / sizeof(hold[0]) && (hold[held] = malloc(size)) != NULL) held++;
  }
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  CHECK(setrlimit(RLIMIT_AS, &unlimited) == 0);
  while (held > 0) free(hold[--held]);
  CHECK(closed);
  CHECK(strcmp(error_text, "OOM") == 0);

  // And afterwards life goes on.
  closed = false;
  close(fd);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  close(fd);
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  CHECK(closed);
  mg_mgr_free(&mgr);
  return 0;
}
