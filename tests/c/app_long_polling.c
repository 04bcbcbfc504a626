// Long polling: clients wait for news, which a POST of another brings them all; one gives up before, and connections are
// kept for the next question.

#include "loop.h"

static int s_waiting;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_CLOSE && c->data[0] == 'W') s_waiting--, add("gave up\n");
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/news"), NULL)) {
    c->data[0] = 'W', s_waiting++;
  } else if (mg_strcmp(hm->method, mg_str("POST")) == 0) {
    int told = 0;
    for (struct mg_connection *w = c->mgr->conns; w != NULL; w = w->next) {
      if (w->data[0] != 'W') continue;
      mg_http_reply(w, 200, "Cache-Control: no-store\r\n", "{%m:%m}", MG_ESC("news"), mg_print_esc, (int) hm->body.len, hm->body.buf);
      w->data[0] = 0, s_waiting--, told++;
    }
    mg_http_reply(c, 200, "", "told %d", told);
  }
}

int main(void) {
  int fd[3];
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
#define POST(label, n, body) ask(l, label, "POST / HTTP/1.1\r\nContent-Length: " #n "\r\n\r\n" body)
  POST("nobody waits", 1, "a");
  for (int i = 0; i < 3; i++) fd[i] = dial(l), say(fd[i], "GET /news HTTP/1.1\r\n\r\n");
  poll_until(s_waiting == 3);
  close(fd[1]);
  poll_until(s_waiting == 2);
  POST("two wait", 5, "\"it\"\n");
  show("first", response(fd[0]));
  show("third", response(fd[2]));
  // A question with the next one right behind it.
  say(fd[0], "GET /news HTTP/1.1\r\n\r\nGET /news HTTP/1.1\r\n\r\n");
  poll_until(s_waiting == 1);
  turns(5);
  printf("waiting: %d\n", s_waiting);
  POST("one waits", 3, "one");
  show("first again", response(fd[0]));
  poll_until(s_waiting == 1);
  POST("one waits once more", 3, "two");
  show("and again", response(fd[0]));
  show_trace("server");
  close(fd[0]), close(fd[2]);
  mg_mgr_free(&mgr);
  return 0;
}
