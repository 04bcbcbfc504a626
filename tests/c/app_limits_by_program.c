// Limits that programs set: so many connections at once, so many requests per peer, so many bytes before a request is whole.

#include "loop.h"

static int s_accepted, s_open, s_requests, s_most;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) {
    s_accepted++;
    if (++s_open > s_most) s_most = s_open;
    if (s_open > 3) mg_http_reply(c, 503, "Retry-After: 1\r\nConnection: close\r\n", "full"), c->is_draining = 1;
  } else if (ev == MG_EV_READ && c->recv.len > 1000) {
    mg_http_reply(c, 431, "Connection: close\r\n", "too much");
    c->recv.len = 0;
    c->is_draining = 1;
  } else if (ev == MG_EV_HTTP_MSG && !c->is_draining) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (c->rem.addr.ip[0] == 127 && ++s_requests > 4) mg_http_reply(c, 429, "Retry-After: 60\r\n", "");
    else mg_http_reply(c, 200, "", "%.*s", (int) hm->uri.len, hm->uri.buf);
  } else if (ev == MG_EV_CLOSE) {
    s_open--;
  }
}

int main(void) {
  int fd[4];
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  for (int i = 0; i < 3; i++) {
    fd[i] = dial(l);
    poll_until(s_accepted == i + 1);
  }
  fd[3] = dial(l);
  show("the fourth", response(fd[3]));
  close(fd[3]);
  poll_until(s_open == 3);
  for (int i = 0; i < 3; i++) {
    char label[20];
    say(fd[i], "GET /a HTTP/1.1\r\n\r\n");
    snprintf(label, sizeof(label), "client %d", i);
    show(label, response(fd[i]));
  }
  close(fd[1]);
  poll_until(s_open == 2);
  ask(l, "room again", "GET /b HTTP/1.1\r\n\r\n");
  ask(l, "too many requests", "GET /c HTTP/1.1\r\n\r\n");
  poll_until(s_open == 2);
  static char long_head[1200];
  snprintf(long_head, sizeof(long_head), "GET /%01100d HTTP/1.1\r\nX: ", 0);
  ask(l, "a long head", long_head);
  poll_until(s_open == 2);
  printf("most at once: %d\n", s_most);
  close(fd[0]), close(fd[2]);
  mg_mgr_free(&mgr);
  return 0;
}
