// A UDP client waits for a network that is busy: what it sends in a row leaves in a row. A server does not.

#define _GNU_SOURCE
#include "../limits.h"
#include <dlfcn.h>

static int s_refuse;  // how many of the next datagrams find the socket full

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t to_len) {
  static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
  if (real == NULL) *(void **) &real = dlsym(RTLD_NEXT, "sendto");
  if (s_refuse > 0) return s_refuse--, errno = EAGAIN, -1;
  return real(fd, buf, len, flags, to, to_len);
}

static int s_read;

static void count(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) s_read++, c->recv.len = 0;
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  char url[50];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "udp://127.0.0.1:0", count, NULL);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  struct mg_connection *c = mg_connect(&mgr, url, count, NULL);
  for (int i = 0; i < 10; i++) {
    s_refuse = i % 2;
    CHECK(mg_send(c, "x", 1));
    CHECK(s_refuse == 0);
  }
  WAIT_FOR(&mgr, s_read == 10);
  CHECK(!c->is_closing);

  l->rem = c->loc, l->rem.addr.ip4 = htonl(INADDR_LOOPBACK);
  s_refuse = 1;
  CHECK(!mg_send(l, "x", 1) && !l->is_closing);
  CHECK(mg_send(l, "x", 1));
  WAIT_FOR(&mgr, s_read == 11);

  // What mg_printf() queued on a server leaves when there is room.
  mg_printf(l, "later"), s_refuse = 1;
  WAIT_FOR(&mgr, s_read == 12);
  mg_mgr_free(&mgr);
  return 0;
}
