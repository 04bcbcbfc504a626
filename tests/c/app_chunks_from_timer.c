// Responses of chunks that a timer adds to, for several clients at once, found by id: one of them leaves early.

#include "loop.h"

static unsigned long ids[3];
static int waiting, rounds;

static struct mg_connection *by_id(unsigned long id) {
  struct mg_connection *c = mgr.conns;
  while (c != NULL && c->id != id) c = c->next;
  return c;
}

static void more(void *arg) {
  (void) arg;
  rounds++;
  for (int i = 0; i < waiting; i++) {
    struct mg_connection *c = by_id(ids[i]);
    if (c == NULL) {
      add("%d is gone in round %d\n", i, rounds);
      ids[i] = ~0UL;
      continue;
    }
    if (rounds <= 3) mg_http_printf_chunk(c, "round %d of %M\n", rounds, mg_print_hex, 2, "\x01\xab");
    if (rounds == 4) mg_http_write_chunk(c, "raw\1.end", 8);
    if (rounds == 5) mg_http_printf_chunk(c, "");
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_HTTP_MSG) return;
  (void) ev_data;
  mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  ids[waiting++] = c->id;
}

int main(void) {
  int fd[3];
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  for (int i = 0; i < 3; i++) {
    fd[i] = dial(l);
    say(fd[i], "GET / HTTP/1.1\r\n\r\n");
    poll_until(waiting == i + 1);
  }
  more(NULL);
  turns(3);
  close(fd[1]);
  poll_until(by_id(ids[1]) == NULL);
  while (rounds < 5) more(NULL), turns(2);
  for (int i = 0; i < 3; i += 2) {
    char label[20];
    snprintf(label, sizeof(label), "client %d", i);
    show(label, response(fd[i]));
    // The connection is free for the next request.
    say(fd[i], "GET / HTTP/1.1\r\n\r\n");
    waiting = 0;
    poll_until(waiting == 1);
    printf("client %d, next request: %d\n", i, waiting);
    close(fd[i]);
  }
  show_trace("server");
  mg_mgr_free(&mgr);
  return 0;
}
