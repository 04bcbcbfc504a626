// All of many simultaneous clients are accepted and answered; a full listener accepts nobody until it is released.

#include "mongoose.h"

#define CLIENTS 100

static int accepted, answered;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) accepted++;
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "%lu", c->id);
  if (ev == MG_EV_READ) {
    char text[24];
    snprintf(text, sizeof(text), "%lu", c->id);
    answered += c->recv.len == strlen(text) && memcmp(c->recv.buf, text, c->recv.len) == 0;
  }
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  int connections = 0;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  l->is_full = 1;
  mg_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 10);
  printf("accepted while the listener is full: %d\n", accepted);
  l->is_full = 0;
  for (int i = 0; i < 300 && answered < 1; i++) mg_mgr_poll(&mgr, 10);
  printf("accepted after it was released: %d\n", accepted);
  for (int i = 1; i < CLIENTS; i++) mg_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 1000 && answered < CLIENTS; i++) mg_mgr_poll(&mgr, 10);
  printf("accepted: %d\n", accepted);
  printf("answered: %d\n", answered);
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) connections++;
  printf("connections: %d\n", connections);
  printf("ids given: %lu\n", mgr.nextid);
  mg_mgr_free(&mgr);
  return 0;
}
