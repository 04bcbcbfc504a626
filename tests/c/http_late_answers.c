// Programs that clear `is_resp` before they answer, as proxies do; CONNECT; and a handler that leaves HTTP with its answer.
#include "loop.h"

static struct mg_connection *s_client;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) {
    s_client = c;
    if (mg_match(hm->uri, mg_str("/late/#"), NULL)) {
      c->is_resp = 0;
    } else if (mg_match(hm->uri, mg_str("/head"), NULL)) {
      mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
      c->is_resp = 0;
    } else if (mg_match(hm->uri, mg_str("/part"), NULL)) {
      mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
      c->is_resp = 0;
    } else if (mg_match(hm->uri, mg_str("/leave"), NULL)) {
      mg_http_reply(c, 200, "", "bye");
      c->pfn = NULL;
    } else if (mg_strcmp(hm->method, mg_str("CONNECT")) == 0) {
      mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  }
  if (ev == MG_EV_READ && c->recv.len > 0 && mg_strcmp(mg_str_n((char *) c->recv.buf, 6), mg_str("tunnel")) == 0) {
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  }
}

// Prints what the client gets, and whether the connection ends then.
static void run(struct mg_connection *listener, const char *label, const char *request, const char *later, const char *tunnel) {
  static struct answer a;
  char name[100];
  int fd = dial(listener);
  a.len = 0, a.closed = false, s_client = NULL;
  say(fd, request);
  poll_until(s_client != NULL);
  turns(5);
  if (later != NULL && s_client != NULL) mg_printf(s_client, "%s", later);
  turns(5);
  if (tunnel != NULL) say(fd, tunnel);
  for (int i = 0; i < 20; i++) {
    mg_mgr_poll(&mgr, 1);
    ssize_t n = recv(fd, a.text + a.len, sizeof(a.text) - 1 - a.len, MSG_DONTWAIT);
    if (n > 0) a.len += (size_t) n, i = 0;
    if (n == 0) a.closed = true;
  }
  a.text[a.len] = '\0';
  show(label, a.text);
  snprintf(name, sizeof(name), "%s, afterwards", label);
  show(name, a.closed ? "closed" : "open");
  close(fd);
  turns(3);
}

int main(void) {
  static const char *answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  start();
  struct mg_connection *listener = mg_http_listen(&mgr, "http://127.0.0.1:0", fn, NULL);
  run(listener, "late, 1.1", "GET /late/ HTTP/1.1\r\n\r\n", answer, NULL);
  run(listener, "late, 1.0", "GET /late/ HTTP/1.0\r\n\r\n", answer, NULL);
  run(listener, "late, 1.0, keep-alive", "GET /late/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", answer, NULL);
  run(listener, "body until the end, 1.0", "GET /head HTTP/1.0\r\n\r\n", "hello", NULL);
  run(listener, "rest later, 1.0", "GET /part HTTP/1.0\r\n\r\n", "llo", NULL);
  run(listener, "leaves HTTP", "GET /leave HTTP/1.1\r\n\r\n", NULL, NULL);
  run(listener, "leaves HTTP, close", "GET /leave HTTP/1.1\r\nConnection: close\r\n\r\n", NULL, NULL);
  run(listener, "CONNECT", "CONNECT a:1 HTTP/1.1\r\n\r\n", NULL, "tunnelled");
  run(listener, "CONNECT, 1.0", "CONNECT a:1 HTTP/1.0\r\n\r\n", NULL, "tunnelled");
  mg_mgr_free(&mgr);
  return 0;
}
