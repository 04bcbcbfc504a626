// MG_EV_POLL comes without waiting when output was sent: programs look there whether all is, and what to do next. In the
// reference that is the iteration that sends. A program that sends something each time does not keep the loop from waiting.

#include "../limits.h"

static struct mg_mgr s_mgr;
static bool s_producing;
static int s_msgs, s_received;
static const char *s_nested;

// Runs iterations and tells which of them would not have waited.
static const char *trace(int n) {
  static char text[32];
  memset(text, 0, sizeof(text));
  for (int i = 0; i < n; i++) {
    text[i] = mg_mgr_timeout(&s_mgr) == 0 ? '0' : 'w';
    mg_mgr_poll(&s_mgr, 0);
  }
  return text;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ && c->pfn == NULL) {
    mg_send(c, c->recv.buf, c->recv.len);
    s_producing = c->recv.buf[0] == 'p', s_received++;
    c->recv.len = 0;
  }
  if (ev == MG_EV_POLL && s_producing && c->is_accepted) mg_send(c, "x", 1);
  if (ev == MG_EV_HTTP_MSG && s_nested == NULL) {
    s_msgs++, mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 200, "", "hi");
    mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_mgr, 0);
    s_nested = trace(3);
  }
  (void) ev_data;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  struct mg_connection *l = mg_listen(&s_mgr, "tcp://127.0.0.1:0", handler, NULL);
  struct mg_connection *h = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  int fd = dial(l);
  say(fd, "echo", 4);
  WAIT_FOR(&s_mgr, s_received == 1);
  const char *t = trace(4);
  printf("an echo: %s\n", t);
  CHECK(strcmp(t, "0www") == 0);
  say(fd, "produce", 7);
  WAIT_FOR(&s_mgr, s_producing);
  mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_mgr, 0);
  t = trace(10);
  printf("output in MG_EV_POLL: %s\n", t);
  CHECK(strcmp(t, "0w0w0w0w0w") == 0 || strcmp(t, "w0w0w0w0w0") == 0);
  s_producing = false;
  mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_mgr, 0);
  t = trace(3);
  printf("no more output: %s\n", t);
  CHECK(strcmp(t, "www") == 0);
  close(fd);

  fd = dial(h);
  say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
  WAIT_FOR(&s_mgr, s_msgs == 1);
  t = trace(4);
  printf("a response that goes on: %s\n", t);
  CHECK(strcmp(t, "0www") == 0);
  say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
  mg_mgr_poll(&s_mgr, 100), mg_mgr_poll(&s_mgr, 0);
  CHECK(s_msgs == 1);
  // It ends between iterations: the request behind it is not left waiting.
  for (struct mg_connection *c = s_mgr.conns; c != NULL; c = c->next) {
    if (c->is_resp) mg_http_printf_chunk(c, ""), c->is_resp = 0;
  }
  CHECK(mg_mgr_timeout(&s_mgr) == 0);
  mg_mgr_poll(&s_mgr, 0);
  CHECK(s_msgs == 2);
  close(fd);

  // A handler that has answered runs the loop: its message still stands in the buffer, and nothing can go on with it.
  s_nested = "";
  fd = dial(h);
  say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
  WAIT_FOR(&s_mgr, s_nested[0] != '\0');
  printf("inside of a handler that has answered: %s\n", s_nested);
  CHECK(strcmp(s_nested, "www") == 0);
  close(fd);
  mg_mgr_free(&s_mgr);
  return 0;
}
