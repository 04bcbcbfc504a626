// A protocol of our own: messages with two bytes of length before them, read from c->recv and put into c->send with the
// functions of mg_iobuf, from any place of the buffers.

#include "loop.h"

static void add_message(struct mg_iobuf *io, const void *data, size_t n) {
  uint8_t head[2] = {(uint8_t) (n >> 8), (uint8_t) n};
  size_t at = io->len;
  mg_iobuf_add(io, at, data, n);     // at the end
  mg_iobuf_add(io, at, head, 2);     // before it
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev != MG_EV_READ) return;
  while (c->recv.len >= 2) {
    size_t n = MG_LOAD_BE16(c->recv.buf);
    if (c->recv.len < 2 + n) break;
    char text[300];
    size_t m = n < sizeof(text) ? n : sizeof(text);
    for (size_t i = 0; i < m; i++) text[i] = (char) c->recv.buf[2 + m - 1 - i];
    add_message(&c->send, text, m);
    if (n == 0) mg_iobuf_add(&c->send, c->send.len, NULL, 3), memcpy(c->send.buf + c->send.len - 3, "end", 3), c->is_draining = 1;
    mg_iobuf_del(&c->recv, 0, 2 + n);
    add("message of %d, %s\n", (int) n, c->recv.len > 0 ? "more behind" : "nothing behind");
  }
}

// Joins two messages into one, in place, before they leave.
static void client(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_CONNECT) {
    add_message(&c->send, "abc", 3);
    add_message(&c->send, "def", 3);
    mg_iobuf_del(&c->send, 5, 2);
    c->send.buf[1] = 6;
    add_message(&c->send, "", 0);
  }
  if (ev == MG_EV_CLOSE) {
    add("client got ");
    for (size_t i = 0; i < c->recv.len; i++) add(c->recv.buf[i] < ' ' ? "<%d>" : "%c", c->recv.buf[i]);
    add("\n");
  }
}

int main(void) {
  start();
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  mg_connect(&mgr, url_of("tcp", l, ""), client, NULL);
  poll_until(number_of_connections(&mgr) == 1 && strstr(trace, "client") != NULL);
  show_trace("messages");
  // Byte by byte, two in one piece.
  int fd = dial(l);
  static struct answer a;
  const char parts[] = "\0\5hello\0\2yo\0\1x\0\0";
  for (size_t i = 0; i < 8; i++) send(fd, parts + i, 1, 0), turns(2);
  send(fd, parts + 8, sizeof(parts) - 1 - 8, 0);
  receive(fd, &a, 100);
  for (size_t i = 0; i < a.len; i++) add(a.text[i] < ' ' ? "<%d>" : "%c", a.text[i]);
  show_trace("in pieces");
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
