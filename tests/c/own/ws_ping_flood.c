// A peer sends pings and does not read the answers. Own, because the reference queues them without limit. Answers are left
// out while much is queued, but the last ping is answered in the end (RFC 6455, 5.5.3).

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

enum { PINGS = 40000, SIZE = 125 };

static int s_pings, s_messages;
static size_t s_queued;
static bool s_open;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_OPEN) s_open = true;
  if (ev == MG_EV_WS_CTL && (wm->flags & 15) == WEBSOCKET_OP_PING) s_pings++;
  if (ev == MG_EV_WS_MSG) s_messages++;
  if (!c->is_listening && c->send.len > s_queued) s_queued = c->send.len;
}

int main(void) {
  struct mg_mgr mgr;
  static uint8_t out[PINGS * (SIZE + 6)], in[PINGS * (SIZE + 2)];
  char head[500];
  size_t len = 0, sent = 0, got = 0;
  ssize_t n;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), size = 4096;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  CHECK(send(fd, "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n", 40, MSG_NOSIGNAL) == 40);
  for (int k = 0; k < 500 && !s_open; k++) mg_mgr_poll(&mgr, 10);
  while (got < 4 || memcmp(head + got - 4, "\r\n\r\n", 4) != 0) {
    mg_mgr_poll(&mgr, 0);
    if (recv(fd, head + got, 1, MSG_DONTWAIT) == 1) got++;
  }
  for (int i = 0; i < PINGS; i++) {
    uint8_t *p = out + len;
    memcpy(p, "\x89\xfd\0\0\0\0", 6), memset(p + 6, 'p', SIZE), memcpy(p + 6, &i, sizeof(i));
    len += SIZE + 6;
  }
  for (int k = 0; k < 20000 && s_pings < PINGS; k++) {
    if (sent < len && (n = send(fd, out + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) sent += (size_t) n;
    mg_mgr_poll(&mgr, 1);
  }
  CHECK(s_pings == PINGS);
  CHECK(s_queued < 400 * 1024);
  // Data still gets through.
  CHECK(send(fd, "\x81\x81\0\0\0\0x", 7, MSG_NOSIGNAL) == 7);
  for (int k = 0; k < 500 && s_messages == 0; k++) mg_mgr_poll(&mgr, 10);
  CHECK(s_messages == 1);
  int last = -1;
  for (int k = 0; k < 20000 && last != PINGS - 1; k++) {
    static size_t at;
    mg_mgr_poll(&mgr, 0);
    if (k == 0) got = 0;
    if ((n = recv(fd, in + got, sizeof(in) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
    for (; at + SIZE + 2 <= got; at += SIZE + 2) {
      int number;
      CHECK(in[at] == 0x8a && in[at + 1] == SIZE);
      memcpy(&number, in + at + 2, sizeof(number));
      CHECK(number > last);
      last = number;
    }
    if (n <= 0) mg_mgr_poll(&mgr, 1);
  }
  CHECK(last == PINGS - 1);
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
