// A hundred thousand messages and calls, each of which runs the loop: all arrive, in order, on a stack that
// is not deeper for that.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { COUNT = 100000 };

static size_t arrived;
static int depth, deepest;

static void run_the_loop(struct mg_mgr *mgr) {
  if (++depth > deepest) deepest = depth;
  mg_mgr_poll(mgr, 0);
  depth--;
}

static void called(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  CHECK((size_t) arg == arrived);
  arrived++;
  run_the_loop(mgr);
  (void) c;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WAKEUP) {
    size_t n;
    CHECK(((struct mg_str *) ev_data)->len == sizeof(n));
    memcpy(&n, ((struct mg_str *) ev_data)->buf, sizeof(n));
    called(c->mgr, c, (void *) n);
  }
}

static void send_number(struct mg_mgr *mgr, unsigned long id, size_t n) {
  CHECK(n % 2 == 0 ? mg_mgr_call(mgr, 0, called, (void *) n) : mg_wakeup(mgr, id, &n, sizeof(n)));
}

// Sends more from inside, which only an iteration in the midst of the others can hear.
static void send_more(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  static size_t sent = COUNT;
  for (int i = 0; i < 10 && sent < COUNT + 1000; i++) send_number(mgr, c->id, sent++);
  run_the_loop(mgr);
  (void) arg;
}

static void settle(struct mg_mgr *mgr, size_t expected) {
  for (int i = 0; i < 1000 && arrived < expected; i++) mg_mgr_poll(mgr, 10);
  CHECK(arrived == expected);
  printf("at most %d deep\n", deepest);
  CHECK(deepest > 1 && deepest < 100 && depth == 0);
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  CHECK(mg_wakeup_init(&mgr));
  struct mg_connection *channel = mgr.conns;
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", handler, NULL);
  for (size_t n = 0; n < COUNT; n++) send_number(&mgr, c->id, n);
  settle(&mgr, COUNT);
  for (int i = 0; i < 200; i++) CHECK(mg_mgr_call(&mgr, c->id, send_more, NULL));
  settle(&mgr, COUNT + 1000);

  // So do those that wait when the channel ends.
  arrived = 0;
  for (size_t n = 0; n < COUNT; n += 2) CHECK(mg_mgr_call(&mgr, 0, called, (void *) (n / 2)));
  mg_close_conn(channel);
  settle(&mgr, COUNT / 2);
  mg_mgr_free(&mgr);
  return 0;
}
