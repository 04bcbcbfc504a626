// A million calls from eight threads, among them messages: each runs exactly once, on the thread that polls, in the order of the
// thread that sent it.

#include "mongoose.h"
#include <pthread.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { THREADS = 8, CALLS = 125000, MESSAGE_EVERY = 100 };

struct sender {
  struct mg_mgr *mgr;
  unsigned long id;  // Its connection's.
  pthread_t thread;
  size_t next;  // Number that is to arrive next.
};

struct item {
  struct sender *sender;
  size_t number;
};

static pthread_t loop;
static size_t total;
static struct item items[THREADS][CALLS];

static void arrive(struct mg_connection *c, const struct item *item) {
  CHECK(pthread_equal(pthread_self(), loop));
  CHECK(c != NULL && c->id == item->sender->id);
  CHECK(item->number == item->sender->next);
  item->sender->next++;
  total++;
}

static void called(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  struct item *item = (struct item *) arg;
  CHECK(mgr == item->sender->mgr);
  arrive(c, item);
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  struct item item;
  if (ev != MG_EV_WAKEUP) return;
  CHECK(((struct mg_str *) ev_data)->len == sizeof(item));
  memcpy(&item, ((struct mg_str *) ev_data)->buf, sizeof(item));
  arrive(c, &item);
}

static void *work(void *arg) {
  struct item *own = (struct item *) arg;
  for (size_t i = 0; i < CALLS; i++) {
    struct sender *s = own[i].sender;
    CHECK(i % MESSAGE_EVERY == 0 ? mg_wakeup(s->mgr, s->id, &own[i], sizeof(own[i])) : mg_mgr_call(s->mgr, s->id, called, &own[i]));
  }
  return NULL;
}

int main(void) {
  static struct sender senders[THREADS];
  struct mg_mgr mgr;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  CHECK(mg_wakeup_init(&mgr));
  loop = pthread_self();
  for (int i = 0; i < THREADS; i++) {
    struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
    senders[i] = (struct sender) {.mgr = &mgr, .id = c->id};
    for (size_t k = 0; k < CALLS; k++) items[i][k] = (struct item) {&senders[i], k};
  }
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&senders[i].thread, NULL, work, items[i]) == 0);
  while (total < (size_t) THREADS * CALLS) {
    size_t before = total;
    mg_mgr_poll(&mgr, 10000);
    // Nothing else wakes the loop: it slept through its wait, and a wakeup was lost.
    CHECK(total > before);
  }
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(senders[i].thread, NULL) == 0);
  mg_mgr_free(&mgr);
  for (int i = 0; i < THREADS; i++) CHECK(senders[i].next == CALLS);
  return 0;
}
