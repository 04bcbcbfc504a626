// Sockets that close gently behind an answer are few, take no turn of the loop, and make room when descriptors run out.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { CLIENTS = 400, BOUND = 256 };

static int descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 2000; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static bool s_answers;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_HTTP_MSG && s_answers) mg_http_reply(c, 200, "", "ok");
}

static int dial(struct mg_connection *listener) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(fd >= 0 && connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

int main(void) {
  static int fds[CLIENTS];
  static const char *request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
  struct mg_limits limits = {.size = sizeof(limits), .body_size = 100};
  struct rlimit bound;
  struct mg_mgr mgr;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  CHECK(mg_mgr_set_limits(&mgr, &limits));
  struct mg_connection *listener = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  int before = descriptors();
  for (int i = 0; i < CLIENTS; i++) {
    fds[i] = dial(listener);
    CHECK(send(fds[i], request, strlen(request), MSG_NOSIGNAL) > 0);
    mg_mgr_poll(&mgr, 0), mg_mgr_poll(&mgr, 0);
  }
  for (int i = 0; i < 500 && mgr.conns->next != NULL; i++) mg_mgr_poll(&mgr, 1);
  CHECK(mgr.conns == listener && listener->next == NULL);
  int held = descriptors() - before - CLIENTS;
  printf("%d descriptors held\n", held);
  CHECK(held <= BOUND);

  // One descriptor is left, for a client; the server needs one of those.
  CHECK(getrlimit(RLIMIT_NOFILE, &bound) == 0);
  s_answers = true;
  int fd = dial(listener), highest = dup(fd);
  close(highest);
  for (int k = 0; k < highest; k++) CHECK(fcntl(k, F_GETFD) >= 0);
  struct rlimit tight = {(rlim_t) highest, bound.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  char answer[100];
  ssize_t n = -1;
  CHECK(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
  for (int i = 0; i < 20 && n <= 0; i++) mg_mgr_poll(&mgr, 1), n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
  printf("with no descriptor left: %ld bytes\n", (long) n);
  CHECK(held == 0 || n > 0);
  CHECK(setrlimit(RLIMIT_NOFILE, &bound) == 0);
  for (int i = 0; i < CLIENTS; i++) close(fds[i]);
  close(fd);
  for (int i = 0; i < 500 && descriptors() > before + 1; i++) mg_mgr_poll(&mgr, 10);
  CHECK(descriptors() <= before + 1);
  mg_mgr_free(&mgr);
  return 0;
}
