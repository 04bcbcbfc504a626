// A reset by the peer reports ERROR "socket error", then POLL, then CLOSE.

#include "mongoose.h"

static char trace[256], texts[256];
static bool accepted, closed, fail_on_accept;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) accepted = true;
  if (ev == MG_EV_ACCEPT && fail_on_accept) mg_error(c, "%s", "by the program");
  if (ev == MG_EV_ERROR) strcat(strcat(texts, texts[0] ? ", " : ""), (char *) ev_data);
  if (ev == MG_EV_ERROR || ev == MG_EV_CLOSE) strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (ev == MG_EV_POLL && strstr(trace, "ERROR") != NULL) strcat(trace, " POLL");
  if (ev == MG_EV_CLOSE) closed = true;
}

static int dial(struct mg_connection *listener) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) exit(1);
  return fd;
}

static void reset(int fd) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
  close(fd);
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);

  int fd = dial(listener);
  for (int i = 0; i < 300 && !accepted; i++) mg_mgr_poll(&mgr, 10);
  reset(fd);
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  printf("trace after a reset: %s\n", trace);
  printf("error text: %s\n", texts);

  trace[0] = texts[0] = '\0', accepted = closed = false, fail_on_accept = true;
  fd = dial(listener);
  for (int i = 0; i < 300 && !accepted; i++) mg_mgr_poll(&mgr, 10);
  reset(fd);
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  printf("reset of a connection that already failed: %s\n", texts);
  mg_mgr_free(&mgr);
  return 0;
}
