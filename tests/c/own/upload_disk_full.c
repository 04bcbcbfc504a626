// An upload that the disk has no room for: an error for the client and the program, no part of a file that looks like a whole
// one, and the connection and the next upload work. The reference answers 200 with the size of what fitted.

#include <signal.h>
#include <sys/resource.h>
#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s [%s]\n", __FILE__, __LINE__, #expr, answer); exit(1); } } while (0)
#define ROOM 10000

static struct mg_mgr mgr;
static long result;
static char answer[300], reported[50];
static uint16_t port;

static void done(struct mg_connection *c, const char *error) {
  snprintf(reported, sizeof(reported), "%s", error == NULL ? "stored" : error);
  mg_http_reply(c, error == NULL ? 200 : 507, "", "%s\n", reported);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/stream"), NULL)) {
    mg_http_start_upload(c, hm, mg_str("streamed"), mg_str("."), NULL, NULL);
  } else if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/told"), NULL)) {
    mg_http_start_upload(c, hm, mg_str("streamed"), mg_str("."), NULL, done);
  } else if (ev == MG_EV_HTTP_MSG) {
    result = mg_http_upload(c, hm, NULL, ".", 1000000);
  }
}

static long size_of(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? (long) st.st_size : -1;
}

// The status of the answer to a body of `n` bytes.
static int post(int fd, const char *uri, size_t n) {
  static char body[100000];
  char head[200];
  ssize_t got = -1;
  mg_snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nContent-Length: %lu\r\n\r\n", uri, n);
  CHECK(send(fd, head, strlen(head), MSG_NOSIGNAL) > 0);
  for (size_t sent = 0; sent < n;) {
    ssize_t m = send(fd, body, n - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (m > 0) sent += (size_t) m;
    if (m < 0 && errno != EAGAIN) break;
    mg_mgr_poll(&mgr, 0);
  }
  for (int i = 0; i < 500 && got < 0; i++) mg_mgr_poll(&mgr, 5), got = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
  CHECK(got > 12);
  answer[got] = '\0';
  return atoi(answer + 9);
}

static int connect_again(int fd) {
  if (fd >= 0) close(fd);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

int main(void) {
  // The kernel refuses to let files grow beyond this, as it does when a disk is full.
  struct rlimit limit = {ROOM, RLIM_INFINITY};
  signal(SIGXFSZ, SIG_IGN);
  CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  port = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL)->loc.port;
  int fd = connect_again(-1);

  // Whole bodies, in one piece and in several. All on one connection.
  CHECK(post(fd, "/?file=whole", 20000) == 500 && result == -7 && size_of("whole") == 0);
  CHECK(post(fd, "/?file=whole", 9000) == 200 && result == 9000 && size_of("whole") == 9000);
  CHECK(post(fd, "/?file=whole&offset=9000", 2000) == 500 && result == -7 && size_of("whole") == 9000);
  CHECK(post(fd, "/?file=whole&offset=9000", 1000) == 200 && result == 10000 && size_of("whole") == 10000);
  CHECK(post(fd, "/?file=whole", 500) == 200 && size_of("whole") == 500);

  // Streams: what has not been read when the disk is full is not understood any more, so the connection ends.
  CHECK(post(fd, "/stream", 20000) == 500 && strstr(answer, "write error") != NULL && size_of("streamed") == 0);
  fd = connect_again(fd);
  CHECK(post(fd, "/told", 90000) == 507 && strcmp(reported, "write error") == 0 && size_of("streamed") == 0);
  fd = connect_again(fd);
  CHECK(post(fd, "/told", ROOM) == 200 && strcmp(reported, "stored") == 0 && size_of("streamed") == ROOM);
  CHECK(post(fd, "/stream", 5) == 200 && size_of("streamed") == 5);
  static char data[ROOM + 1];
  CHECK(!mg_file_write(&mg_fs_posix, "other", data, sizeof(data)) && size_of("other") < 0);
  mg_mgr_free(&mgr);
  close(fd);
  return 0;
}
