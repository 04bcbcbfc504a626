// How datagrams meet the receive buffer, who they are from, and what a failing send does.

#include "mongoose.h"

static char trace[512];
static bool consume;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev == MG_EV_READ) {
    snprintf(trace + n, sizeof(trace) - n, "%s%ld/%zu", n > 0 ? " " : "", *(long *) ev_data, c->recv.len);
    if (consume) c->recv.len = 0;
  }
  if (ev == MG_EV_ERROR || ev == MG_EV_CLOSE) snprintf(trace + n, sizeof(trace) - n, "%s%s", n > 0 ? " " : "", ev == MG_EV_ERROR ? "ERROR" : "CLOSE");
}

static int udp_socket(unsigned short *port) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  bind(fd, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(fd, (struct sockaddr *) &addr, &len);
  *port = addr.sin_port;
  return fd;
}

static void sendto_port(int fd, unsigned short port, const void *buf, size_t len) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
  sendto(fd, buf, len, 0, (struct sockaddr *) &addr, sizeof(addr));
}

// The expected number of events have arrived, or a second has passed.
static void wait_events(struct mg_mgr *mgr, int wanted) {
  for (int i = 0; i < 100; i++) {
    int n = trace[0] != '\0';
    for (char *p = trace; *p; p++) n += *p == ' ';
    if (n >= wanted) break;
    mg_mgr_poll(mgr, 10);
  }
}

int main(void) {
  struct mg_mgr mgr;
  unsigned short ports[2];
  int peers[2] = {udp_socket(&ports[0]), udp_socket(&ports[1])};
  static char big[70000];
  char buf[100], url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);

  sendto_port(peers[0], c->loc.port, "abc", 3);
  sendto_port(peers[1], c->loc.port, "def", 3);
  wait_events(&mgr, 2);
  printf("unread datagrams pile up: %s\n", trace);
  printf("buffer: %.*s\n", (int) c->recv.len, (char *) c->recv.buf);
  printf("rem is the last sender: %d\n", c->rem.port == ports[1]);
  uint8_t saved[sizeof(c->rem)];
  memcpy(saved, &c->rem, sizeof(saved));

  trace[0] = '\0', consume = true, c->recv.len = 0;
  sendto_port(peers[0], c->loc.port, "abc", 3);
  sendto_port(peers[1], c->loc.port, "defg", 4);
  sendto_port(peers[0], c->loc.port, "h", 1);
  wait_events(&mgr, 3);
  printf("consumed datagrams: %s\n", trace);
  printf("rem follows the sender: %d\n", c->rem.port == ports[0]);
  mg_multicast_restore(c, saved);
  printf("mg_multicast_restore puts rem back: %d\n", c->rem.port == ports[1]);
  printf("reply: %d\n", mg_send(c, "to peer 1", 9));
  printf("peer 1 gets: %ld\n", (long) recv(peers[1], buf, sizeof(buf), 0));

  trace[0] = '\0';
  sendto_port(peers[0], c->loc.port, big, 20000);
  wait_events(&mgr, 1);
  printf("a datagram of 20000 bytes: %s\n", trace);

  trace[0] = '\0';
  sendto_port(peers[0], c->loc.port, "", 0);
  sendto_port(peers[0], c->loc.port, "x", 1);
  wait_events(&mgr, 1);
  printf("an empty datagram, then one byte: %s\n", trace);

  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(ports[0]));
  trace[0] = '\0';
  c = mg_connect(&mgr, url, fn, NULL);
  printf("oversize send returns: %d\n", mg_send(c, big, sizeof(big)));
  printf("oversize send closes: %d\n", c->is_closing);
  mg_mgr_poll(&mgr, 1);
  printf("trace: %s\n", trace);

  c = mg_connect(&mgr, url, fn, NULL);
  printf("empty send returns: %d\n", mg_send(c, "", 0));
  printf("empty send closes: %d\n", c->is_closing);
  printf("peer 0 gets: %ld\n", (long) recv(peers[0], buf, sizeof(buf), MSG_DONTWAIT));
  c->is_closing = 1;
  mg_mgr_poll(&mgr, 1);

  c = mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);
  printf("listener without a peer sends: %d\n", mg_send(c, "x", 1));
  printf("and closes: %d\n", c->is_closing);
  mg_mgr_free(&mgr);
  close(peers[0]), close(peers[1]);
  return 0;
}
