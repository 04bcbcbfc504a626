// Name lookups when memory runs out at any allocation, by datagram and by stream: the connection gets MG_EV_ERROR, others go
// on, nothing leaks, and the next lookup succeeds.

#include "../failing_allocator.h"

static bool truncate_datagrams;
static bool connected, closed;

static size_t answer(uint8_t *q, size_t len, bool truncated) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
  q[2] = truncated ? 0x83 : 0x81, q[3] = 0x80;
  if (truncated) return len;
  q[7] = 2;
  memcpy(q + len, record, sizeof(record));
  memcpy(q + len + sizeof(record), record, sizeof(record));
  q[len + sizeof(record) + 15] = 2;
  return len + 2 * sizeof(record);
}

// The name server is no part of the loop, and needs no memory.
static int udp, tcp;
static uint16_t port;

static void open_server(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(addr);
  udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  CHECK(bind(tcp, (struct sockaddr *) &addr, size) == 0 && listen(tcp, 10) == 0);
  CHECK(getsockname(tcp, (struct sockaddr *) &addr, &size) == 0);
  CHECK(bind(udp, (struct sockaddr *) &addr, size) == 0);
  port = addr.sin_port;
}

static void serve(int *stream) {
  uint8_t buf[600];
  struct sockaddr_in from;
  socklen_t size = sizeof(from);
  ssize_t n = recvfrom(udp, buf, 500, 0, (struct sockaddr *) &from, &size);
  if (n > 12) sendto(udp, buf, answer(buf, (size_t) n, truncate_datagrams), 0, (struct sockaddr *) &from, size);
  if (*stream < 0) *stream = accept4(tcp, NULL, NULL, SOCK_NONBLOCK);
  n = *stream < 0 ? 0 : recv(*stream, buf, 500, 0);
  if (n > 14) {
    size_t len = answer(buf + 2, (size_t) n - 2, false);
    buf[0] = (uint8_t) (len >> 8), buf[1] = (uint8_t) len;
    send(*stream, buf, len + 2, MSG_NOSIGNAL);
  }
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) connected = true, c->is_closing = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static bool lookup(struct world *w) {
  char url[64], server[64];
  int stream = -1;
  connected = closed = false;
  begin(w);
  snprintf(url, sizeof(url), "tcp://name.example:%d", mg_ntohs(w->mgr.conns->next->loc.port));
  snprintf(server, sizeof(server), "udp://127.0.0.1:%d", mg_ntohs(port));
  w->mgr.dns4.url = server;
  w->mgr.dnstimeout = 300;
  begin_faults(w);
  if (is(mg_connect(&w->mgr, url, fn, NULL) != NULL)) {
    for (int i = 0; i < 1000 && !closed; i++) mg_mgr_poll(&w->mgr, 1), serve(&stream);
  }
  end(w);
  if (stream >= 0) close(stream);
  while (recv(udp, url, sizeof(url), 0) > 0) continue;
  while ((stream = accept(tcp, NULL, NULL)) >= 0) close(stream);
  CHECK(closed || refusals > 0);
  return connected;
}

int main(void) {
  open_server();
  every_allocation("datagram", lookup);
  truncate_datagrams = true;
  every_allocation("stream", lookup);
  return 0;
}
