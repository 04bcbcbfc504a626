// UDP in both directions: events on both sides, WRITE fired from inside mg_send, buffers freed by the handler.

#include "mongoose.h"

static char server_trace[256], client_trace[256];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  char *trace = c->is_client ? client_trace : server_trace;
  const char *who = c->is_client ? "client" : "server";
  if (ev == MG_EV_POLL) return;
  strcat(strcat(trace, trace[0] ? " " : ""), names[ev]);
  if (ev == MG_EV_READ || ev == MG_EV_WRITE) snprintf(trace + strlen(trace), 32, "(%ld)", *(long *) ev_data);
  if (ev == MG_EV_OPEN) printf("%s open data: %s\n", who, ev_data == NULL ? "none" : "url");
  if (ev == MG_EV_CONNECT) {
    printf("client flags: udp %d client %d connecting %d\n", c->is_udp, c->is_client, c->is_connecting);
    printf("client local port before sending: %d\n", mg_ntohs(c->loc.port));
    printf("mg_send returns: %d\n", mg_send(c, "ping", 4));
    printf("client local port is set after sending: %d\n", c->loc.port != 0);
    printf("client trace right after mg_send: %s\n", client_trace);
  }
  if (ev == MG_EV_READ) {
    printf("%s reads: %.*s\n", who, (int) c->recv.len, (char *) c->recv.buf);
    mg_iobuf_free(&c->recv);
    if (!c->is_client) mg_send(c, "pong!", 5);
  }
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *server = mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);
  printf("listener flags: udp %d listening %d client %d\n", server->is_udp, server->is_listening, server->is_client);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(server->loc.port));
  struct mg_connection *client = mg_connect(&mgr, url, fn, NULL);
  printf("client trace inside mg_connect: %s\n", client_trace);
  for (int i = 0; i < 300 && strstr(client_trace, "READ") == NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("client trace: %s\n", client_trace);
  printf("server trace: %s\n", server_trace);
  printf("server saw the client's port: %d\n", server->rem.port == client->loc.port);
  printf("two connections, no more: %d\n", mgr.conns == client && client->next == server && server->next == NULL);
  mg_mgr_free(&mgr);
  printf("client trace at the end: %s\n", client_trace);
  printf("server trace at the end: %s\n", server_trace);
  return 0;
}
