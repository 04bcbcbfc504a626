// The reference fires MG_EV_HTTP_HDRS again on every read and poll while the body arrives. Here it comes once per
// message, before MG_EV_HTTP_MSG, with the head at the start of the buffer.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static int s_hdrs, s_msgs;
static size_t s_read;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data;
  if (ev == MG_EV_HTTP_HDRS) {
    s_hdrs++;
    CHECK(hm->head.buf == (char *) c->recv.buf);
    CHECK(hm->body.buf == (char *) c->recv.buf + hm->head.len);
  }
  if (ev == MG_EV_HTTP_MSG) {
    s_msgs++;
    CHECK(s_hdrs == s_msgs);
    mg_http_reply(c, 200, "", "");
  }
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  // Byte by byte, with polls between them.
  const char *text =
      "POST /1 HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789"
      "POST /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (size_t i = 0; text[i] != '\0'; i++) {
    send(fd, &text[i], 1, MSG_NOSIGNAL);
    for (int k = 0; k < 200 && s_read < i + 1; k++) mg_mgr_poll(&mgr, 10);
    mg_mgr_poll(&mgr, 0);
  }
  CHECK(s_hdrs == 2 && s_msgs == 2);
  // Many at once.
  s_hdrs = s_msgs = 0;
  for (int i = 0; i < 100; i++) send(fd, text, strlen(text), MSG_NOSIGNAL);
  for (int k = 0; k < 200 && s_msgs < 200; k++) mg_mgr_poll(&mgr, 10);
  CHECK(s_hdrs == 200 && s_msgs == 200);
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
