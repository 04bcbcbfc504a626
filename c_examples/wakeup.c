// A worker thread computes the answer to a request and hands it to the event loop with mg_wakeup(), which other threads
// may call.
//
// Build: make examples        Run: target/examples/wakeup http://127.0.0.1:8000
// Try:   curl http://127.0.0.1:8000/30     answers the 30th Fibonacci number

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "mongoose.h"

struct job {
  struct mg_mgr *mgr;
  unsigned long connection;  // id: the connection may be gone when the answer is ready
  unsigned n;
};

static volatile sig_atomic_t stopped;
static atomic_int running;  // workers, which use the manager until they end

static void stop(int signal_number) {
  stopped = signal_number;
}

static unsigned long fibonacci(unsigned n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static void *work(void *arg) {
  struct job *job = (struct job *) arg;
  unsigned long result = fibonacci(job->n);
  mg_wakeup(job->mgr, job->connection, &result, sizeof(result));
  free(job);
  running--;
  return NULL;
}

static bool start(struct mg_connection *c, unsigned n) {
  pthread_t thread;
  struct job *job = (struct job *) calloc(1, sizeof(*job));
  if (job == NULL) return false;
  job->mgr = c->mgr;
  job->connection = c->id;
  job->n = n;
  running++;
  if (pthread_create(&thread, NULL, work, job) != 0) {
    running--;
    free(job);
    return false;
  }
  pthread_detach(thread);
  return true;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    unsigned n = 0;
    if (!mg_str_to_num(mg_str_n(hm->uri.buf + 1, hm->uri.len - 1), 10, &n, sizeof(n)) || n > 40) {
      mg_http_reply(c, 400, NULL, "ask for /0 to /40\n");
    } else if (!start(c, n)) {
      mg_http_reply(c, 503, NULL, "busy\n");
    }
  } else if (ev == MG_EV_WAKEUP) {
    unsigned long result = 0;
    memcpy(&result, ((struct mg_str *) ev_data)->buf, sizeof(result));
    mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "%lu\n", result);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (listener == NULL || !mg_wakeup_init(&mgr)) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped || running > 0) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
