// Fields a program writes between polls take effect in the loop.

#include "mongoose.h"

static char trace[256], got[64];

static void note(const char *who, struct mg_connection *c, int ev) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (ev == MG_EV_POLL) return;
  strcat(strcat(strcat(trace, trace[0] ? " " : ""), who), names[ev]);
  if (ev == MG_EV_READ) strncat(got, (char *) c->recv.buf, c->recv.len);
}

static void first(struct mg_connection *c, int ev, void *ev_data) {
  note("first:", c, ev);
  (void) ev_data;
}

static void second(struct mg_connection *c, int ev, void *ev_data) {
  note("second:", c, ev);
  (void) ev_data;
}

static void protocol(struct mg_connection *c, int ev, void *ev_data) {
  note("protocol:", c, ev);
  (void) ev_data;
}

static void report(const char *name) {
  printf("%s: %s\n", name, trace);
  trace[0] = '\0';
}

int main(void) {
  struct mg_mgr mgr;
  int fds[2];
  char buf[32];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  struct mg_connection *c = mg_wrapfd(&mgr, fds[0], first, NULL);
  report("opened");

  c->is_full = 1;
  send(fds[1], "held", 4, 0);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 1);
  report("is_full holds input back");
  c->is_full = 0;
  for (int i = 0; i < 300 && got[0] == '\0'; i++) mg_mgr_poll(&mgr, 10);
  report("is_full cleared");
  printf("input: %s\n", got);

  c->fn = second, c->pfn = protocol, got[0] = '\0', c->recv.len = 0;
  send(fds[1], "new", 3, 0);
  for (int i = 0; i < 300 && got[0] == '\0'; i++) mg_mgr_poll(&mgr, 10);
  report("handlers replaced");
  c->pfn = NULL;

  mg_iobuf_free(&c->recv);
  mg_iobuf_resize(&c->recv, 100000);
  got[0] = '\0';
  send(fds[1], "big", 3, 0);
  for (int i = 0; i < 300 && got[0] == '\0'; i++) mg_mgr_poll(&mgr, 10);
  printf("a resized receive buffer keeps its size: %d\n", c->recv.size >= 100000);
  report("resized buffer");

  mg_iobuf_add(&c->send, 0, "appended", 8);
  for (int i = 0; i < 300 && c->send.len > 0; i++) mg_mgr_poll(&mgr, 10);
  printf("bytes put into c->send arrive: %ld\n", (long) recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT));
  report("sent");
  mg_send(c, "discarded", 9);
  c->send.len = 0;
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 1);
  printf("bytes taken out of c->send arrive: %d\n", recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT) > 0);
  report("discarded");

  c->is_draining = 1;
  mg_mgr_poll(&mgr, 0);
  report("is_draining");
  printf("connections left: %d\n", mgr.conns != NULL);
  close(fds[1]);
  mg_mgr_free(&mgr);
  return 0;
}
