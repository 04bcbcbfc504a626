// Wakeup messages of any size and in any number arrive. The reference cuts them at 16376 bytes, loses
// those above 65499 and all beyond its socket buffer, and says true every time.

#include "mongoose.h"
#include <pthread.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define BURST 5000

static size_t count, expected_len;
static bool ordered = true;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WAKEUP) {
    struct mg_str *data = (struct mg_str *) ev_data;
    if (expected_len > 0) {
      CHECK(data->len == expected_len);
      for (size_t i = 0; i < data->len; i += 997) CHECK((unsigned char) data->buf[i] == (unsigned char) (i * 7));
    } else {
      size_t n;
      memcpy(&n, data->buf, sizeof(n));
      ordered &= n == count;
    }
    count++;
  }
  (void) c;
}

struct job {
  struct mg_mgr *mgr;
  unsigned long id;
  size_t payload;
};

static void *burst(void *arg) {
  struct job *job = (struct job *) arg;
  char *buf = calloc(1, job->payload);
  for (size_t i = 0; i < BURST; i++) {
    memcpy(buf, &i, sizeof(i));
    CHECK(mg_wakeup(job->mgr, job->id, buf, job->payload));
  }
  free(buf);
  return NULL;
}

static void wait_for(struct mg_mgr *mgr, size_t n) {
  for (int i = 0; i < 2000 && count < n; i++) mg_mgr_poll(mgr, 10);
  CHECK(count == n);
}

int main(void) {
  static const size_t sizes[] = {1, 64 * 1024, 1024 * 1024, 16 * 1024 * 1024};
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  CHECK(mg_wakeup_init(&mgr));
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, NULL);
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    char *buf = malloc(sizes[i]);
    for (size_t k = 0; k < sizes[i]; k++) buf[k] = (char) (k * 7);
    expected_len = sizes[i], count = 0;
    CHECK(mg_wakeup(&mgr, c->id, buf, sizes[i]));
    free(buf);
    wait_for(&mgr, 1);
  }
  expected_len = 0;
  for (size_t payload = sizeof(size_t); payload <= 1000; payload += 1000 - sizeof(size_t)) {
    struct job job = {&mgr, c->id, payload};
    count = 0;
    burst(&job);
    wait_for(&mgr, BURST);
    CHECK(ordered);
    pthread_t t;
    count = 0;
    pthread_create(&t, NULL, burst, &job);
    wait_for(&mgr, BURST);
    pthread_join(t, NULL);
    CHECK(ordered);
  }
  struct job job = {&mgr, c->id, 100};
  burst(&job);
  mg_mgr_free(&mgr);
  return 0;
}
