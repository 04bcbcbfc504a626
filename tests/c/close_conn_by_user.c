// mg_close_conn between polls: CLOSE is delivered before it returns, with buffers still readable.

#include "mongoose.h"

static bool accepted;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) accepted = true;
  if (ev == MG_EV_CLOSE && c->is_accepted) {
    struct mg_connection *p = c->mgr->conns;
    while (p != NULL && p != c) p = p->next;
    printf("CLOSE data: %d\n", ev_data != NULL);
    printf("listed in CLOSE: %d\n", p != NULL);
    printf("recv in CLOSE: %.*s\n", (int) c->recv.len, (char *) c->recv.buf);
    printf("send in CLOSE: %.*s\n", (int) c->send.len, (char *) c->send.buf);
    printf("data in CLOSE: %s\n", c->data);
    *(bool *) c->fn_data = true;
  }
}

int main(void) {
  struct mg_mgr mgr;
  bool closed = false;
  char buf[8];
  struct timeval wait = {.tv_usec = 300000};
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, &closed);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  for (int i = 0; i < 300 && !accepted; i++) mg_mgr_poll(&mgr, 10);
  struct mg_connection *c = mgr.conns;
  send(fd, "input", 5, 0);
  for (int i = 0; i < 300 && c->recv.len < 5; i++) mg_mgr_poll(&mgr, 10);
  mg_send(c, "output", 6);
  strcpy(c->data, "scratch");
  mg_close_conn(c);
  printf("CLOSE was delivered: %d\n", closed);
  printf("only the listener is left: %d\n", mgr.conns == l && l->next == NULL);
  printf("the peer sees the end: %d\n", recv(fd, buf, sizeof(buf), 0) == 0);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 1);
  mg_mgr_free(&mgr);
  close(fd);
  return 0;
}
