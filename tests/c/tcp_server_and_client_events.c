// The life of one TCP exchange as both sides see it: events, their data, flags and addresses.

#include "mongoose.h"

static char server_trace[512], client_trace[512];
static const char *url_passed;
static struct mg_connection *listener;

static void note(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  char *trace = c->is_client ? client_trace : server_trace;
  size_t n = strlen(trace);
  if (ev == MG_EV_POLL || c->is_listening) return;
  n += (size_t) snprintf(trace + n, sizeof(client_trace) - n, "%s%s", n > 0 ? " " : "", names[ev]);
  if (ev == MG_EV_READ || ev == MG_EV_WRITE) {
    snprintf(trace + n, sizeof(client_trace) - n, "(%ld)", *(long *) ev_data);
  } else if (ev_data != NULL) {
    snprintf(trace + n, sizeof(client_trace) - n, "(%s)", ev_data == (void *) url_passed ? "url" : "data");
  }
}

static void flags(const char *where, struct mg_connection *c) {
  printf("%s flags: listening %d client %d accepted %d resolving %d connecting %d tls %d udp %d draining %d closing %d full %d\n",
         where, c->is_listening, c->is_client, c->is_accepted, c->is_resolving, c->is_connecting, c->is_tls, c->is_udp,
         c->is_draining, c->is_closing, c->is_full);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_OPEN) flags(c->is_listening ? "listener open" : "accepted open", c);
  if (ev == MG_EV_ACCEPT) {
    flags("accept", c);
    printf("accepted local port is the listener's: %d\n", c->loc.port == listener->loc.port);
    printf("accepted remote address: %u.%u.%u.%u\n", c->rem.addr.ip[0], c->rem.addr.ip[1], c->rem.addr.ip[2], c->rem.addr.ip[3]);
    printf("accepted id: %lu\n", c->id);
    printf("accepted is the list head: %d\n", c->mgr->conns == c);
    printf("accepted data is zero: %d\n", c->data[0] == 0 && c->data[sizeof(c->data) - 1] == 0);
    printf("accepted recv: %p %zu %zu %zu\n", (void *) c->recv.buf, c->recv.size, c->recv.len, c->recv.align);
  }
  if (ev == MG_EV_READ) {
    printf("request: %.*s\n", (int) c->recv.len, (char *) c->recv.buf);
    printf("request buffer is a multiple of 16384: %d\n", c->recv.size > 0 && c->recv.size % 16384 == 0);
    c->recv.len = 0;
    mg_printf(c, "%s", "reply");
  }
  if (ev == MG_EV_WRITE) printf("server send.len in WRITE: %zu\n", c->send.len);
  if (ev == MG_EV_CLOSE && !c->is_listening) {
    struct mg_connection *p = c->mgr->conns;
    while (p != NULL && p != c) p = p->next;
    flags("server close", c);
    printf("closing connection is still listed: %d\n", p != NULL);
    printf("closing connection keeps its id: %lu\n", c->id);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_OPEN) {
    flags("client open", c);
    printf("client listed at open: %d\n", c->mgr->conns == c);
    printf("client fd at open: %d\n", (int) (size_t) c->fd);
  }
  if (ev == MG_EV_RESOLVE) flags("client resolve", c);
  if (ev == MG_EV_CONNECT) {
    flags("client connect", c);
    printf("client remote port is the listener's: %d\n", c->rem.port == listener->loc.port);
    printf("client local port is set: %d\n", c->loc.port != 0);
    mg_send(c, "hello", 5);
  }
  if (ev == MG_EV_READ) {
    printf("response: %.*s\n", (int) c->recv.len, (char *) c->recv.buf);
    c->is_closing = 1;
  }
  if (ev == MG_EV_CLOSE) {
    printf("client recv.len in CLOSE: %zu\n", c->recv.len);
    *(bool *) c->fn_data = true;
  }
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  bool done = false;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  listener = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  printf("listener id: %lu\n", listener->id);
  printf("listener pfn: %d\n", listener->pfn != NULL);
  printf("listener port is set: %d\n", listener->loc.port != 0);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  url_passed = url;
  struct mg_connection *c = mg_connect(&mgr, url, client, &done);
  printf("trace inside mg_connect: %s\n", client_trace);
  printf("client id: %lu\n", c->id);
  flags("client after mg_connect", c);
  for (int i = 0; i < 300 && !done; i++) mg_mgr_poll(&mgr, 10);
  for (int i = 0; i < 300 && strstr(server_trace, "CLOSE") == NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("client trace: %s\n", client_trace);
  printf("server trace: %s\n", server_trace);
  printf("only the listener is left: %d\n", mgr.conns == listener && listener->next == NULL);
  mg_mgr_free(&mgr);
  printf("nothing is left: %d\n", mgr.conns == NULL);
  return 0;
}
