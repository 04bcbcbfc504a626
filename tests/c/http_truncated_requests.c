// Requests that the client breaks off, and requests larger than the receive buffer may become.

#include "mongoose.h"

static char s_trace[500];
static bool s_closed;

static void add(const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(s_trace);
  va_start(ap, fmt);
  vsnprintf(s_trace + n, sizeof(s_trace) - n, fmt, ap);
  va_end(ap);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) add(" MSG(%lu)", (unsigned long) hm->body.len), mg_http_reply(c, 200, "", "ok");
  if (ev == MG_EV_ERROR) add(" ERROR(%s)", (char *) ev_data);
  if (ev == MG_EV_CLOSE) add(" CLOSE"), s_closed = true;
}

static void run(const char *label, const char *head, size_t body) {
  static char data[65536];
  struct mg_mgr mgr;
  size_t sent = 0, len = strlen(head);
  ssize_t n;
  char answer[200] = "";
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  memset(data, 'x', sizeof(data));
  s_trace[0] = '\0', s_closed = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, head, len, MSG_NOSIGNAL);
  for (int k = 0; k < 20000 && sent < body && !s_closed; k++) {
    n = send(fd, data, body - sent < sizeof(data) ? body - sent : sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += (size_t) n;
    mg_mgr_poll(&mgr, n > 0 ? 0 : 1);
  }
  for (int k = 0; k < 50 || (k < 2000 && sent > 100000 && s_trace[0] == '\0'); k++) mg_mgr_poll(&mgr, 1);
  n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 300 && !s_closed; k++) mg_mgr_poll(&mgr, 5);
  printf("%s:%s, answer %.15s\n", label, s_trace, n > 0 ? answer : "none");
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  char head[200];
  mg_log_level = MG_LL_NONE;
  run("whole", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", 10);
  run("3 of 10 bytes", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", 3);
  run("no body at all", "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", 0);
  run("half a chunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 0);
  size_t len = (size_t) sprintf(head, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", 3000000);
  sprintf(head, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", (int) (MG_MAX_RECV_SIZE - len));
  run("as large as the buffer", head, MG_MAX_RECV_SIZE - len);
  sprintf(head, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n", (int) (MG_MAX_RECV_SIZE - len) + 1);
  run("one byte larger", head, MG_MAX_RECV_SIZE - len + 1);
  return 0;
}
