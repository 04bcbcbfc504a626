// Every connection gets one POLL per iteration, with the iteration's time, in list order.

#include "mongoose.h"

static char order[256];
static unsigned long counts[16];
static uint64_t stamps[16];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_POLL) return;
  counts[c->id]++;
  stamps[c->id] = *(uint64_t *) ev_data;
  snprintf(order + strlen(order), 32, "%lu ", c->id);
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  mg_http_listen(&mgr, "http://127.0.0.1:0", fn, NULL);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&mgr, 0);
  printf("ten iterations, one listener: %lu\n", counts[1]);
  mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);
  mg_connect(&mgr, "udp://127.0.0.1:9", fn, NULL);
  order[0] = '\0';
  uint64_t before = mg_millis();
  mg_mgr_poll(&mgr, 0);
  uint64_t after = mg_millis();
  printf("order of one iteration: %s\n", order);
  printf("all got the same time: %d\n", stamps[1] == stamps[2] && stamps[2] == stamps[3] && stamps[3] == stamps[4]);
  printf("the time is now: %d\n", stamps[1] >= before && stamps[1] <= after);
  struct mg_connection *c = mgr.conns;
  c->is_closing = 1;
  order[0] = '\0';
  mg_mgr_poll(&mgr, 0);
  printf("a closing connection is polled too: %s\n", order);
  mgr.conns->is_full = 1;
  order[0] = '\0';
  mg_mgr_poll(&mgr, 0);
  printf("a full connection is polled too: %s\n", order);
  mg_mgr_free(&mgr);
  return 0;
}
