// Threads go on calling while the manager is freed and after: each call that was accepted runs once, with NULL when it
// is too late, and each that was refused does not run.

#include "mongoose.h"
#include <pthread.h>
#include <stdatomic.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { THREADS = 4, ROUNDS = 100, MAX_WAITING = 200 };

static atomic_long accepted, released;
static atomic_int stopped;
static bool freeing;
static long late;

struct sender {
  struct mg_mgr *mgr;
  unsigned long id;
};

static void release(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  CHECK(!freeing || c == NULL);
  if (freeing) {
    late++;
    CHECK(mg_listen(mgr, "tcp://127.0.0.1:0", NULL, NULL) == NULL);
    CHECK(!mg_mgr_call(mgr, 0, release, NULL));
  }
  released++;
  free(arg);
}

static void *work(void *arg) {
  struct sender *s = (struct sender *) arg;
  int refused = 0;
  while (refused < 3) {
    char *data = strdup("data");
    while (accepted - released > MAX_WAITING) sched_yield();
    if (mg_mgr_call(s->mgr, s->id, release, data)) {
      accepted++;
    } else {
      free(data);
      refused++;
      CHECK(!mg_wakeup(s->mgr, s->id, "", 0));
    }
  }
  stopped++;
  return NULL;
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static void round_of_calls(int n) {
  struct mg_mgr mgr;
  pthread_t threads[THREADS];
  mg_mgr_init(&mgr);
  CHECK(mg_wakeup_init(&mgr));
  struct sender s = {&mgr, mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL)->id};
  freeing = false;
  accepted = released = stopped = 0;
  // One that waits for certain.
  CHECK(mg_mgr_call(&mgr, s.id, release, NULL));
  accepted++;
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, &s) == 0);
  for (int i = 0; i < n % 7; i++) mg_mgr_poll(&mgr, 1);
  freeing = true;
  mg_mgr_free(&mgr);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(stopped == THREADS && accepted == released);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  for (int n = 0; n < ROUNDS; n++) round_of_calls(n);
  CHECK(late > 0);
  return 0;
}
