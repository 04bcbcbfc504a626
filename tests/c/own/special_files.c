// Only regular files are served, and opening anything never waits. The reference blocks in open() on a FIFO, and
// announces a body for a directory that it never sends.

#include "mongoose.h"

static const char *s_path;

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

// Sends a request on a new connection and collects what comes back, until nothing more comes. Returns its length.
static size_t talk(const char *request, char *answer, size_t size) {
  int fd = dial(), idle = 0;
  size_t len = 0;
  send(fd, request, strlen(request), MSG_NOSIGNAL);
  for (int i = 0; i < 2000 && idle < 10; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, answer + len, size - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  answer[len] = '\0';
  close(fd);
  mg_mgr_poll(&s_mgr, 1);
  return len;
}
static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = "www"};
  if (ev == MG_EV_HTTP_MSG && s_path != NULL) mg_http_serve_file(c, hm, s_path, &opts);
  if (ev == MG_EV_HTTP_MSG && s_path == NULL) mg_http_serve_dir(c, hm, &opts);
}

static void refused(const char *uri, const char *path) {
  char request[100], answer[10000];
  s_path = path;
  snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n\r\n", uri);
  talk(request, answer, sizeof(answer));
  CHECK(strncmp(answer, "HTTP/1.1 404 Not Found\r\n", 24) == 0);
}

int main(void) {
  char buf[10];
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755);
  CHECK(mkfifo("www/fifo", 0644) == 0 && symlink("/dev/zero", "www/zero") == 0);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  refused("/fifo", NULL), refused("/zero", NULL);
  refused("/", "www/fifo"), refused("/", "www"), refused("/", "/dev/zero"), refused("/", "/dev/null");
  mg_mgr_free(&s_mgr);

  // A program may still read them: what was opened without waiting then behaves as usual.
  void *fd = mg_fs_posix.op("www/fifo", MG_FS_READ);
  CHECK(fd != NULL && mg_fs_posix.rd(fd, buf, sizeof(buf)) == 0);
  void *writer = mg_fs_posix.op("www/fifo", MG_FS_WRITE);
  CHECK(writer != NULL && mg_fs_posix.wr(writer, "hello", 5) == 5);
  mg_fs_posix.cl(writer);
  CHECK(mg_fs_posix.rd(fd, buf, 5) == 5 && memcmp(buf, "hello", 5) == 0);
  mg_fs_posix.cl(fd);
  fd = mg_fs_posix.op("/dev/zero", MG_FS_READ);
  CHECK(mg_fs_posix.rd(fd, buf, sizeof(buf)) == sizeof(buf) && buf[9] == 0);
  mg_fs_posix.cl(fd);
  struct mg_str s = mg_file_read(&mg_fs_posix, "/dev/zero");
  CHECK(s.buf != NULL && s.len == 0);
  mg_free(s.buf);
  s = mg_file_read(&mg_fs_posix, "/proc/self/status");
  CHECK(s.len > 0 && strncmp(s.buf, "Name:", 5) == 0);
  mg_free(s.buf);
  return 0;
}
