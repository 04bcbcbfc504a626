// mg_wrapfd on descriptors that are not sockets. Pipes work in both directions; the reference closes one at its first
// byte. A regular file cannot be waited for: it is accepted, never becomes ready, and does no harm.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

struct result {
  char text[64];
  bool closed;
};

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  struct result *r = (struct result *) c->fn_data;
  if (ev == MG_EV_READ) {
    strncat(r->text, (char *) c->recv.buf, c->recv.len < 60 ? c->recv.len : 60);
    c->recv.len = 0;
  }
  if (ev == MG_EV_CLOSE) r->closed = true;
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  struct result in = {0}, out = {0}, file = {0};
  int fds[2], fds2[2];
  char buf[32];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  CHECK(pipe(fds) == 0 && pipe(fds2) == 0);
  CHECK(mg_wrapfd(&mgr, fds[0], fn, &in) != NULL);
  CHECK(write(fds[1], "through a pipe", 14) == 14);
  for (int i = 0; i < 300 && in.text[0] == '\0'; i++) mg_mgr_poll(&mgr, 10);
  CHECK(strcmp(in.text, "through a pipe") == 0);
  CHECK(!in.closed);
  close(fds[1]);
  for (int i = 0; i < 300 && !in.closed; i++) mg_mgr_poll(&mgr, 10);
  CHECK(in.closed);

  struct mg_connection *c = mg_wrapfd(&mgr, fds2[1], fn, &out);
  CHECK(c != NULL);
  mg_send(c, "into a pipe", 11);
  c->is_draining = 1;
  for (int i = 0; i < 300 && !out.closed; i++) mg_mgr_poll(&mgr, 10);
  CHECK(out.closed);
  CHECK(read(fds2[0], buf, sizeof(buf)) == 11);
  close(fds2[0]);

  int fd = open("file.txt", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0 && write(fd, "from a file", 11) == 11 && lseek(fd, 0, SEEK_SET) == 0);
  CHECK(mg_wrapfd(&mgr, fd, fn, &file) != NULL);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
  CHECK(file.text[0] == '\0' && !file.closed);
  mg_mgr_free(&mgr);
  CHECK(file.closed && fcntl(fd, F_GETFD) < 0);
  return 0;
}
