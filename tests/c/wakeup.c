// mg_wakeup delivers messages to a connection by id, in order, from any thread.

#include "mongoose.h"
#include <pthread.h>

static char trace[1024];
static int delivered;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WAKEUP) {
    struct mg_str *data = (struct mg_str *) ev_data;
    size_t n = strlen(trace), sum = 0;
    for (size_t i = 0; i < data->len; i++) sum += (unsigned char) data->buf[i];
    snprintf(trace + n, sizeof(trace) - n, "%s%lu:%zu:%zu", n > 0 ? " " : "", c->id, data->len, sum);
    delivered++;
  }
}

struct job {
  struct mg_mgr *mgr;
  unsigned long id;
};

static void *thread(void *arg) {
  struct job *job = (struct job *) arg;
  for (int i = 0; i < 10; i++) mg_wakeup(job->mgr, job->id, "0123456789", (size_t) i);
  return NULL;
}

static void *interrupt(void *arg) {
  struct job *job = (struct job *) arg;
  usleep(50000);
  mg_wakeup(job->mgr, job->id, "hi!", 3);
  return NULL;
}

static void wait_for(struct mg_mgr *mgr, int count) {
  for (int i = 0; i < 300 && delivered < count; i++) mg_mgr_poll(mgr, 10);
}

int main(void) {
  static char big[20000];
  struct mg_mgr mgr;
  pthread_t t;
  mg_log_level = MG_LL_NONE;
  memset(big, 1, sizeof(big));
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  printf("before init: %d\n", mg_wakeup(&mgr, listener->id, "x", 1));
  printf("init: %d\n", mg_wakeup_init(&mgr));
  printf("init again: %d\n", mg_wakeup_init(&mgr));
  unsigned long pipe_id = mgr.conns->id;
  printf("pipe connection: id %lu, head %d, fd %d\n", pipe_id, mgr.conns != listener, mgr.pipe.fd >= 0);
  printf("pipe flags: listening %d client %d accepted %d udp %d tls %d\n", mgr.conns->is_listening, mgr.conns->is_client,
         mgr.conns->is_accepted, mgr.conns->is_udp, mgr.conns->is_tls);
  printf("pipe handlers: fn %d pfn %d\n", mgr.conns->fn != NULL, mgr.conns->pfn != NULL);

  printf("to id 0: %d\n", mg_wakeup(&mgr, 0, "x", 1));
  printf("to an unknown id: %d\n", mg_wakeup(&mgr, 12345, "x", 1));
  printf("to the pipe itself: %d\n", mg_wakeup(&mgr, pipe_id, "x", 1));
  printf("to the pipe without data: %d\n", mg_wakeup(&mgr, pipe_id, NULL, 0));
  printf("no data: %d\n", mg_wakeup(&mgr, listener->id, NULL, 0));
  printf("small: %d\n", mg_wakeup(&mgr, listener->id, "abc", 3));
  printf("16376 bytes: %d\n", mg_wakeup(&mgr, listener->id, big, 16376));
  printf("nothing before polling: %d\n", delivered);
  wait_for(&mgr, 3);
  printf("delivered: %s\n", trace);
  trace[0] = '\0', delivered = 0;
  printf("20000 bytes: %d\n", mg_wakeup(&mgr, listener->id, big, 20000));
  wait_for(&mgr, 1);
  printf("20000 bytes delivered: %s\n", trace);

  trace[0] = '\0', delivered = 0;
  struct job job = {&mgr, listener->id};
  pthread_create(&t, NULL, thread, &job);
  wait_for(&mgr, 10);
  pthread_join(t, NULL);
  printf("from a thread: %s\n", trace);

  trace[0] = '\0', delivered = 0;
  uint64_t start = mg_millis();
  pthread_create(&t, NULL, interrupt, &job);
  for (int i = 0; i < 10 && delivered == 0; i++) mg_mgr_poll(&mgr, 3000);
  pthread_join(t, NULL);
  printf("a blocking poll is interrupted: %d\n", mg_millis() - start < 2500);
  printf("and delivers: %s\n", trace);

  mgr.conns->is_closing = 1;
  mg_mgr_poll(&mgr, 0);
  printf("pipe closed, fd: %d\n", (int) mgr.pipe.fd);
  printf("init after the pipe closed: %d\n", mg_wakeup_init(&mgr));
  mg_mgr_free(&mgr);
  printf("after free, fd: %d\n", (int) mgr.pipe.fd);
  printf("after free: %d\n", mg_wakeup(&mgr, 1, "x", 1));
  return 0;
}
