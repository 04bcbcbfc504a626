// A large request body that a program takes as it comes: at MG_EV_HTTP_HDRS it sets the protocol handler aside, consumes
// c->recv in MG_EV_READ, tells the client about the progress, and refuses what is too large before it comes.

#include "loop.h"

struct upload {
  uint32_t expected, got, crc;
};

static size_t s_most;

static void take(struct mg_connection *c) {
  struct upload *u = (struct upload *) c->data;
  if (c->recv.len > s_most) s_most = c->recv.len;
  u->crc = mg_crc32(u->crc, (char *) c->recv.buf, c->recv.len);
  u->got += (uint32_t) c->recv.len;
  c->recv.len = 0;
  if (u->got >= u->expected) {
    mg_http_reply(c, 200, "", "%u bytes, crc %x", (unsigned) u->got, (unsigned) u->crc);
    c->is_draining = 1;
    u->expected = 0;
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct upload *u = (struct upload *) c->data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_HDRS && u->expected == 0) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (!mg_match(hm->uri, mg_str("/upload"), NULL)) return;
    if (hm->body.len > 2000000) {
      mg_http_reply(c, 413, "Connection: close\r\n", "too large");
      c->pfn = NULL, c->is_draining = 1, c->recv.len = 0;
      return;
    }
    u->expected = (uint32_t) hm->body.len;
    c->pfn = NULL;
    mg_iobuf_del(&c->recv, 0, hm->head.len);
    if (c->recv.len > 0) take(c);
  } else if (ev == MG_EV_READ && c->pfn == NULL && u->expected > 0) {
    take(c);
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 200, "", "plain");
  } else if (ev == MG_EV_CLOSE && u->expected > 0) {
    add("gave up with %s bytes missing\n", u->got < u->expected ? "some" : "no");
  }
}

static void upload(struct mg_connection *l, const char *label, size_t size) {
  char head[100];
  static char block[10000];
  uint32_t crc = 0;
  int fd = dial(l);
  snprintf(head, sizeof(head), "PUT /upload HTTP/1.1\r\nContent-Length: %d\r\n\r\n", (int) size);
  say(fd, head);
  for (size_t sent = 0; sent < size;) {
    size_t n = size - sent < sizeof(block) ? size - sent : sizeof(block);
    for (size_t i = 0; i < n; i++) block[i] = (char) (i * 31 + sent);
    ssize_t done = send(fd, block, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno != EAGAIN) break;
    if (done > 0) crc = mg_crc32(crc, block, (size_t) done), sent += (size_t) done;
    mg_mgr_poll(&mgr, done > 0 ? 0 : 1);
  }
  show(label, response(fd));
  printf("%s, checksum: %x\n", label, (unsigned) crc);
  close(fd);
}

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  ask(l, "body in one piece", "PUT /upload HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  upload(l, "small", 10);
  upload(l, "large", 1500000);
  printf("memory is bounded: %d\n", s_most < 500000);
  int fd = dial(l);
  say(fd, "PUT /upload HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n");
  show("too large", response(fd));
  close(fd);
  ask(l, "another place", "PUT /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  fd = dial(l);
  say(fd, "PUT /upload HTTP/1.1\r\nContent-Length: 100\r\n\r\nhello");
  turns(5);
  close(fd);
  poll_until(trace[0] != '\0');
  show_trace("gone");
  mg_mgr_free(&mgr);
  return 0;
}
