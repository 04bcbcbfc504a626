// A client that shuts down its write side still gets a small and a medium response whole.

#include "mongoose.h"

static bool closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, NULL, *(size_t *) c->fn_data);
    memset(c->send.buf, 'r', c->send.len);
    c->recv.len = 0;
  }
  if (ev == MG_EV_CLOSE && !c->is_listening) {
    printf("%zu bytes left unsent: %zu\n", *(size_t *) c->fn_data, c->send.len);
    closed = true;
  }
  (void) ev_data;
}

int main(void) {
  size_t sizes[] = {10, 100000};
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    static char buf[200000];
    size_t total = 0;
    long n;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *) &addr, sizeof(addr));
    l->fn_data = &sizes[i];
    send(fd, "request", 7, 0);
    shutdown(fd, SHUT_WR);
    closed = false;
    for (int k = 0; k < 300 && !closed; k++) mg_mgr_poll(&mgr, 10);
    while ((n = recv(fd, buf + total, sizeof(buf) - total, 0)) > 0) total += (size_t) n;
    printf("%zu bytes, the client got: %zu\n", sizes[i], total);
    close(fd);
  }
  mg_mgr_free(&mgr);
  return 0;
}
