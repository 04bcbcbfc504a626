// The building blocks protocol code calls: mg_io_send, mg_io_recv, mg_getlocaddr.

#include "mongoose.h"

void mg_getlocaddr(struct mg_connection *c, struct mg_addr *to, struct mg_addr *addr);

int main(void) {
  struct mg_mgr mgr;
  char buf[64];
  int fds[2];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  fcntl(fds[0], F_SETFL, O_NONBLOCK);
  struct mg_connection *c = mg_alloc_conn(&mgr);
  c->fd = (void *) (size_t) fds[0];
  printf("mg_io_send: %ld\n", mg_io_send(c, "hello", 5));
  printf("peer gets: %ld\n", (long) recv(fds[1], buf, sizeof(buf), 0));
  static char big[1 << 20];
  long n = 1;
  for (int i = 0; i < 100 && n > 0; i++) n = mg_io_send(c, big, sizeof(big));
  printf("mg_io_send to a full socket: %ld\n", n);
  close(fds[1]);
  printf("mg_io_send to a closed socket: %ld\n", mg_io_send(c, "x", 1));

  printf("mg_io_recv without bytes: %ld\n", mg_io_recv(c, buf, sizeof(buf)));
  mg_iobuf_add(&c->rtls, 0, "0123456789", 10);
  n = mg_io_recv(c, buf, 4);
  printf("mg_io_recv of 4: %ld %.4s, left %zu\n", n, buf, c->rtls.len);
  n = mg_io_recv(c, buf, 100);
  printf("mg_io_recv of 100: %ld %.6s, left %zu\n", n, buf, c->rtls.len);
  printf("mg_io_recv at the end: %ld\n", mg_io_recv(c, buf, sizeof(buf)));
  mg_iobuf_free(&c->rtls);

  struct mg_addr to, local;
  memset(&to, 0, sizeof(to)), memset(&local, 0, sizeof(local));
  mg_aton(mg_str("127.0.0.1"), &to);
  to.port = mg_htons(53);
  mg_getlocaddr(c, &to, &local);
  printf("local address towards loopback: %u.%u.%u.%u, port set %d\n", local.addr.ip[0], local.addr.ip[1], local.addr.ip[2],
         local.addr.ip[3], local.port != 0);
  close(fds[0]);
  mg_free(c);
  mg_mgr_free(&mgr);
  return 0;
}
