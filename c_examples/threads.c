// A server on several cores: one manager per thread, all on the same port. The system deals the connections out.
//
// Build: make examples        Run: target/examples/threads http://127.0.0.1:8000 2
// Try:   curl http://127.0.0.1:8000     several times: the answer tells which thread served it

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "mongoose.h"

enum { MAX_THREADS = 64 };

static volatile sig_atomic_t stopped;
static atomic_uint port;  // the one that the first thread got

static void stop(int signal_number) {
  stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "thread %d\n", *(int *) c->fn_data);
  (void) ev_data;
}

// Nothing is shared between the threads: each has a manager, connections and timers of its own.
static void serve(struct mg_mgr *mgr) {
  while (!stopped) mg_mgr_poll(mgr, 100);
  mg_mgr_free(mgr);
}

static bool listen_on(struct mg_mgr *mgr, const char *url, int *number) {
  mg_mgr_init(mgr);
  struct mg_connection *listener = mg_mgr_reuse_port(mgr, true) ? mg_http_listen(mgr, url, handler, number) : NULL;
  if (listener != NULL) port = mg_ntohs(listener->loc.port);
  return listener != NULL;
}

struct worker {
  pthread_t thread;
  int number;
  char url[100];
};

static void *work(void *arg) {
  struct worker *worker = (struct worker *) arg;
  struct mg_mgr mgr;
  if (listen_on(&mgr, worker->url, &worker->number)) serve(&mgr);
  else mg_mgr_free(&mgr);
  return NULL;
}

int main(int argc, char *argv[]) {
  static struct worker workers[MAX_THREADS];
  const char *url = argc > 1 ? argv[1] : "http://127.0.0.1:8000";
  int count = argc > 2 ? atoi(argv[2]) : 2, started = 1;
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  if (!listen_on(&mgr, url, &workers[0].number)) return 1;
  for (; started < count && started < MAX_THREADS; started++) {
    struct worker *worker = &workers[started];
    struct mg_str host = mg_url_host(url);
    worker->number = started;
    mg_snprintf(worker->url, sizeof(worker->url), "http://%.*s:%u", (int) host.len, host.buf, (unsigned) port);
    if (pthread_create(&worker->thread, NULL, work, worker) != 0) break;
  }
  printf("Listening on port %u\n", (unsigned) port);
  fflush(stdout);
  serve(&mgr);
  while (--started > 0) pthread_join(workers[started].thread, NULL);
  return 0;
}
