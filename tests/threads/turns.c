// What a program may do with threads: a manager made in one, polled in two others that take turns, used by a fourth in between,
// woken by any, and freed by another again; two managers at the same time. The check of a debug build has nothing to say.

#include <pthread.h>

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { TURNS = 200 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mg_mgr shared;
static unsigned long id;
static int wakeups, calls, timers;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  wakeups += ev == MG_EV_WAKEUP;
  if (ev == MG_EV_POLL) mg_conn_set_fn_data(c, mg_conn_get_fn_data(c));
  (void) ev_data;
}

static void called(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  CHECK(mg_mgr_find(mgr, id) == c);
  calls++;
  (void) arg;
}

static void tick(void *arg) {
  timers++;
  (void) arg;
}

static void *make(void *arg) {
  mg_mgr_init(&shared);
  CHECK(mg_wakeup_init(&shared));
  id = mg_listen(&shared, "tcp://127.0.0.1:0", handler, NULL)->id;
  return arg;
}

static void *poll_in_turn(void *arg) {
  struct mg_mgr own;
  mg_mgr_init(&own);
  for (int i = 0; i < TURNS; i++) {
    pthread_mutex_lock(&lock);
    mg_mgr_poll(&shared, 0);
    pthread_mutex_unlock(&lock);
    mg_mgr_poll(&own, 0);
  }
  mg_mgr_free(&own);
  return arg;
}

static void *use_in_between(void *arg) {
  for (int i = 0; i < TURNS; i++) {
    CHECK(mg_wakeup(&shared, id, "", 0) && mg_mgr_call(&shared, id, called, NULL));
    pthread_mutex_lock(&lock);
    CHECK(mg_timer_add(&shared, 0, MG_TIMER_ONCE | MG_TIMER_RUN_NOW, tick, NULL) != NULL);
    mg_close_conn(mg_connect(&shared, "udp://127.0.0.1:9", handler, NULL));
    pthread_mutex_unlock(&lock);
  }
  return arg;
}

static void *finish(void *arg) {
  for (int i = 0; i < 10; i++) mg_mgr_poll(&shared, 0);
  mg_mgr_free(&shared);
  return arg;
}

static void run(void *(*function)(void *)) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, function, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

int main(void) {
  pthread_t threads[3];
  mg_log_set(MG_LL_NONE);
  run(make);
  for (int i = 0; i < 3; i++) CHECK(pthread_create(&threads[i], NULL, i < 2 ? poll_in_turn : use_in_between, NULL) == 0);
  for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  run(finish);
  CHECK(wakeups == TURNS && calls == TURNS && timers == TURNS);
  return 0;
}
