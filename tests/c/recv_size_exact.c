// As much unread input as MG_MAX_RECV_SIZE is no error; one byte more is.

#include "mongoose.h"

static struct mg_mgr mgr;
static struct mg_connection *s_conn;
static int s_errors, s_closed;

static void keep(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) s_conn = c;
  if (ev == MG_EV_ERROR) s_errors++;
  if (ev == MG_EV_CLOSE && !c->is_listening) s_closed++;
  (void) ev_data;
}

int main(void) {
  enum { MAX = 3 * 1024 * 1024 };
  static char text[MAX + 1];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", keep, NULL);
  for (int more = -1; more <= 1; more++) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    connect(fd, (struct sockaddr *) &to, sizeof(to));
    s_conn = NULL, s_errors = s_closed = 0;
    size_t sent = 0, total = (size_t) (MAX + more);
    for (int i = 0; i < 100000 && sent < total && s_closed == 0; i++) {
      ssize_t n = send(fd, text + sent, total - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) sent += (size_t) n;
      mg_mgr_poll(&mgr, n > 0 ? 0 : 1);
    }
    for (int i = 0; i < 2000 && s_closed == 0 && s_conn->recv.len < total; i++) mg_mgr_poll(&mgr, 1);
    for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
    printf("%+d bytes: errors %d, closed %d, all there %d\n", more, s_errors, s_closed, s_closed == 0 && s_conn->recv.len == total);
    close(fd);
    for (int i = 0; i < 100 && mgr.conns != l; i++) mg_mgr_poll(&mgr, 1);
  }
  mg_mgr_free(&mgr);
  return 0;
}
