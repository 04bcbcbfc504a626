// File systems of the program whose functions close the connection, empty its buffers, add text to them or
// poll: nothing is used after it is gone. The reference reads and writes freed memory.

#include "mongoose.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

enum { ST = 1, LS, OP, CL, RD, WR, SK, CALLS };

static int s_at, s_after, s_open;
static void (*s_deed)(struct mg_connection *);
static struct mg_connection *s_conn;

static void here(int call) {
  if (call == s_at && s_conn != NULL && s_after-- == 0) s_deed(s_conn);
}

static int st(const char *path, size_t *size, time_t *mtime) {
  here(ST);
  return mg_fs_posix.st(path, size, mtime);
}
static void ls(const char *path, void (*fn)(const char *, void *), void *param) {
  here(LS);
  mg_fs_posix.ls(path, fn, param);
}
static void *op(const char *path, int flags) {
  here(OP);
  void *fd = mg_fs_posix.op(path, flags);
  if (fd != NULL) s_open++;
  return fd;
}
static void cl(void *fd) {
  CHECK(fd != NULL);
  here(CL);
  mg_fs_posix.cl(fd);
  s_open--;
}
static size_t rd(void *fd, void *buf, size_t len) {
  here(RD);
  return mg_fs_posix.rd(fd, buf, len);
}
static size_t wr(void *fd, const void *buf, size_t len) {
  size_t n = mg_fs_posix.wr(fd, buf, len);
  here(WR);
  return n;
}
static size_t sk(void *fd, size_t offset) {
  here(SK);
  return mg_fs_posix.sk(fd, offset);
}

static struct mg_fs s_fs = {st, ls, op, cl, rd, wr, sk, NULL, NULL, NULL};

static void deed_close(struct mg_connection *c) {
  s_conn = NULL;
  mg_close_conn(c);
}
static void deed_closing(struct mg_connection *c) {
  c->is_closing = 1;
}
static void deed_free_buffers(struct mg_connection *c) {
  mg_iobuf_free(&c->recv), mg_iobuf_free(&c->send);
}
static void deed_print(struct mg_connection *c) {
  mg_printf(c, "%*s", 100000, "x");
}
static void deed_no_handler(struct mg_connection *c) {
  c->pfn = NULL;
}
static void deed_serve_again(struct mg_connection *c) {
  struct mg_http_message hm;
  struct mg_http_serve_opts opts = {.root_dir = "www", .fs = &s_fs};
  memset(&hm, 0, sizeof(hm));
  hm.method = mg_str("GET"), hm.uri = mg_str("/large.txt");
  mg_http_serve_dir(c, &hm, &opts);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = "www", .page404 = "www/404.html", .fs = &s_fs};
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) s_conn = c;
  if (ev == MG_EV_CLOSE) s_conn = NULL;
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/up"), NULL)) mg_http_start_upload(c, hm, mg_str("up"), mg_str("www"), &s_fs, NULL);
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/whole"), NULL)) mg_http_upload(c, hm, &s_fs, "www", 1000000);
  else if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, hm, &opts);
}

static void make(const char *path, size_t size) {
  FILE *f = fopen(path, "w");
  for (size_t i = 0; i < size; i++) fputc('x', f);
  fclose(f);
}

int main(void) {
  static void (*deeds[])(struct mg_connection *) = {deed_close, deed_closing, deed_free_buffers, deed_print, deed_no_handler, deed_serve_again};
  static const char *requests[] = {
      "GET /small.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\nRange: bytes=1-50\r\n\r\nGET /small.txt HTTP/1.1\r\n\r\n",
      "GET /large.txt HTTP/1.1\r\nRange: bytes=10-900000\r\n\r\nGET /small.txt HTTP/1.1\r\n\r\n", "GET /list/ HTTP/1.1\r\n\r\n", "GET /list HTTP/1.1\r\n\r\n",
      "GET /large.txt HTTP/1.1\r\nAccept-Encoding: gzip, br\r\n\r\nGET /small.txt HTTP/1.1\r\n\r\n", "GET /nope HTTP/1.1\r\n\r\n", "POST /up HTTP/1.1\r\nContent-Length: 2000\r\n\r\n%*s", "POST /whole?file=w HTTP/1.1\r\nContent-Length: 2000\r\n\r\n%*s"};
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("www/list", 0755), make("www/small.txt", 100), make("www/large.txt", 1000000), make("www/404.html", 10);
  for (int i = 0; i < 5; i++) {
    char path[50];
    snprintf(path, sizeof(path), "www/list/%d", i), make(path, 1);
  }
  for (size_t d = 0; d < sizeof(deeds) / sizeof(deeds[0]); d++)
    for (size_t r = 0; r < sizeof(requests) / sizeof(requests[0]); r++)
      for (int call = ST; call < CALLS; call++)
        for (int i = 0; i < 6; i++) {
          static char buf[200000];
          struct mg_mgr mgr;
          mg_mgr_init(&mgr);
          struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
          struct mg_http_codings codings = {.size = sizeof(codings), .siblings = 1, .gzip_level = 1, .min_size = 1};
          if (i >= 3) CHECK(mg_http_set_codings(l, &codings));
          struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
          int fd = socket(AF_INET, SOCK_STREAM, 0), n = snprintf(buf, sizeof(buf), requests[r], 2000, "x");
          CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
          s_at = call, s_after = i % 3, s_deed = deeds[d];
          send(fd, buf, (size_t) n, 0);
          for (int k = 0; k < 15; k++) {
            mg_mgr_poll(&mgr, 0);
            while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) (void) 0;
          }
          close(fd);
          s_at = 0;
          mg_mgr_free(&mgr);
          CHECK(s_open == 0);
        }
  return 0;
}
