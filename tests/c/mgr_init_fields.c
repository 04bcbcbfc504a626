// The state of a fresh manager and of a fresh connection, and the numbering of connections.

#include "mongoose.h"

int main(void) {
  struct mg_mgr mgr;
  struct sigaction before = {.sa_handler = SIG_DFL}, now;
  mg_log_level = MG_LL_NONE;
  sigaction(SIGPIPE, &before, NULL);
  memset(&mgr, 0xa5, sizeof(mgr));
  mg_mgr_init(&mgr);
  sigaction(SIGPIPE, NULL, &now);
  printf("SIGPIPE ignored: %d\n", now.sa_handler == SIG_IGN);
  printf("conns: %d\n", mgr.conns != NULL);
  printf("dns4 url: %s\n", mgr.dns4.url);
  printf("dns6 url: %s\n", mgr.dns6.url);
  printf("dns connections: %d %d\n", mgr.dns4.c != NULL, mgr.dns6.c != NULL);
  printf("dnstimeout: %d\n", mgr.dnstimeout);
  printf("use_dns6: %d\n", mgr.use_dns6);
  printf("nextid: %lu\n", mgr.nextid);
  printf("userdata: %d\n", mgr.userdata != NULL);
  printf("mqtt_id: %u\n", mgr.mqtt_id);
  printf("timers: %d\n", mgr.timers != NULL);
  printf("epoll_fd valid: %d\n", mgr.epoll_fd >= 0);
  printf("epoll_fd close-on-exec: %d\n", (fcntl(mgr.epoll_fd, F_GETFD) & FD_CLOEXEC) != 0);
  printf("extraconnsize: %zu\n", mgr.extraconnsize);
  printf("pipe fd: %d\n", (int) mgr.pipe.fd);

  struct mg_connection *c = mg_alloc_conn(&mgr);
  printf("allocated id: %lu\n", c->id);
  printf("allocated mgr: %d\n", c->mgr == &mgr);
  printf("allocated listed: %d\n", mgr.conns == c);
  printf("allocated fd: %d\n", (int) (size_t) c->fd);
  printf("allocated aligns: %zu %zu %zu %zu\n", c->recv.align, c->send.align, c->rtls.align, c->prof.align);
  mg_free(c);
  mgr.extraconnsize = 1000;
  c = mg_alloc_conn(&mgr);
  printf("second id: %lu\n", c->id);
  unsigned char *extra = (unsigned char *) (c + 1), sum = 0;
  for (int i = 0; i < 1000; i++) sum |= extra[i];
  memset(extra, 0xff, 1000);
  printf("extra bytes are zero: %d\n", sum == 0);
  mg_free(c);
  printf("failed listen: %d\n", mg_listen(&mgr, "tcp://1.2.3.4.5:0", NULL, NULL) != NULL);
  printf("id after a failed listen: %lu\n", mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL)->id);
  printf("connect without a url: %d\n", mg_connect(&mgr, NULL, NULL, NULL) != NULL);
  printf("connect to an empty url: %d\n", mg_connect(&mgr, "", NULL, NULL) != NULL);
  printf("id after refused urls: %lu\n", mg_listen(&mgr, "udp://127.0.0.1:0", NULL, NULL)->id);
  mg_mgr_free(&mgr);
  return 0;
}
