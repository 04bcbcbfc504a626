// A program that takes the protocol handler away while a file is sent gets a quiet connection, and the file is closed with
// it. In the reference the descriptor leaks.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static int s_polls;
static bool s_closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) {
    mg_http_serve_file(c, (struct mg_http_message *) ev_data, "file", NULL);
    c->pfn = NULL;
  }
  if (ev == MG_EV_POLL) s_polls++;
  if (ev == MG_EV_CLOSE) s_closed = true;
}

static int open_files(void) {
  int n = 0;
  for (int fd = 0; fd < 100; fd++) n += fcntl(fd, F_GETFD) != -1;
  return n;
}

int main(void) {
  struct mg_mgr mgr;
  char buf[1000];
  int file = open("file", O_WRONLY | O_CREAT, 0644);
  mg_log_level = MG_LL_NONE;
  CHECK(file >= 0 && ftruncate(file, 1000000) == 0);
  close(file);
  int before = open_files();
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0 && send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0) == 18);
  for (int k = 0; k < 10; k++) mg_mgr_poll(&mgr, 1);
  ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
  CHECK(n > 0 && memcmp(buf + n - 4, "\r\n\r\n", 4) == 0);
  // The loop sleeps: 20 iterations of 20 ms take their time.
  struct timespec a, b;
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int k = 0; k < 20; k++) mg_mgr_poll(&mgr, 20);
  clock_gettime(CLOCK_MONOTONIC, &b);
  CHECK((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 > 300);
  close(fd);
  for (int k = 0; k < 100 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  CHECK(s_closed);
  mg_mgr_free(&mgr);
  CHECK(open_files() == before);
  return 0;
}
