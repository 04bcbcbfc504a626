// A process out of descriptors keeps its listener, does not spin, and accepts again when some are free.
// The reference runs 140000 iterations and as many log lines in 100 ms.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static int accepted, log_lines;

static void sink(char ch, void *param) {
  log_lines += ch == '\n';
  (void) param;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) accepted++;
  (void) c, (void) ev_data;
}

static double cpu_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(void) {
  struct mg_mgr mgr;
  struct rlimit limit;
  int fillers[1024], n = 0, peers[5];
  mg_log_level = MG_LL_ERROR;
  mg_log_set_fn(sink, NULL);
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 256;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int l_fd = (int) (size_t) l->fd;
  for (int i = 0; i < 5; i++) peers[i] = socket(AF_INET, SOCK_STREAM, 0);
  while (n < 1023 && (fillers[n] = dup(l_fd)) >= 0) n++;
  for (int i = 0; i < 5; i++) CHECK(connect(peers[i], (struct sockaddr *) &addr, sizeof(addr)) == 0);
  double cpu = cpu_seconds();
  uint64_t start = mg_millis();
  while (mg_millis() < start + 500) mg_mgr_poll(&mgr, 100);
  CHECK(accepted == 0);
  CHECK(cpu_seconds() - cpu < 0.2);
  CHECK(log_lines >= 1);
  CHECK(log_lines < 50);
  while (n > 0) close(fillers[--n]);
  for (int i = 0; i < 100 && accepted < 5; i++) mg_mgr_poll(&mgr, 100);
  CHECK(accepted == 5);
  for (int i = 0; i < 5; i++) close(peers[i]);
  mg_mgr_free(&mgr);
  return 0;
}
