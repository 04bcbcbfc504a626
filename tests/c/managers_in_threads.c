// Managers are independent: several threads each run their own echo server and client.

#include "mongoose.h"
#include <pthread.h>

#define THREADS 4
#define ROUNDS 50

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  int *rounds = (int *) c->fn_data;
  if (ev == MG_EV_CONNECT) mg_send(c, "ping", 4);
  if (ev == MG_EV_READ && c->recv.len == 4) {
    c->recv.len = 0;
    if (++*rounds < ROUNDS) mg_send(c, "ping", 4);
  }
  (void) ev_data;
}

static void *run(void *arg) {
  struct mg_mgr mgr;
  char url[64];
  int *rounds = (int *) arg;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  mg_connect(&mgr, url, client, rounds);
  for (int i = 0; i < 3000 && *rounds < ROUNDS; i++) mg_mgr_poll(&mgr, 10);
  mg_mgr_free(&mgr);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  int rounds[THREADS] = {0}, total = 0;
  mg_log_level = MG_LL_NONE;
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, run, &rounds[i]);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) total += rounds[i];
  printf("rounds: %d\n", total);
  return 0;
}
