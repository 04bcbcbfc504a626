// mg_mgr_free: POLL and CLOSE for every connection from the head, nothing left behind, twice is harmless.

#include "mongoose.h"

static char trace[512];
static int timer_runs;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_POLL || ev == MG_EV_CLOSE) {
    size_t n = strlen(trace);
    snprintf(trace + n, sizeof(trace) - n, "%s%lu:%s", n > 0 ? " " : "", c->id, ev == MG_EV_POLL ? "POLL" : "CLOSE");
  }
  (void) ev_data;
}

static void tick(void *arg) {
  (void) arg;
  timer_runs++;
}

int main(void) {
  struct mg_mgr mgr;
  char url[64], buf[8];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  mgr.userdata = &mgr;
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);
  mg_connect(&mgr, url, fn, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  for (int i = 0; i < 300 && mgr.conns->id < 4; i++) mg_mgr_poll(&mgr, 10);
  mg_send(mgr.conns, "queued", 6);
  mg_timer_add(&mgr, 0, MG_TIMER_REPEAT | MG_TIMER_RUN_NOW, tick, NULL);
  mg_timer_add(&mgr, 1000, MG_TIMER_ONCE, tick, NULL);
  trace[0] = '\0';
  mg_mgr_free(&mgr);
  printf("trace: %s\n", trace);
  printf("connections left: %d\n", mgr.conns != NULL);
  printf("timers left: %d\n", mgr.timers != NULL);
  printf("timer ran during free: %d\n", timer_runs);
  printf("userdata kept: %d\n", mgr.userdata == &mgr);
  printf("next id kept: %lu\n", mgr.nextid);
  printf("epoll_fd: %d\n", mgr.epoll_fd);
  printf("queued bytes reached the peer: %d\n", recv(fd, buf, sizeof(buf), 0) > 0);
  close(fd);
  mg_mgr_free(&mgr);
  printf("second free: done\n");
  mg_mgr_poll(&mgr, 20);
  printf("poll after free: done\n");
  return 0;
}
