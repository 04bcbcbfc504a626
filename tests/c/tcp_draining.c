// is_draining: everything queued is sent, then the connection closes; with nothing queued it closes in the same turn.

#include "mongoose.h"

static char trace[512];
static int mode;  // 0: queue then drain, 1: drain with nothing queued, 2: drain before queueing
static bool closed;

static void note(struct mg_connection *c, int ev) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (ev == MG_EV_POLL || c->is_listening) return;
  strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev);
  if (ev == MG_EV_READ) {
    c->recv.len = 0;
    if (mode == 2) c->is_draining = 1;
    if (mode != 1) mg_printf(c, "%s", "goodbye");
    c->is_draining = 1;
  }
  if (ev == MG_EV_WRITE) printf("mode %d draining in WRITE: %d, left %zu, wrote %ld\n", mode, c->is_draining, c->send.len, *(long *) ev_data);
  if (ev == MG_EV_CLOSE) {
    printf("mode %d flags in CLOSE: draining %d closing %d\n", mode, c->is_draining, c->is_closing);
    closed = true;
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev);
  if (ev == MG_EV_CLOSE) closed = true;
  (void) ev_data;
}

static int dial(struct mg_connection *listener) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) exit(1);
  return fd;
}

static void collect(const char *label, int fd) {
  char buf[64] = "";
  long n, total = 0;
  while (total < (long) sizeof(buf) - 1 && (n = recv(fd, buf + total, sizeof(buf) - 1 - (size_t) total, 0)) > 0) total += n;
  printf("%s: %ld bytes %s\n", label, total, buf);
  close(fd);
}

int main(void) {
  struct mg_mgr mgr;
  char url[64], label[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(listener->loc.port));

  for (mode = 0; mode < 3; mode++) {
    int fd = dial(listener);
    send(fd, "hi", 2, 0);
    trace[0] = '\0', closed = false;
    for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
    printf("mode %d trace: %s\n", mode, trace);
    snprintf(label, sizeof(label), "mode %d peer got", mode);
    collect(label, fd);
  }

  // Draining while the connection is still being made.
  mode = 0;
  struct mg_connection *c = mg_connect(&mgr, url, client, NULL);
  listener->fn = NULL;
  c->is_draining = 1;
  trace[0] = '\0', closed = false;
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  printf("connecting client with nothing queued is closed: %d\n", closed);
  c = mg_connect(&mgr, url, client, NULL);
  mg_printf(c, "%s", "bytes");
  c->is_draining = 1;
  trace[0] = '\0', closed = false;
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&mgr, 10);
  printf("connecting client with bytes queued: %s\n", trace);
  mg_mgr_free(&mgr);
  return 0;
}
