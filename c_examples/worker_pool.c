// Slow requests go to a pool of threads over a bounded queue; the answers come back with mg_mgr_call(). Requests of one connection
// are answered in order, however long each takes, since the library delivers the next one when the one before is answered.
//
// Build: make examples        Run: target/examples/worker_pool http://127.0.0.1:8000 4 100     4 threads, 100 may wait
// Try:   curl 'http://127.0.0.1:8000/hello?ms=500' 'http://127.0.0.1:8000/again?ms=10'

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "mongoose.h"

enum { MAX_THREADS = 64 };

struct job {
  struct job *next;
  struct mg_mgr *mgr;
  unsigned long connection;  // id: the connection may be gone when the answer is ready
  unsigned ms;
  char text[256];  // a copy: the request is gone when its handler returns
};

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct job *first, *last;
  int waiting, limit;
  bool closed;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .limit = 100};

static volatile sig_atomic_t stopped;
static int unanswered;  // jobs under way; used by the loop's thread alone

static void stop(int signal_number) {
  stopped = signal_number;
}

static bool put(struct job *job) {
  pthread_mutex_lock(&queue.lock);
  bool accepted = queue.waiting < queue.limit;
  if (accepted) {
    if (queue.waiting++ == 0) queue.first = job;
    else queue.last->next = job;
    queue.last = job;
    pthread_cond_signal(&queue.changed);
  }
  pthread_mutex_unlock(&queue.lock);
  return accepted;
}

// The next job; NULL when there will be none.
static struct job *take(void) {
  pthread_mutex_lock(&queue.lock);
  while (queue.waiting == 0 && !queue.closed) pthread_cond_wait(&queue.changed, &queue.lock);
  struct job *job = queue.waiting > 0 ? queue.first : NULL;
  if (job != NULL) queue.first = job->next, queue.waiting--;
  pthread_mutex_unlock(&queue.lock);
  return job;
}

// Runs on the loop's thread. `c` is NULL if the client has left.
static void answer(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  struct job *job = (struct job *) arg;
  if (c != NULL) mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "%s\n", job->text);
  free(job);
  unanswered--;
  (void) mgr;
}

static void *work(void *arg) {
  for (struct job *job; (job = take()) != NULL;) {
    usleep(job->ms * 1000);  // stands for a query, a calculation, a call of another server
    while (!mg_mgr_call(job->mgr, job->connection, answer, job)) usleep(1000);  // memory is short
  }
  return arg;
}

static bool start(struct mg_connection *c, struct mg_http_message *hm) {
  struct job *job = stopped ? NULL : (struct job *) calloc(1, sizeof(*job));
  if (job == NULL) return false;
  struct mg_str ms = mg_http_var(hm->query, mg_str("ms"));
  if (!mg_str_to_num(ms, 10, &job->ms, sizeof(job->ms)) || job->ms > 10000) job->ms = 0;
  mg_snprintf(job->text, sizeof(job->text), "%.*s", (int) hm->uri.len, hm->uri.buf);
  job->mgr = c->mgr;
  job->connection = c->id;
  if (!put(job)) return free(job), false;
  unanswered++;
  return true;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG && !start(c, (struct mg_http_message *) ev_data)) mg_http_reply(c, 503, "Retry-After: 1\r\n", "busy\n");
}

int main(int argc, char *argv[]) {
  pthread_t threads[MAX_THREADS];
  int wanted = argc > 2 ? atoi(argv[2]) : 4, count = 0;
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  if (argc > 3) queue.limit = atoi(argv[3]);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (listener == NULL || !mg_wakeup_init(&mgr)) return 1;
  while (count < wanted && count < MAX_THREADS && pthread_create(&threads[count], NULL, work, NULL) == 0) count++;
  if (count == 0) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped || unanswered > 0) mg_mgr_poll(&mgr, 1000);
  mg_mgr_poll(&mgr, 0);  // sends the last answers
  pthread_mutex_lock(&queue.lock);
  queue.closed = true;
  pthread_cond_broadcast(&queue.changed);
  pthread_mutex_unlock(&queue.lock);
  while (count > 0) pthread_join(threads[--count], NULL);
  mg_mgr_free(&mgr);
  return 0;
}
