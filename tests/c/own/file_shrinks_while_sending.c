// A file that is cut off while it is sent: the connection closes, so that the client notices. The reference keeps the
// connection open, and the next response lands in the middle of the broken one.

#include "mongoose.h"

static bool s_buffered;
static struct mg_fs s_fs;
static int s_closed;

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static int st(const char *path, size_t *size, time_t *mtime) {
  return mg_fs_posix.st(path, size, mtime);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_serve_opts opts = {.fs = s_buffered ? &s_fs : NULL};
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_file(c, (struct mg_http_message *) ev_data, "file", &opts);
  if (ev == MG_EV_CLOSE && c->is_accepted) s_closed++;
}

int main(void) {
  static char buf[1000000];
  mg_log_level = MG_LL_NONE;
  s_fs = mg_fs_posix;
  s_fs.st = st;
  for (int i = 0; i < 2; i++) {
    struct mg_mgr mgr;
    size_t len = 0;
    ssize_t n = -1;
    s_buffered = i == 1, s_closed = 0;
    int file = open("file", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(file >= 0 && ftruncate(file, 50000000) == 0);
    mg_mgr_init(&mgr);
    struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
    CHECK(send(fd, "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 36, 0) == 36);
    for (int k = 0; k < 20; k++) mg_mgr_poll(&mgr, 1);
    CHECK(s_closed == 0);
    CHECK(ftruncate(file, 100000) == 0);
    for (int k = 0; k < 10000 && n != 0; k++) {
      mg_mgr_poll(&mgr, 1);
      n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
      // The file is all zeros; what stands behind the head is another response.
      for (ssize_t at = len == 0 ? 1000 : 0; at < n; at++) CHECK(buf[at] == 0);
      if (n > 0) len += (size_t) n;
    }
    CHECK(n == 0 && s_closed == 1);
    CHECK(len > 100000 && len < 50000000);
    close(fd), close(file);
    mg_mgr_free(&mgr);
  }
  return 0;
}
