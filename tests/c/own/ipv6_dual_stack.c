// IPv6 listeners and clients; "[::]" serves IPv4 too. The reference library is built without IPv6.
// On a host without IPv6 the URLs must fail cleanly instead.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static char peer_seen[64], reply[64];
static bool failed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_snprintf(peer_seen, sizeof(peer_seen), "%M", mg_print_ip, &c->rem);
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_send(c, "hello", 5);
  if (ev == MG_EV_READ) {
    snprintf(reply, sizeof(reply), "%.*s", (int) c->recv.len, (char *) c->recv.buf);
    c->is_closing = 1;
  }
  if (ev == MG_EV_ERROR) failed = true;
  (void) ev_data;
}

static void exchange(struct mg_mgr *mgr, const char *format, unsigned port) {
  char url[64];
  snprintf(url, sizeof(url), format, port);
  reply[0] = peer_seen[0] = '\0', failed = false;
  CHECK(mg_connect(mgr, url, client, NULL) != NULL);
  for (int i = 0; i < 300 && reply[0] == '\0' && !failed; i++) mg_mgr_poll(mgr, 10);
}

static bool host_has_ipv6(void) {
  struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  bool ok = fd >= 0 && bind(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0;
  if (fd >= 0) close(fd);
  return ok;
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  if (!host_has_ipv6()) {
    printf("this host has no IPv6: checking that it fails cleanly\n");
    CHECK(mg_listen(&mgr, "tcp://[::1]:0", server, NULL) == NULL);
    exchange(&mgr, "tcp://[::1]:%u", 9);
    CHECK(failed);
    mg_mgr_free(&mgr);
    return 0;
  }
  struct mg_connection *l = mg_listen(&mgr, "tcp://[::1]:0", server, NULL);
  CHECK(l != NULL && l->loc.is_ip6 && l->loc.port != 0);
  exchange(&mgr, "tcp://[::1]:%u", mg_ntohs(l->loc.port));
  CHECK(strcmp(reply, "hello") == 0);
  CHECK(strcmp(peer_seen, "[0:0:0:0:0:0:0:1]") == 0);

  l = mg_listen(&mgr, "tcp://[::]:0", server, NULL);
  CHECK(l != NULL && l->loc.is_ip6);
  exchange(&mgr, "tcp://[::1]:%u", mg_ntohs(l->loc.port));
  CHECK(strcmp(reply, "hello") == 0);
  exchange(&mgr, "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  CHECK(strcmp(reply, "hello") == 0);
  CHECK(strcmp(peer_seen, "[0:0:0:0:0:ffff:7f00:1]") == 0);

  l = mg_listen(&mgr, "udp://[::1]:0", server, NULL);
  CHECK(l != NULL && l->loc.is_ip6 && l->is_udp);
  CHECK(mg_dscp(l, 46));
  exchange(&mgr, "udp://[::1]:%u", mg_ntohs(l->loc.port));
  CHECK(strcmp(reply, "hello") == 0);
  CHECK(strcmp(peer_seen, "[0:0:0:0:0:0:0:1]") == 0);

  exchange(&mgr, "tcp://[::1]:%u", 1);
  CHECK(failed);
  mg_mgr_free(&mgr);
  return 0;
}
