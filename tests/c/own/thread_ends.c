// pthread_exit() in a handler, a timer and a called function, and pthread_cancel() of a thread that polls: the thread ends, and
// pthread_join() returns. After a cancellation the manager is whole.

#include "mongoose.h"
#include <pthread.h>
#include <sys/wait.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static enum { HANDLER, PROTOCOL_HANDLER, TIMER, CALL, CANCEL, CANCEL_FOR_EVER } s_how;
static volatile bool s_running;
static int s_cleanups, s_closes;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev_data;
  if (ev == MG_EV_POLL) s_running = true;
  if (ev == MG_EV_POLL && s_how <= PROTOCOL_HANDLER) pthread_exit(NULL);
  if (ev == MG_EV_CLOSE) s_closes++;
}

static void leave_timer(void *arg) {
  (void) arg;
  pthread_exit(NULL);
}

static void leave_call(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  (void) mgr, (void) c, (void) arg;
  pthread_exit(NULL);
}

static void clean_up(void *arg) {
  (void) arg;
  s_cleanups++;
}

static void *loop(void *arg) {
  pthread_cleanup_push(clean_up, NULL);
  for (;;) mg_mgr_poll((struct mg_mgr *) arg, s_how == CANCEL_FOR_EVER ? -1 : 50);
  pthread_cleanup_pop(0);
  return NULL;
}

static void run(void) {
  struct mg_mgr mgr;
  pthread_t thread;
  mg_mgr_init(&mgr);
  mg_wakeup_init(&mgr);
  s_running = false, s_cleanups = s_closes = 0;
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", handler, NULL);
  if (s_how == PROTOCOL_HANDLER) c->pfn = handler, c->fn = NULL;
  if (s_how == TIMER) mg_timer_add(&mgr, 1, MG_TIMER_REPEAT, leave_timer, NULL);
  if (s_how == CALL) mg_mgr_call(&mgr, 0, leave_call, NULL);
  CHECK(pthread_create(&thread, NULL, loop, &mgr) == 0);
  if (s_how >= CANCEL) {
    while (!s_running) usleep(1000);
    usleep(10000);
    CHECK(pthread_cancel(thread) == 0);
  }
  CHECK(pthread_join(thread, NULL) == 0);
  if (s_how >= CANCEL) {
    CHECK(s_cleanups == 1);
    mg_mgr_poll(&mgr, 0);
    mg_mgr_free(&mgr);
    CHECK(s_closes == 1);
  }
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  for (s_how = HANDLER; s_how < CANCEL; s_how++) {
    // What such a manager holds is lost, which is nothing for the leak check of this process.
    int status = -1;
    pid_t child = fork();
    if (child == 0) run(), _exit(0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  for (; s_how <= CANCEL_FOR_EVER; s_how++) run();
  return 0;
}
