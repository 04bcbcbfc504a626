// A handler runs the loop in the middle of messages that stand in the buffer together: each is announced once and delivered
// once, and a client's HEAD requests keep their responses. The reference crashes.
#include "../loop.h"

#define CHECK(x) do { if (!(x)) printf("%d: %s, %s\n", __LINE__, #x, trace), exit(1); } while (0)

static struct mg_connection *s_raw;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_CONNECT) {
    for (int i = 0; i < 4; i++) mg_printf(c, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", i == 1 || i == 2 ? "HEAD" : "GET");
  }
  if (ev == MG_EV_HTTP_HDRS) add(" HDRS"), turns(c->is_accepted);
  if (ev == MG_EV_HTTP_MSG) {
    add(" MSG(%d)", (int) hm->body.len), turns(c->is_client);
    if (c->is_accepted) mg_http_reply(c, 200, "", "");
  }
}

static void raw(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_ACCEPT) s_raw = c;
  if (ev == MG_EV_READ) c->recv.len = 0;
}

int main(void) {
  start();
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", raw, NULL);
  mg_http_connect(&mgr, url_of("http", l, ""), fn, NULL);
  poll_until(s_raw != NULL);
  mg_printf(s_raw, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n%0900d", 1);
  poll_until(strstr(trace, "HDRS") != NULL);
  mg_printf(s_raw, "%0100dHTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", 1);
  mg_printf(s_raw, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  poll_until(strstr(trace, "MSG(5)") != NULL);
  CHECK(strcmp(trace, " HDRS MSG(1000) HDRS MSG(0) HDRS MSG(0) HDRS MSG(5)") == 0);
  trace[0] = '\0';
  l = mg_http_listen(&mgr, "http://127.0.0.1:0", fn, NULL);
  int fd = dial(l);
  dprintf(fd, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n%0900d", 1);
  poll_until(strstr(trace, "HDRS") != NULL);
  dprintf(fd, "%0100dPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n%050d", 1, 1);
  poll_until(strstr(trace, "MSG(1000) HDRS") != NULL);
  turns(5);
  dprintf(fd, "%050d", 1);
  poll_until(strstr(trace, "MSG(100)") != NULL);
  CHECK(strcmp(trace, " HDRS MSG(1000) HDRS MSG(100)") == 0);
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
