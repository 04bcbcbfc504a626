// What an accepted connection takes over from its listener, and the options on its socket.

#include "mongoose.h"

static struct mg_connection *accepted;

static void protocol(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) {
    accepted = c;
    printf("tls in ACCEPT: %d\n", c->is_tls);
  }
  (void) ev_data;
}

static int option(struct mg_connection *c, int level, int name) {
  int value = -1;
  socklen_t len = sizeof(value);
  getsockopt((int) (size_t) c->fd, level, name, &value, &len);
  return value;
}

static void options(const char *who, struct mg_connection *c) {
  int fd = (int) (size_t) c->fd;
  printf("%s: nodelay %d keepalive %d non-blocking %d close-on-exec %d\n", who,
         c->is_udp ? -1 : option(c, IPPROTO_TCP, TCP_NODELAY), c->is_listening ? -1 : option(c, SOL_SOCKET, SO_KEEPALIVE) != 0,
         (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

int main(void) {
  struct mg_mgr mgr;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "https://127.0.0.1:0", fn, &mgr);
  l->pfn = protocol, l->pfn_data = &accepted;
  l->is_hexdumping = 1;
  l->data[0] = 'x';
  l->dscp = 5;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  for (int i = 0; i < 300 && accepted == NULL; i++) mg_mgr_poll(&mgr, 10);
  printf("fn and fn_data: %d %d\n", accepted->fn == fn, accepted->fn_data == &mgr);
  printf("pfn and pfn_data: %d %d\n", accepted->pfn == protocol, accepted->pfn_data == &accepted);
  printf("hexdumping: %d\n", accepted->is_hexdumping);
  printf("data: %d\n", accepted->data[0]);
  printf("dscp: %d\n", accepted->dscp);
  printf("tls without mg_tls_init: %d\n", accepted->is_tls);
  printf("listening, client, accepted: %d %d %d\n", accepted->is_listening, accepted->is_client, accepted->is_accepted);
  options("accepted socket", accepted);
  printf("listener address can be reused: %d\n", option(l, SOL_SOCKET, SO_REUSEADDR) != 0);
  printf("listener non-blocking and close-on-exec: %d %d\n", (fcntl((int) (size_t) l->fd, F_GETFL) & O_NONBLOCK) != 0,
         (fcntl((int) (size_t) l->fd, F_GETFD) & FD_CLOEXEC) != 0);
  options("udp listener", mg_listen(&mgr, "udp://127.0.0.1:0", NULL, NULL));
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  options("udp client", mg_connect(&mgr, url, NULL, NULL));
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  options("tcp client", mg_connect(&mgr, url, NULL, NULL));
  mg_mgr_free(&mgr);
  close(fd);
  return 0;
}
