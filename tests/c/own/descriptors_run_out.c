// Without free descriptors everything that needs one fails as documented: MG_EV_ERROR, NULL or an error response. What is
// open is served, the loop does not spin, and everything works again when descriptors are free.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s [%s]\n", __FILE__, __LINE__, #expr, trace); exit(1); } } while (0)

static char trace[200];
static struct mg_mgr mgr;
static int fillers[1024], filled;
static bool closed;

static void exhaust(void) {
  while (filled < 1024 && (fillers[filled] = dup(0)) >= 0) filled++;
}

static void relieve(void) {
  while (filled > 0) close(fillers[--filled]);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev == MG_EV_ERROR) snprintf(trace + n, sizeof(trace) - n, "ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CONNECT) snprintf(trace + n, sizeof(trace) - n, "CONNECT "), c->is_closing = 1;
  if (ev == MG_EV_CLOSE) snprintf(trace + n, sizeof(trace) - n, "CLOSE"), closed = true;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = "."};
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/stream"), NULL)) {
    mg_http_start_upload(c, hm, mg_str("streamed"), mg_str("."), NULL, NULL);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/upload"), NULL)) {
    mg_http_upload(c, hm, NULL, ".", 1000);
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_serve_dir(c, hm, &opts);
  }
}

// What happens to a connection to `url`.
static const char *dial(const char *url) {
  trace[0] = '\0', closed = false;
  if (mg_connect(&mgr, url, client, NULL) == NULL) return "NULL";
  for (int i = 0; i < 500 && !closed; i++) mg_mgr_poll(&mgr, 5);
  return trace;
}

// The status of a response on an open connection.
static int status(int fd, const char *request) {
  static char buf[2000];
  ssize_t n = -1;
  CHECK(send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t) strlen(request));
  for (int i = 0; i < 500 && n < 0; i++) {
    mg_mgr_poll(&mgr, 2);
    n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
  }
  CHECK(n > 12);
  buf[n] = '\0';
  snprintf(trace, sizeof(trace), "%.150s", buf);
  return atoi(buf + 9);
}

static int connect_to(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

int main(void) {
  struct rlimit limit;
  char url[64], name[100];
  struct mg_mgr other;
  mg_log_set(MG_LL_NONE);
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = 200;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  mg_file_write(&mg_fs_posix, "file", "text", 4);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  int fd = connect_to(l->loc.port), waiting = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(status(fd, "GET /file HTTP/1.1\r\n\r\n") == 200);
  mg_snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", mg_ntohs(l->loc.port));

  exhaust();
  CHECK(strcmp(dial(url), "ERROR(socket(): 24) CLOSE") == 0);
  CHECK(strcmp(dial("udp://127.0.0.1:9"), "ERROR(socket(): 24) CLOSE") == 0);
  mgr.dns4.url = "udp://127.0.0.1:9";
  CHECK(strncmp(dial("tcp://name.example:1"), "ERROR(", 6) == 0 && closed);
  CHECK(mg_listen(&mgr, "tcp://127.0.0.1:0", client, NULL) == NULL);
  CHECK(!mg_wakeup_init(&mgr));
  CHECK(mg_fs_open(&mg_fs_posix, "file", MG_FS_READ) == NULL);
  CHECK(mg_file_read(&mg_fs_posix, "file").buf == NULL);
  CHECK(!mg_file_write(&mg_fs_posix, "new", "x", 1));
  name[0] = '\0';
  CHECK(!mg_fs_ls(&mg_fs_posix, ".", name, sizeof(name)));

  // A manager without a readiness queue is good for nothing, and harmless.
  mg_mgr_init(&other);
  CHECK(other.epoll_fd < 0);
  CHECK(mg_listen(&other, "tcp://127.0.0.1:0", client, NULL) == NULL);
  mg_connect(&other, url, client, NULL);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&other, 0);
  mg_mgr_free(&other);

  // What is connected is answered.
  CHECK(status(fd, "GET /file HTTP/1.1\r\n\r\n") >= 400);
  CHECK(status(fd, "POST /upload?file=u HTTP/1.1\r\nContent-Length: 1\r\n\r\nx") == 400);
  CHECK(status(fd, "POST /stream HTTP/1.1\r\nContent-Length: 1\r\n\r\nx") == 500);

  // A connection that waits does not make the loop spin.
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  CHECK(connect(waiting, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  int iterations = 0;
  for (uint64_t end = mg_millis() + 300; mg_millis() < end; iterations++) mg_mgr_poll(&mgr, 100);
  CHECK(iterations < 30);

  relieve();
  CHECK(status(waiting, "GET /file HTTP/1.1\r\n\r\n") == 200);
  CHECK(strcmp(dial(url), "CONNECT CLOSE") == 0);
  CHECK(mg_wakeup_init(&mgr));
  mg_mgr_free(&mgr);
  close(fd), close(waiting);
  return 0;
}
