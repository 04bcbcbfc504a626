// A handler that runs the loop for a long time: connections that come and go meanwhile are released, and none that somebody may
// still be looking at.

#include "../limits.h"
#include <malloc.h>

enum { ROUNDS = 600, AT_ONCE = 5 };

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static int s_closed;
static bool s_ran;

static void echo(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
    if (s_ran) mg_mgr_poll(&s_mgr, 0);  // one more level
  }
  if (ev == MG_EV_CLOSE && c->is_accepted) s_closed++;
  (void) ev_data;
}

static void come_and_go(int rounds) {
  for (int i = 0; i < rounds; i++) {
    int fds[AT_ONCE], before = s_closed;
    for (int k = 0; k < AT_ONCE; k++) fds[k] = dial(s_listener), say(fds[k], "x", 1);
    for (int k = 0; k < AT_ONCE; k++) {
      char buf[2];
      ssize_t n = -1;
      for (int turn = 0; turn < 2000 && (n = recv(fds[k], buf, 1, MSG_DONTWAIT)) < 0; turn++) mg_mgr_poll(&s_mgr, 1);
      CHECK(n == 1);
      close(fds[k]);
    }
    WAIT_FOR(&s_mgr, s_closed == before + AT_ONCE);
  }
}

static void modal(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_READ || s_ran) return;
  s_ran = true;
  char first[6];
  memcpy(first, c->recv.buf, 5);
  come_and_go(20);
  size_t before = mallinfo2().uordblks;
  come_and_go(ROUNDS);
  size_t grown = mallinfo2().uordblks - before;
  printf("%d connections: %lu bytes more\n", ROUNDS * AT_ONCE, (unsigned long) grown);
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(grown < 500000);
#endif
  // The buffer that this handler looks at is still its own.
  CHECK(c->recv.len == 5 && memcmp(c->recv.buf, first, 5) == 0);
  (void) ev_data;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  s_listener = mg_listen(&s_mgr, "tcp://127.0.0.1:0", echo, NULL);
  struct mg_connection *l = mg_listen(&s_mgr, "tcp://127.0.0.1:0", modal, NULL);
  int old = dial(s_listener), fd = dial(l);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 10);
  say(fd, "hello", 5);
  WAIT_FOR(&s_mgr, s_ran);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 1);
  close(old), close(fd);
  mg_mgr_free(&s_mgr);
  return 0;
}
