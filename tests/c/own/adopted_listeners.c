// Listeners that were opened elsewhere: fd://N, and those that a service manager passes.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static char log_text[2000];
static size_t log_len;

static void log_char(char ch, void *arg) {
  if (log_len < sizeof(log_text) - 1) log_text[log_len++] = ch;
  (void) arg;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_send(c, "hi", 2);
  if (ev == MG_EV_READ) *(size_t *) c->fn_data += c->recv.len;
  (void) ev_data;
}

static int opened(int type, bool listening, unsigned short *port) {
  struct sockaddr_in sin = {.sin_family = AF_INET};
  socklen_t len = sizeof(sin);
  int fd = socket(AF_INET, type, 0);
  sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == 0);
  if (listening) CHECK(listen(fd, 5) == 0);
  CHECK(getsockname(fd, (struct sockaddr *) &sin, &len) == 0);
  *port = ntohs(sin.sin_port);
  return fd;
}

static void fails(struct mg_mgr *mgr, const char *url, const char *why) {
  mg_log_set(MG_LL_ERROR);
  log_len = 0;
  CHECK(mg_listen(mgr, url, handler, NULL) == NULL);
  log_text[log_len] = '\0';
  if (strstr(log_text, why) == NULL) printf("%s: %s\n", url, log_text), exit(1);
  mg_log_set(MG_LL_NONE);
}

static void echoes(struct mg_mgr *mgr, const char *scheme, unsigned short port) {
  char url[64];
  size_t received = 0;
  mg_snprintf(url, sizeof(url), "%s://127.0.0.1:%hu", scheme, port);
  struct mg_connection *c = mg_connect(mgr, url, client, &received);
  CHECK(c != NULL);
  for (int i = 0; i < 500 && received < 2; i++) mg_mgr_poll(mgr, 10);
  CHECK(received == 2);
  c->is_closing = 1;
  mg_mgr_poll(mgr, 0);
}

static void by_number(struct mg_mgr *mgr) {
  char url[64];
  unsigned short port;
  int fd = opened(SOCK_STREAM, true, &port);
  mg_snprintf(url, sizeof(url), "tcp+fd://%d", fd);
  struct mg_connection *c = mg_listen(mgr, url, handler, NULL);
  CHECK(c != NULL && c->is_listening && !c->is_udp && mg_ntohs(c->loc.port) == port);
  echoes(mgr, "tcp", port);
  // Twice is once too often, and does not close it.
  fails(mgr, url, "epoll");
  echoes(mgr, "tcp", port);
  c->is_closing = 1;
  mg_mgr_poll(mgr, 0);
  CHECK(fcntl(fd, F_GETFD) == -1);
}

static void datagrams(struct mg_mgr *mgr) {
  char url[64];
  unsigned short port;
  int fd = opened(SOCK_DGRAM, false, &port);
  mg_snprintf(url, sizeof(url), "fd://%d", fd);
  struct mg_connection *c = mg_listen(mgr, url, handler, NULL);
  CHECK(c != NULL && c->is_udp && mg_ntohs(c->loc.port) == port);
  echoes(mgr, "udp", port);
}

static void no_listeners(struct mg_mgr *mgr) {
  char url[64];
  unsigned short port;
  int fd = opened(SOCK_STREAM, false, &port), fds[2];
  mg_snprintf(url, sizeof(url), "fd://%d", fd);
  fails(mgr, url, "not a listening socket");
  CHECK(fcntl(fd, F_GETFD) != -1);
  close(fd);
  fails(mgr, url, "not a socket: 9");
  CHECK(pipe(fds) == 0);
  mg_snprintf(url, sizeof(url), "fd://%d", fds[0]);
  fails(mgr, url, "not a socket: 88");
  CHECK(fcntl(fds[0], F_GETFD) != -1);
  close(fds[0]), close(fds[1]);
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
  mg_snprintf(url, sizeof(url), "fd://%d", fds[0]);
  fails(mgr, url, "not a UDP socket");
  close(fds[0]), close(fds[1]);
  fails(mgr, "fd://", "invalid listening URL");
  fails(mgr, "fd://3x", "invalid listening URL");
  fails(mgr, "fd://-1", "invalid listening URL");
}

static void passed_by_a_service_manager(struct mg_mgr *mgr) {
  char pid[16];
  unsigned short ports[2];
  fails(mgr, "systemd://", "LISTEN_PID");
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "2", 1);
  fails(mgr, "systemd://", "LISTEN_PID");
  mg_snprintf(pid, sizeof(pid), "%d", (int) getpid());
  setenv("LISTEN_PID", pid, 1);
  fails(mgr, "systemd://web", "LISTEN_FDNAMES");
  setenv("LISTEN_FDNAMES", "admin:web:more", 1);
  fails(mgr, "systemd://more", "LISTEN_FDS");
  for (int i = 0; i < 2; i++) {
    int fd = opened(SOCK_STREAM, true, &ports[i]);
    CHECK(dup2(fd, 100 + i) == 100 + i);
    close(fd);
  }
  // Descriptors 3 and 4 are the manager's own by now: they go elsewhere for the moment.
  int saved[2] = {dup(3), dup(4)};
  struct mg_mgr mgr2;
  CHECK(dup2(100, 3) == 3 && dup2(101, 4) == 4);
  mg_mgr_init(&mgr2);
  struct mg_connection *web = mg_listen(&mgr2, "systemd://web", handler, NULL);
  struct mg_connection *first = mg_listen(&mgr2, "systemd://", handler, NULL);
  CHECK(web != NULL && mg_ntohs(web->loc.port) == ports[1]);
  CHECK(first != NULL && mg_ntohs(first->loc.port) == ports[0]);
  echoes(&mgr2, "tcp", ports[0]);
  echoes(&mgr2, "tcp", ports[1]);
  mg_mgr_free(&mgr2);
  for (int i = 0; i < 2; i++) {
    if (saved[i] >= 0) dup2(saved[i], 3 + i), close(saved[i]);
    close(100 + i);
  }
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_set_fn(log_char, NULL);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  by_number(&mgr);
  datagrams(&mgr);
  no_listeners(&mgr);
  passed_by_a_service_manager(&mgr);
  mg_mgr_free(&mgr);
  return 0;
}
