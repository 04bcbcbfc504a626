// mg_dscp keeps the low six bits and sets the type of service of an IPv4 socket.

#include "mongoose.h"

static int tos(struct mg_connection *c) {
  int value = -1;
  socklen_t len = sizeof(value);
  getsockopt((int) (size_t) c->fd, IPPROTO_IP, IP_TOS, &value, &len);
  return value;
}

int main(void) {
  static const unsigned char values[] = {46, 65, 0, 63, 8, 255};
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:0", NULL, NULL);
  for (size_t i = 0; i < sizeof(values); i++) {
    bool ok = mg_dscp(c, values[i]);
    printf("dscp %u: returns %d, field %u, TOS %d\n", values[i], ok, c->dscp, tos(c));
  }
  printf("neighbouring flag is untouched: %d\n", c->is_listening);
  c = mg_alloc_conn(&mgr);
  c->fd = (void *) (size_t) -1;
  bool ok = mg_dscp(c, 10);
  printf("without a socket: returns %d, field %u\n", ok, c->dscp);
  mg_free(c);
  mg_mgr_free(&mgr);
  return 0;
}
