// mg_wrapfd takes over a connected socket: OPEN before it is listed, no flags, mode of the descriptor untouched.

#include "mongoose.h"

static char trace[128];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (ev != MG_EV_POLL) strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (ev == MG_EV_OPEN) {
    printf("open data: %d\n", ev_data != NULL);
    printf("listed at open: %d\n", c->mgr->conns == c);
    printf("fd at open is set: %d\n", (int) (size_t) c->fd > 2);
  }
  if (ev == MG_EV_READ) {
    printf("reads: %.*s\n", (int) c->recv.len, (char *) c->recv.buf);
    c->recv.len = 0;
    mg_send(c, "answer", 6);
  }
}

int main(void) {
  struct mg_mgr mgr;
  char buf[16];
  int fds[2];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  struct mg_connection *c = mg_wrapfd(&mgr, fds[0], fn, &mgr);
  printf("returns a connection: %d\n", c != NULL);
  printf("listed: %d\n", mgr.conns == c);
  printf("id: %lu\n", c->id);
  printf("fd: %d\n", (int) (size_t) c->fd == fds[0]);
  printf("handlers: %d %d %d\n", c->fn == fn, c->fn_data == &mgr, c->pfn == NULL);
  printf("flags: %d %d %d %d %d\n", c->is_client, c->is_accepted, c->is_listening, c->is_udp, c->is_connecting);
  printf("non-blocking: %d\n", (fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
  printf("close-on-exec: %d\n", (fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0);
  printf("rem port: %d\n", c->rem.port);
  send(fds[1], "question", 8, 0);
  for (int i = 0; i < 300 && strstr(trace, "WRITE") == NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("peer gets: %ld\n", (long) recv(fds[1], buf, sizeof(buf), 0));
  close(fds[1]);
  for (int i = 0; i < 300 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("trace: %s\n", trace);
  printf("descriptor is closed with the connection: %d\n", fcntl(fds[0], F_GETFD) < 0);
  mg_mgr_free(&mgr);
  return 0;
}
