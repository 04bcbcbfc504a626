// The answer to HEAD has no body, also when it comes after the program let the next request in, and when the program writes its
// head by hand and its body in chunks; neither has 204. What follows is the next response.

#include "../loop.h"

#define CHECK(x) do { if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1); } while (0)

static struct mg_connection *s_waiting;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/late"), NULL)) {
    s_waiting = c;
    c->is_resp = 0;
  } else if (mg_match(hm->uri, mg_str("/chunks"), NULL)) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    mg_http_printf_chunk(c, "%s", "hello");
    mg_http_write_chunk(c, "world", 5);
    mg_http_printf_chunk(c, "");
  } else {
    mg_http_reply(c, 200, "", "next");
  }
}

// What a client gets for `request`, which is answered late with `status` if it waits, and for a GET request behind it.
static const char *conversation(struct mg_connection *listener, const char *request, int status) {
  static struct answer a;
  int fd = dial(listener);
  a.len = 0, a.closed = false, s_waiting = NULL;
  say(fd, request);
  turns(10);
  if (s_waiting != NULL) mg_http_reply(s_waiting, status, "", "%s", "hello");
  turns(10);
  say(fd, "GET /next HTTP/1.1\r\n\r\n");
  do receive(fd, &a, 1);
  while (!a.closed && (a.len < 4 || strcmp(a.text + a.len - 4, "next") != 0));
  CHECK(!a.closed);
  close(fd);
  turns(3);
  return a.text;
}

#define NEXT "HTTP/1.1 200 OK\r\nContent-Length: 4          \r\n\r\nnext"

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", fn, NULL);
  CHECK(strcmp(conversation(l, "GET /late HTTP/1.1\r\n\r\n", 200), "HTTP/1.1 200 OK\r\nContent-Length: 5          \r\n\r\nhello" NEXT) == 0);
  CHECK(strcmp(conversation(l, "HEAD /late HTTP/1.1\r\n\r\n", 200), "HTTP/1.1 200 OK\r\nContent-Length: 5          \r\n\r\n" NEXT) == 0);
  CHECK(strcmp(conversation(l, "GET /late HTTP/1.1\r\n\r\n", 204), "HTTP/1.1 204 No Content\r\n\r\n" NEXT) == 0);
  CHECK(strcmp(conversation(l, "HEAD /chunks HTTP/1.1\r\n\r\n", 0), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" NEXT) == 0);
  mg_mgr_free(&mgr);
  return 0;
}
