// A receiver that toggles is_full gets 6 MiB intact, and its buffer reaches exactly MG_MAX_RECV_SIZE, never more.

#include "mongoose.h"

#define TOTAL (2 * (size_t) MG_MAX_RECV_SIZE)

static size_t received, checked, polls_at_limit, above_limit;
static unsigned errors;
static bool wrong;

static void consume(struct mg_connection *c, size_t n) {
  for (size_t i = 0; i < n; i++) wrong |= c->recv.buf[i] != (unsigned char) ((checked + i) * 31 >> 3);
  checked += n;
  mg_iobuf_del(&c->recv, 0, n);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) mg_iobuf_resize(&c->recv, MG_MAX_RECV_SIZE - MG_IO_SIZE);
  if (ev == MG_EV_READ) {
    received += (size_t) *(long *) ev_data;
    if (c->recv.len >= MG_MAX_RECV_SIZE) c->is_full = 1;
  }
  if (ev == MG_EV_POLL) {
    if (c->recv.len > MG_MAX_RECV_SIZE) above_limit++;
    if (c->recv.len == MG_MAX_RECV_SIZE && polls_at_limit++ < 10) return;
    if (c->is_full || received == TOTAL) consume(c, received == TOTAL ? c->recv.len : c->recv.len / 3);
    if (c->recv.len < MG_MAX_RECV_SIZE) c->is_full = 0;
  }
  if (ev == MG_EV_ERROR) errors++;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) {
    unsigned char *data = malloc(TOTAL);
    for (size_t i = 0; i < TOTAL; i++) data[i] = (unsigned char) (i * 31 >> 3);
    mg_send(c, data, TOTAL);
    free(data);
  }
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
  for (int i = 0; i < 20000 && checked < TOTAL && errors == 0; i++) mg_mgr_poll(&mgr, 1);
  printf("received: %zu\n", received);
  printf("consumed: %zu\n", checked);
  printf("content damaged: %d\n", wrong);
  printf("reached the limit in at least ten POLL events: %d\n", polls_at_limit >= 10);
  printf("went above the limit: %zu\n", above_limit);
  printf("errors: %u\n", errors);
  mg_mgr_free(&mgr);
  return 0;
}
