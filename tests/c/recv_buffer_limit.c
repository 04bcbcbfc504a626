// A stream that nobody consumes is cut at MG_MAX_RECV_SIZE with an ERROR.

#include "mongoose.h"

static size_t received;
static bool closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    size_t n = (size_t) *(long *) ev_data;
    if (received == 0) printf("first read fits the initial buffer: %d\n", n <= 16384);
    received += n;
  }
  if (ev == MG_EV_ERROR) {
    printf("error: %s\n", (char *) ev_data);
    printf("recv.len in ERROR: %zu\n", c->recv.len);
  }
  if (ev == MG_EV_CLOSE && !c->is_listening) {
    printf("recv.len in CLOSE: %zu\n", c->recv.len);
    closed = true;
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_send(c, NULL, 4 * 1024 * 1024);
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  mg_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 3000 && !closed; i++) mg_mgr_poll(&mgr, 10);
  printf("received: %zu\n", received);
  mg_mgr_free(&mgr);
  return 0;
}
