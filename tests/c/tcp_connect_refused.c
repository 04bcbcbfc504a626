// A refused connection: OPEN and RESOLVE inside mg_connect, then ERROR, POLL, CLOSE in one iteration.

#include "mongoose.h"

static char trace[256];
static bool s_freeing;

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (s_freeing) return;
  if (ev == MG_EV_ERROR) {
    printf("error text: %s\n", (char *) ev_data);
    printf("error flags: connecting %d closing %d\n", c->is_connecting, c->is_closing);
  }
  if (ev == MG_EV_CLOSE) printf("close flags: connecting %d closing %d\n", c->is_connecting, c->is_closing);
}

static unsigned unused_port(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  bind(fd, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(fd, (struct sockaddr *) &addr, &len);
  close(fd);
  return ntohs(addr.sin_port);
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", unused_port());
  struct mg_connection *c = mg_connect(&mgr, url, client, NULL);
  printf("returned a connection: %d\n", c != NULL);
  printf("trace inside mg_connect: %s\n", trace);
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("trace: %s\n", trace);

  trace[0] = '\0';
  mg_connect(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("port 0 without a handler is gone: %d\n", mgr.conns == NULL);

  trace[0] = '\0', s_freeing = true;
  mg_connect(&mgr, url, client, NULL);
  mg_mgr_free(&mgr);
  printf("freed at once: %s\n", trace);
  return 0;
}
