// mg_close_conn from handlers: of the connection itself, the next, the previous and, in an ERROR handler, all others.
// The reference walks on through freed memory.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_connection *actor;
static int what, closes, polls_after_close, errors;
static bool gone[64];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CLOSE) {
    CHECK(!gone[c->id]);
    gone[c->id] = true;
    closes++;
  } else if (gone[c->id]) {
    polls_after_close++;
  }
  if (ev == MG_EV_POLL && c == actor) {
    struct mg_connection *p = c->mgr->conns;
    while (p != c && p->next != c) p = p->next;
    if (what == 0) mg_close_conn(c);
    if (what == 1 && c->next != NULL) mg_close_conn(c->next);
    if (what == 2) mg_close_conn(p);
    if (what == 3) while (c->mgr->conns != NULL) mg_close_conn(c->mgr->conns);
    actor = NULL;
  }
  if (ev == MG_EV_ERROR && ++errors == 1) {
    for (struct mg_connection *p = c->mgr->conns, *next; p != NULL; p = next) {
      next = p->next;
      if (p != c) mg_close_conn(p);
    }
  }
  (void) ev_data;
}

static int count(struct mg_mgr *mgr) {
  int n = 0;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) n++;
  return n;
}

int main(void) {
  static const int left[] = {4, 4, 4, 0};
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  for (what = 0; what < 4; what++) {
    memset(gone, 0, sizeof(gone)), closes = 0;
    mg_mgr_init(&mgr);
    for (int i = 0; i < 5; i++) {
      struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);
      if (i == 2) actor = c;
    }
    mg_mgr_poll(&mgr, 0);
    CHECK(actor == NULL);
    CHECK(count(&mgr) == left[what]);
    CHECK(closes == 5 - left[what]);
    mg_mgr_poll(&mgr, 0);
    mg_mgr_free(&mgr);
    CHECK(closes == 5);
    CHECK(polls_after_close == 0);
  }

  // Several connections fail in one iteration; the first ERROR handler closes the rest.
  memset(gone, 0, sizeof(gone)), closes = 0;
  mg_mgr_init(&mgr);
  for (int i = 0; i < 10; i++) mg_connect(&mgr, "tcp://127.0.0.1:1", fn, NULL);
  for (int i = 0; i < 300 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 10);
  CHECK(errors == 1);
  CHECK(closes == 10);
  CHECK(polls_after_close == 0);
  mg_mgr_free(&mgr);
  return 0;
}
