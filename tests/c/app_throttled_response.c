// A response of 3 MB that is made bit by bit in MG_EV_POLL whenever the queue is short: memory stays bounded, other requests
// are answered meanwhile, and a reader that goes away ends it.

#include "loop.h"

#define SIZE 3000000
#define QUEUE 20000

static size_t most;
static int gone;

struct progress {
  char kind;
  uint32_t sent;
};

static char byte_at(size_t i) {
  return (char) ('a' + i % 23);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct progress *p = (struct progress *) c->data;
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/big"), NULL)) {
      p->kind = 'B';
      mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SIZE);
    } else {
      mg_http_reply(c, 200, "", "small");
    }
  } else if (ev == MG_EV_POLL && p->kind == 'B') {
    while (p->sent < SIZE && c->send.len < QUEUE) {
      char block[5000];
      size_t n = SIZE - p->sent < sizeof(block) ? SIZE - p->sent : sizeof(block);
      for (size_t i = 0; i < n; i++) block[i] = byte_at(p->sent + i);
      mg_send(c, block, n);
      p->sent += (uint32_t) n;
    }
    if (c->send.len > most) most = c->send.len;
    if (p->sent == SIZE) p->kind = 0, p->sent = 0, c->is_resp = 0;
  } else if (ev == MG_EV_CLOSE && p->kind == 'B') {
    gone++;
  }
}

static void read_big(int fd, const char *label) {
  static char block[100000];
  size_t got = 0, head = 0, wrong = 0;
  for (int turn = 0; turn < 20000 && got < SIZE; turn++) {
    ssize_t n = recv(fd, block, head == 0 ? 200 : sizeof(block), MSG_DONTWAIT | (head == 0 ? MSG_PEEK : 0));
    if (n <= 0) {
      mg_mgr_poll(&mgr, 1);
    } else if (head == 0) {
      block[n] = '\0';
      char *end = strstr(block, "\r\n\r\n");
      if (end != NULL) head = (size_t) (end + 4 - block), recv(fd, block, head, 0);
    } else {
      for (ssize_t i = 0; i < n; i++) wrong += block[i] != byte_at(got + (size_t) i);
      got += (size_t) n;
    }
  }
  printf("%s: %d bytes, %d wrong\n", label, (int) got, (int) wrong);
}

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  int fd = dial(l);
  say(fd, "GET /big HTTP/1.1\r\n\r\n");
  turns(20);
  ask(l, "another client meanwhile", "GET / HTTP/1.1\r\n\r\n");
  read_big(fd, "first");
  say(fd, "GET /big HTTP/1.1\r\n\r\n");
  read_big(fd, "again on the same connection");
  say(fd, "GET / HTTP/1.1\r\n\r\n");
  show("then a small one", response(fd));
  close(fd);
  fd = dial(l);
  say(fd, "GET /big HTTP/1.1\r\n\r\n");
  turns(20);
  close(fd);
  poll_until(gone > 0);
  printf("readers that left: %d\n", gone);
  printf("queue is bounded: %d\n", most > 0 && most < QUEUE + 5000 + 100);
  mg_mgr_free(&mgr);
  return 0;
}
