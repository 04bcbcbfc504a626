// Expect: 100-continue. Who asks the client for its body, and when nobody does.

#include "mongoose.h"

static enum { PLAIN, BY_PROGRAM, REJECT, DETACH } s_mode;
static bool s_closed, s_asked;
static size_t s_read;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE) s_closed = true;
  if (ev == MG_EV_HTTP_HDRS && !s_asked) {
    s_asked = true;
    if (s_mode == BY_PROGRAM) mg_printf(c, "HTTP/1.1 100 Continue\r\n\r\n");
    if (s_mode == REJECT) mg_http_reply(c, 413, "", ""), c->is_draining = 1;
    if (s_mode == DETACH) mg_iobuf_del(&c->recv, 0, hm->head.len);
  }
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "", "%.*s", (int) hm->body.len, hm->body.buf);
}

static void receive(int fd) {
  char buf[1000];
  ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
  for (ssize_t i = 0; i < n; i++) printf(buf[i] == '\r' ? "" : buf[i] == '\n' ? "~" : "%c", buf[i]);
}

static void run(const char *label, const char *head, const char *body) {
  struct mg_mgr mgr;
  size_t sent = strlen(head);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  s_closed = s_asked = false, s_read = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  send(fd, head, sent, MSG_NOSIGNAL);
  for (int k = 0; k < 300 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 1);
  printf("%s: [", label);
  receive(fd);
  printf("] then [");
  if (!s_closed) {
    send(fd, body, strlen(body), MSG_NOSIGNAL), sent += strlen(body);
    for (int k = 0; k < 300 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
    for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 1);
    receive(fd);
  }
  printf("] %s\n", s_closed ? "closed" : "open");
  close(fd);
  mg_mgr_free(&mgr);
}

#define EXPECT "Expect: 100-continue\r\n"

int main(void) {
  mg_log_level = MG_LL_NONE;
  s_mode = PLAIN;
  run("body behind", "POST / HTTP/1.1\r\nContent-Length: 4\r\n" EXPECT "\r\n", "body");
  run("body in two pieces", "POST / HTTP/1.1\r\nContent-Length: 4\r\n" EXPECT "\r\nbo", "dy");
  run("body there", "POST / HTTP/1.1\r\nContent-Length: 4\r\n" EXPECT "\r\nbody", "");
  run("chunked body behind", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" EXPECT "\r\n", "4\r\nbody\r\n0\r\n\r\n");
  run("no body", "GET / HTTP/1.1\r\n" EXPECT "\r\n", "");
  run("HTTP/1.0", "POST / HTTP/1.0\r\nContent-Length: 4\r\n" EXPECT "\r\n", "body");
  run("something else expected", "POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: x\r\n\r\n", "body");
  s_mode = BY_PROGRAM;
  run("the program asks", "POST / HTTP/1.1\r\nContent-Length: 4\r\n" EXPECT "\r\n", "body");
  s_mode = REJECT;
  run("the program rejects", "POST / HTTP/1.1\r\nContent-Length: 4\r\n" EXPECT "\r\n", "body");
  s_mode = DETACH;
  run("the program detaches", "POST / HTTP/1.1\r\nContent-Length: 4\r\n" EXPECT "\r\n", "body");
  return 0;
}
