// A client that sends requests and does not read the responses. The reference queues all of them, without limit.
// Here requests wait once enough is queued, and every one is answered when the client reads at last.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

enum { BODY = 100000, REQUESTS = 200 };

static size_t s_most_queued, s_most_buffered;
static int s_msgs;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
  if (ev == MG_EV_HTTP_MSG) s_msgs++, mg_http_reply(c, 200, "", "%.*s", (int) hm->body.len, hm->body.buf);
  if (c->send.len > s_most_queued) s_most_queued = c->send.len;
  if (c->recv.size > s_most_buffered) s_most_buffered = c->recv.size;
}

int main(void) {
  struct mg_mgr mgr;
  static char request[BODY + 100], buf[65536];
  size_t len, sent = 0, got = 0, head;
  int stuck = 0;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  len = (size_t) sprintf(request, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", BODY);
  memset(request + len, 'x', BODY), len += BODY;
  head = strlen("HTTP/1.1 200 OK\r\nContent-Length: 100000     \r\n\r\n");
  size_t total = len * REQUESTS, expected = (head + BODY) * REQUESTS;
  // Send until neither side moves.
  while (sent < total && stuck < 50) {
    ssize_t n = send(fd, request + sent % len, len - sent % len, MSG_DONTWAIT | MSG_NOSIGNAL);
    mg_mgr_poll(&mgr, n > 0 ? 0 : 1);
    if (n > 0) sent += (size_t) n, stuck = 0;
    else stuck++;
  }
  CHECK(sent < total);
  CHECK(s_msgs < REQUESTS);
  CHECK(s_most_queued < 1000000);
  CHECK(s_most_buffered < 1000000);
  for (int k = 0; k < 20000 && got < expected; k++) {
    ssize_t n;
    while (sent < total && (n = send(fd, request + sent % len, len - sent % len, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) sent += (size_t) n;
    mg_mgr_poll(&mgr, 1);
    while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) got += (size_t) n;
  }
  CHECK(got == expected);
  CHECK(s_msgs == REQUESTS);
  CHECK(s_most_queued < 1000000);
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
