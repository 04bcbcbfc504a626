// mg_printf on a UDP connection queues text that leaves as one datagram.

#include "mongoose.h"

static char trace[128];

static int udp_socket(unsigned short *port) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct timeval wait = {.tv_usec = 200000};
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  bind(fd, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(fd, (struct sockaddr *) &addr, &len);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  *port = addr.sin_port;
  return fd;
}

static const char *receive(int fd) {
  static char buf[2][100];
  static int turn;
  char *p = buf[turn ^= 1];
  long n = recv(fd, p, sizeof(buf[0]) - 1, 0);
  if (n < 0) return "(nothing)";
  p[n] = '\0';
  return p;
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WRITE) snprintf(trace + strlen(trace), 32, "WRITE(%ld) ", *(long *) ev_data);
  if (ev == MG_EV_READ) {
    mg_printf(c, "re:%.*s", (int) c->recv.len, (char *) c->recv.buf);
    c->recv.len = 0;
  }
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  unsigned short ports[2];
  int peers[2] = {udp_socket(&ports[0]), udp_socket(&ports[1])};
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(ports[0]));
  struct mg_connection *c = mg_connect(&mgr, url, fn, NULL);
  printf("mg_printf returns: %zu\n", mg_printf(c, "%s-%d", "one", 1));
  printf("more: %zu\n", mg_printf(c, ",%s", "two"));
  printf("queued: %zu\n", c->send.len);
  printf("events so far: %s\n", trace);
  for (int i = 0; i < 100 && trace[0] == '\0'; i++) mg_mgr_poll(&mgr, 10);
  printf("events after polling: %s\n", trace);
  printf("left in send: %zu\n", c->send.len);
  printf("datagram: %s\n", receive(peers[0]));
  c->is_closing = 1;

  // Two peers are answered with mg_printf before the loop comes to write.
  struct mg_connection *server = mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = server->loc.port};
  sendto(peers[0], "from0", 5, 0, (struct sockaddr *) &addr, sizeof(addr));
  sendto(peers[1], "from1", 5, 0, (struct sockaddr *) &addr, sizeof(addr));
  trace[0] = '\0';
  for (int i = 0; i < 10; i++) mg_mgr_poll(&mgr, 1);
  printf("server events: %s\n", trace);
  printf("peer 0 gets: %s\n", receive(peers[0]));
  printf("peer 1 gets: %s\n", receive(peers[1]));
  mg_mgr_free(&mgr);
  close(peers[0]), close(peers[1]);
  return 0;
}
