// What a handler of MG_EV_HTTP_HDRS changes in its message, MG_EV_HTTP_MSG brings, whether the body was there or came later.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_HDRS) {
    if (mg_match(hm->uri, mg_str("/static"), NULL)) hm->uri = mg_str("/changed");
    if (mg_match(hm->uri, mg_str("/cut"), NULL)) hm->uri.len = 2;
    if (mg_match(hm->uri, mg_str("/field"), NULL)) hm->headers[0].value.buf++, hm->headers[0].value.len--;
    if (mg_match(hm->uri, mg_str("/body"), NULL)) hm->query = hm->headers[0].name;
  }
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_str *value = mg_http_get_header(hm, "X-Name");
    add("%.*s ?%.*s %.*s [%.*s]", (int) hm->uri.len, hm->uri.buf, (int) hm->query.len, hm->query.buf,
        value == NULL ? 1 : (int) value->len, value == NULL ? "-" : value->buf, (int) hm->body.len, hm->body.buf);
    mg_http_reply(c, 200, "", "");
  }
}

int main(void) {
  static const char *paths[] = {"static", "cut", "field", "body", "none"};
  static char padding[20000];
  start();
  struct mg_connection *listener = mg_http_listen(&mgr, "http://127.0.0.1:0", fn, NULL);
  memset(padding, 'p', sizeof(padding) - 1);
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
    for (int how = 0; how < 4; how++) {
      static const char *hows[] = {"at once", "later", "in a buffer that moved", "in chunks"};
      char head[300], label[100];
      int fd = dial(listener);
      snprintf(head, sizeof(head), "POST /%s?q HTTP/1.1\r\nX-Name: value\r\n%s\r\n\r\n", paths[i],
               how == 3 ? "Transfer-Encoding: chunked" : how == 2 ? "Content-Length: 20003" : "Content-Length: 4");
      if (how == 0) strcat(head, "text");
      say(fd, head);
      turns(5);
      if (how == 1) say(fd, "te"), turns(5), say(fd, "xt");
      if (how == 2) say(fd, padding), turns(5), say(fd, "text");
      if (how == 3) say(fd, "2\r\nte\r\n"), turns(5), say(fd, "2\r\nxt\r\n0\r\n\r\n");
      poll_until(trace[0] != '\0');
      if (how == 2) trace[strcspn(trace, "[")] = '\0';
      snprintf(label, sizeof(label), "%s, body %s", paths[i], hows[how]);
      show_trace(label);
      close(fd);
    }
  }
  mg_mgr_free(&mgr);
  return 0;
}
