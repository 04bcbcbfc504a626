// TLS functions with NULL, on connections without TLS, on UDP, and after everything was released.

#include "../tls_pair.h"

static char error[64];

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(error, sizeof(error), "%s", (char *) ev_data);
  (void) c;
}

int main(void) {
  struct mg_mgr mgr;
  struct mg_tls_opts opts;
  char buf[16];
  memset(&opts, 0, sizeof(opts));
  mg_log_set(MG_LL_NONE);
  mg_tls_init(NULL, &opts);
  mg_tls_free(NULL);
  mg_tls_flush(NULL);
  mg_tls_handshake(NULL);
  mg_tls_ctx_init(NULL);
  mg_tls_ctx_free(NULL);
  if (mg_tls_pending(NULL) != 0 || mg_tls_send(NULL, "x", 1) != 0 || mg_tls_recv(NULL, buf, 1) != 0) return 1;

  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", handler, NULL);
  mg_tls_flush(c);
  mg_tls_handshake(c);
  if (mg_tls_pending(c) != 0 || mg_tls_send(c, "x", 1) != -1 || mg_tls_recv(c, buf, 1) != -1) return 2;
  mg_tls_init(c, NULL);
  if (c->tls == NULL || !c->is_tls || error[0] != '\0') return 3;
  if (mg_tls_send(c, "x", 1) != -1 || mg_tls_recv(c, buf, 1) != -2) return 4;

  c = mg_listen(&mgr, "udp://127.0.0.1:0", handler, NULL);
  mg_tls_init(c, &opts);
  if (strcmp(error, "TLS is for TCP connections") != 0) return 5;
  mg_mgr_free(&mgr);
  mg_tls_ctx_free(&mgr);
  return 0;
}
