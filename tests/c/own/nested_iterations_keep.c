// A function of the program closes the connection that the library is busy with, and runs the loop. The connection was
// made in such an iteration before, of which nothing else would be left; the library still goes on with it.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener, *s_conn;
static unsigned long s_id;
static int s_fd, s_calls;

// The worst that can happen. Released memory is cleared, so the number tells.
static void close_and_run_loop(bool now) {
  s_calls++;
  if (now) mg_close_conn(s_conn); else s_conn->is_closing = 1;
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 0);
  CHECK(s_conn->id == s_id);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) s_conn = c, s_id = c->id;
  if (c != s_conn || c->is_listening) return;
  if (ev == MG_EV_USER || ev == MG_EV_WAKEUP || ev == MG_EV_ERROR) close_and_run_loop(true);
  if (ev == MG_EV_CLOSE && c->data[0] == 'C') close_and_run_loop(false);
  (void) ev_data;
}

static size_t printer(void (*out)(char, void *), void *arg, va_list *ap) {
  bool now = va_arg(*ap, int) != 0;
  out('x', arg);
  close_and_run_loop(now);
  return 1;
}

static void called(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  CHECK(mgr == &s_mgr && c == s_conn && arg == NULL);
  close_and_run_loop(true);
}

static int fs_st(const char *path, size_t *size, time_t *mtime) {
  if (s_conn->data[0] == 'S') close_and_run_loop(true), s_conn->data[0] = 0;
  return mg_fs_posix.st(path, size, mtime);
}

static void *fs_op(const char *path, int flags) {
  if (s_conn->data[0] == 'O') close_and_run_loop(true), s_conn->data[0] = 0;
  return mg_fs_posix.op(path, flags);
}

static void fs_ls(const char *path, void (*fn)(const char *, void *), void *data) {
  if (s_conn->data[0] == 'L') close_and_run_loop(true), s_conn->data[0] = 0;
  mg_fs_posix.ls(path, fn, data);
}

static void fresh(void) {
  s_conn = NULL;
  s_fd = dial(s_listener);
  for (int i = 0; i < 2000 && s_conn == NULL; i++) mg_mgr_poll(&s_mgr, 1);
  CHECK(s_conn != NULL);
}

static void run_until_called(void) {
  for (int i = 0, n = s_calls; i < 2000 && s_calls == n; i++) mg_mgr_poll(&s_mgr, 1);
}

static void used(const char *name) {
  static int before;
  printf("%s: %d\n", name, s_calls - before);
  CHECK(s_calls > before);
  before = s_calls;
  close(s_fd);
}

static void on_timer(void *arg) {
  struct mg_fs fs = mg_fs_posix;
  fs.st = fs_st, fs.op = fs_op, fs.ls = fs_ls;
  struct mg_http_serve_opts opts = {.root_dir = "/", .fs = &fs};
  struct mg_http_message hm = {.method = mg_str("GET"), .uri = mg_str("/"), .proto = mg_str("HTTP/1.1")};

  static bool began;
  if (began) return;  // inside of itself
  began = true;
  fresh(), mg_call(s_conn, MG_EV_USER, NULL), used("mg_call");
  fresh(), s_conn->data[0] = 'C', mg_close_conn(s_conn), used("mg_close_conn");
  fresh(), mg_error(s_conn, "no"), used("mg_error");
  fresh(), mg_wakeup(&s_mgr, s_id, "x", 1), run_until_called(), used("mg_wakeup");
  fresh(), mg_mgr_call(&s_mgr, s_id, called, NULL), run_until_called(), used("mg_mgr_call");
  for (int now = 0; now < 2; now++) {
    fresh(), mg_printf(s_conn, "%M", printer, now), used("mg_printf");
    fresh(), mg_http_reply(s_conn, 200, "", "%M", printer, now), used("mg_http_reply");
    fresh(), mg_http_printf_chunk(s_conn, "%M", printer, now), used("mg_http_printf_chunk");
    fresh(), mg_ws_printf(s_conn, WEBSOCKET_OP_TEXT, "%M", printer, now), used("mg_ws_printf");
  }
  fresh(), s_conn->data[0] = 'S', mg_http_serve_dir(s_conn, &hm, &opts), used("mg_http_serve_dir, st");
  fresh(), s_conn->data[0] = 'L', mg_http_serve_dir(s_conn, &hm, &opts), used("mg_http_serve_dir, ls");
  fresh(), s_conn->data[0] = 'O', mg_http_serve_file(s_conn, &hm, "/etc/hosts", &opts), used("mg_http_serve_file, op");
  fresh(), s_conn->data[0] = 'S', mg_http_serve_file(s_conn, &hm, "/etc/hosts", &opts), used("mg_http_serve_file, st");
  *(bool *) arg = true;
}

int main(void) {
  bool done = false;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  mg_wakeup_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  mg_timer_add(&s_mgr, 1, 0, on_timer, &done);
  WAIT_FOR(&s_mgr, done);
  mg_mgr_free(&s_mgr);
  return 0;
}
