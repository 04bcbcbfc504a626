// The peer sends and closes: its bytes arrive, then CLOSE without an ERROR; unconsumed bytes are still there.

#include "mongoose.h"

static char trace[256];
static bool closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (c->is_listening || ev == MG_EV_POLL) return;
  strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (ev == MG_EV_READ) snprintf(trace + strlen(trace), 32, "(%ld)", *(long *) ev_data);
  if (ev == MG_EV_CLOSE) {
    printf("%s unconsumed in CLOSE: %.*s\n", (char *) c->fn_data, (int) c->recv.len, (char *) c->recv.buf);
    closed = true;
  }
}

static int dial(struct mg_connection *listener) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) exit(1);
  return fd;
}

static void run(struct mg_mgr *mgr, struct mg_connection *listener, char *name, const char *data, int how) {
  int fd = dial(listener);
  listener->fn_data = name;
  trace[0] = '\0', closed = false;
  send(fd, data, strlen(data), 0);
  if (how < 0) {
    close(fd);
  } else {
    shutdown(fd, how);
  }
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(mgr, 10);
  printf("%s trace: %s\n", name, trace);
  if (how >= 0) {
    char buf[10];
    printf("%s peer then reads: %ld\n", name, (long) recv(fd, buf, sizeof(buf), 0));
    close(fd);
  }
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  run(&mgr, listener, "close after 10 bytes", "0123456789", -1);
  run(&mgr, listener, "close at once", "", -1);
  run(&mgr, listener, "half-close after 10 bytes", "0123456789", SHUT_WR);
  run(&mgr, listener, "half-close at once", "", SHUT_WR);
  mg_mgr_free(&mgr);
  return 0;
}
