// Closing or draining a listener leaves the connections it accepted alone.

#include "mongoose.h"

static char trace[256], got[64];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) {
    if (ev == MG_EV_POLL || ev == MG_EV_CLOSE) strcat(strcat(trace, trace[0] ? " " : ""), ev == MG_EV_POLL ? "POLL" : "CLOSE");
  } else if (ev == MG_EV_READ) {
    strncat(got, (char *) c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void run(const char *name, bool drain) {
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  for (int i = 0; i < 300 && mgr.conns == listener; i++) mg_mgr_poll(&mgr, 10);
  trace[0] = got[0] = '\0';
  if (drain) {
    listener->is_draining = 1;
  } else {
    listener->is_closing = 1;
  }
  mg_mgr_poll(&mgr, 10);
  printf("%s listener: %s\n", name, trace);
  send(fd, "still here", 10, 0);
  for (int i = 0; i < 300 && got[0] == '\0'; i++) mg_mgr_poll(&mgr, 10);
  printf("%s accepted connection receives: %s\n", name, got);
  int again = socket(AF_INET, SOCK_STREAM, 0);
  printf("%s new connections: %s\n", name, connect(again, (struct sockaddr *) &addr, sizeof(addr)) == 0 ? "accepted" : strerror(errno));
  close(again);
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  run("closing", false);
  run("draining", true);
  return 0;
}
