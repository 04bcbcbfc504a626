// A handler of MG_EV_HTTP_MSG that empties `c->recv` drops what the client sent behind the message, all of it: also behind one
// whose body was streamed, and when the library keeps a part of many requests elsewhere meanwhile.

#include "../limits.h"

static struct mg_mgr s_mgr;
static int s_puts;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  bool put = (ev == MG_EV_HTTP_HDRS || ev == MG_EV_HTTP_MSG) && mg_strcmp(hm->method, mg_str("PUT")) == 0;
  bool post = ev == MG_EV_HTTP_HDRS && mg_strcmp(hm->method, mg_str("POST")) == 0;
  if (post || (ev == MG_EV_HTTP_HDRS && put)) CHECK(mg_http_read_body(c, hm, NULL, NULL, NULL));
  if (ev != MG_EV_HTTP_MSG) return;
  mg_http_reply(c, 200, "", "");
  if (put) s_puts++, c->recv.len = 0;
}

int main(void) {
  enum { BEFORE = 800, BEHIND = 2000 };
  const char *get = "GET / HTTP/1.1\r\nA: b\r\n\r\n", *put = "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
  static char text[(BEFORE + BEHIND) * 24 + 40200];
  // The first read takes a part of a body, and the second one, of a larger block, all the others.
  sprintf(text, "POST / HTTP/1.1\r\nContent-Length: 40000\r\n\r\n%040000d", 0);
  for (int i = 1; i < BEFORE; i++) strcat(text, get);
  strcat(text, put);
  for (int i = 0; i < BEHIND; i++) strcat(text, get);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  struct mg_connection *listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(listener != NULL);
  int fd = dial(listener);
  say(fd, text, strlen(text));
  WAIT_FOR(&s_mgr, s_puts == 1);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 0);
  CHECK(s_seen.msgs == BEFORE + 1 && s_seen.closed == 0);
  const char *last = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
  say(fd, last, strlen(last));
  hear(&s_mgr, fd);
  CHECK(s_seen.msgs == BEFORE + 2 && s_seen.closed == 1 && s_seen.errors == 0);
  mg_mgr_free(&s_mgr);
  return 0;
}
