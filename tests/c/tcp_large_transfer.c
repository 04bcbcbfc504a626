// A large transfer in both directions arrives whole and in order, with WRITE accounting for every byte.

#include "mongoose.h"

#define SIZE ((size_t) 20 * 1024 * 1024)

static size_t up, down, server_wrote, client_wrote;
static bool wrong;

static unsigned char pattern(size_t i) {
  return (unsigned char) ((i >> 10) * 7 + i);
}

static void take(struct mg_connection *c, size_t *count) {
  for (size_t i = 0; i < c->recv.len; i++) wrong |= c->recv.buf[i] != pattern(*count + i);
  *count += c->recv.len;
  mg_iobuf_del(&c->recv, 0, c->recv.len);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len);
    take(c, &up);
  }
  if (ev == MG_EV_WRITE) server_wrote += (size_t) *(long *) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) {
    unsigned char *data = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++) data[i] = pattern(i);
    printf("queueing all at once: %d\n", mg_send(c, data, SIZE));
    free(data);
  }
  if (ev == MG_EV_READ) take(c, &down);
  if (ev == MG_EV_WRITE) client_wrote += (size_t) *(long *) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  mg_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 30000 && down < SIZE; i++) mg_mgr_poll(&mgr, 10);
  printf("up: %zu\n", up);
  printf("down: %zu\n", down);
  printf("damaged: %d\n", wrong);
  printf("client wrote: %zu\n", client_wrote);
  printf("server wrote: %zu\n", server_wrote);
  mg_mgr_free(&mgr);
  return 0;
}
