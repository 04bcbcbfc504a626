// A TCP server that sends back what it receives, and keeps slow readers from filling its memory.
//
// Build: make examples        Run: target/examples/tcp_echo tcp://127.0.0.1:7000
// Try:   nc 127.0.0.1 7000

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

#define MAX_QUEUED ((size_t) 1024 * 1024)

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len);
    mg_iobuf_del(&c->recv, 0, c->recv.len);
  }
  // While much is queued, is_full stops reading and TCP slows the sender down.
  if (ev == MG_EV_READ || ev == MG_EV_WRITE) c->is_full = c->send.len > MAX_QUEUED;
  (void) ev_data;
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, argc > 1 ? argv[1] : "tcp://127.0.0.1:7000", handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
