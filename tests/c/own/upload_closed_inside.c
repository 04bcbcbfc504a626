// Functions of a file system that close the connection whose upload they store: `fn` is told once, and MG_EV_CLOSE comes once.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_connection *s_conn;
static const char *s_where;
static int s_told, s_closes;

static void here(const char *where) {
  struct mg_connection *c = s_conn;
  if (strcmp(where, s_where) != 0 || c == NULL) return;
  s_conn = NULL;
  mg_close_conn(c);
}

static int fs_st(const char *path, size_t *size, time_t *mtime) { here("st"); return mg_fs_posix.st(path, size, mtime); }
static void *fs_op(const char *path, int flags) { void *fd = mg_fs_posix.op(path, flags); here("op"); return fd; }
static void fs_cl(void *fd) { here("cl"); mg_fs_posix.cl(fd); }
static size_t fs_rd(void *fd, void *buf, size_t len) { return mg_fs_posix.rd(fd, buf, len); }
static size_t fs_wr(void *fd, const void *buf, size_t len) { size_t n = mg_fs_posix.wr(fd, buf, len); here("wr"); return n; }
static size_t fs_sk(void *fd, size_t offset) { return mg_fs_posix.sk(fd, offset); }
static bool fs_mv(const char *from, const char *to) { return mg_fs_posix.mv(from, to); }
static bool fs_rm(const char *path) { here("rm"); return mg_fs_posix.rm(path); }
static bool fs_mkd(const char *path) { return mg_fs_posix.mkd(path); }
static struct mg_fs s_fs = {fs_st, NULL, fs_op, fs_cl, fs_rd, fs_wr, fs_sk, fs_mv, fs_rm, fs_mkd};

static void told(struct mg_connection *c, const char *error) {
  s_told++;
  if (error == NULL) mg_http_reply(c, 200, "", "ok");
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_HDRS) {
    s_conn = c;
    mg_http_start_upload(c, (struct mg_http_message *) ev_data, mg_str("closed_inside"), mg_str("."), &s_fs, told);
  }
  if (ev == MG_EV_CLOSE) s_closes++;
}

int main(void) {
  static const char *places[] = {"nowhere", "st", "rm", "op", "wr", "cl"}, *request = "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
  mg_log_set(MG_LL_NONE);
  for (size_t i = 0; i < 2 * sizeof(places) / sizeof(places[0]); i++) {
    struct mg_mgr mgr;
    bool later = i % 2 == 1;
    size_t first = strlen(request) - (later ? 5 : 0);
    mg_mgr_init(&mgr);
    s_where = places[i / 2], s_conn = NULL, s_told = s_closes = 0;
    struct mg_connection *listener = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
    CHECK(send(fd, request, first, MSG_NOSIGNAL) == (ssize_t) first);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 1);
    if (later) send(fd, request + first, 5, MSG_NOSIGNAL);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 1);
    close(fd);
    for (int k = 0; k < 500 && s_closes == 0; k++) mg_mgr_poll(&mgr, 1);
    printf("%s, %s: told %d, closes %d\n", s_where, later ? "later" : "at once", s_told, s_closes);
    CHECK(s_told == 1 && s_closes == 1);
    mg_mgr_free(&mgr);
  }
  remove("closed_inside");
  return 0;
}
