// A blocking socket of the program's, in mg_wrapfd(), whose peer does not read the file that it is served: the loop goes on.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_serve_opts opts = {0};
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_file(c, (struct mg_http_message *) ev_data, "blocking.bin", &opts);
}

int main(void) {
  static char big[3000000], buf[65536];
  static const char *request = "GET / HTTP/1.1\r\n\r\n";
  struct mg_mgr mgr;
  int fds[2];
  size_t got = 0;
  mg_log_set(MG_LL_NONE);
  CHECK(mg_file_write(&mg_fs_posix, "blocking.bin", big, sizeof(big)));
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  struct mg_connection *c = mg_wrapfd(&mgr, fds[0], handler, NULL);
  c->pfn = listener->pfn;
  c->is_accepted = 1;
  CHECK(write(fds[1], request, strlen(request)) == (ssize_t) strlen(request));
  alarm(20);
  for (int i = 0; i < 20; i++) mg_mgr_poll(&mgr, 0);
  for (int i = 0; i < 20000 && got < sizeof(big); i++) {
    ssize_t n = recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT);
    if (n > 0) got += (size_t) n;
    else mg_mgr_poll(&mgr, 1);
  }
  CHECK(got > sizeof(big));
  close(fds[1]);
  mg_mgr_free(&mgr);
  remove("blocking.bin");
  return 0;
}
