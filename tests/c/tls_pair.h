// A TLS server and a client in one program, for the tests named tls_*.c.

#pragma once

#include "mongoose.h"
#include "tls_certs.h"

// What one side saw.
struct tls_side {
  struct mg_tls_opts opts;
  char trace[256];
  char error[64];
  char received[64];
  int handshakes;
  bool closed;
};

struct tls_pair {
  struct tls_side server, client;
  struct mg_mgr mgr;
  char url[64];
};

static inline void tls_note(struct mg_connection *c, struct tls_side *side, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  size_t n = strlen(side->trace);
  if (ev == MG_EV_POLL || ev > MG_EV_CLOSE || c->is_listening) return;
  if (ev == MG_EV_TLS_HS) side->handshakes++;
  // The reference does not fire it on servers.
  if (ev == MG_EV_TLS_HS && !c->is_client) return;
  snprintf(side->trace + n, sizeof(side->trace) - n, "%s%s", n > 0 ? " " : "", names[ev]);
  if (ev == MG_EV_ERROR) snprintf(side->error, sizeof(side->error), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE) side->closed = true;
}

static inline void tls_receive(struct mg_connection *c, struct tls_side *side) {
  size_t n = strlen(side->received);
  snprintf(side->received + n, sizeof(side->received) - n, "%.*s", (int) c->recv.len, (char *) c->recv.buf);
}

// Echoes.
static inline void tls_server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->server, ev, ev_data);
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &pair->server.opts);
  if (ev == MG_EV_READ) {
    tls_receive(c, &pair->server);
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
}

// Sends "hello" and closes when it comes back.
static inline void tls_client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev, ev_data);
  if (ev == MG_EV_CONNECT) {
    mg_tls_init(c, &pair->client.opts);
    mg_send(c, "hello", 5);
  }
  if (ev == MG_EV_READ) {
    tls_receive(c, &pair->client);
    c->is_closing = 1;
  }
}

static inline void tls_poll_until(struct mg_mgr *mgr, bool *done, int times) {
  for (int i = 0; i < times && !*done; i++) mg_mgr_poll(mgr, 10);
}

// Prepares a pair; the clock says 2030.
static inline void tls_begin(struct tls_pair *pair) {
  mg_log_set(MG_LL_NONE);
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();
  mg_mgr_init(&pair->mgr);
}

static inline struct mg_connection *tls_listen(struct tls_pair *pair, const char *scheme, mg_event_handler_t handler) {
  char url[64];
  snprintf(url, sizeof(url), "%s://127.0.0.1:0", scheme);
  struct mg_connection *listener = mg_listen(&pair->mgr, url, handler, pair);
  snprintf(pair->url, sizeof(pair->url), "%s://127.0.0.1:%u", scheme, mg_ntohs(listener->loc.port));
  return listener;
}

// One connection, from the beginning to the end.
static inline void tls_run(struct tls_pair *pair) {
  tls_begin(pair);
  tls_listen(pair, "tls", tls_server);
  mg_connect(&pair->mgr, pair->url, tls_client, pair);
  tls_poll_until(&pair->mgr, &pair->client.closed, 500);
  tls_poll_until(&pair->mgr, &pair->server.closed, 50);
  mg_mgr_free(&pair->mgr);
}
