// A UDP server that remembers its peers by address, answers each, and tells all of them something later by setting c->rem;
// a client that asks again when an answer is missing.

#include "loop.h"

static struct mg_addr s_peers[4];
static int s_count, s_dropped;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev != MG_EV_READ) return;
  struct mg_str text = mg_str_n((char *) c->recv.buf, c->recv.len);
  int i = 0;
  while (i < s_count && (s_peers[i].port != c->rem.port || memcmp(s_peers[i].addr.ip, c->rem.addr.ip, 4) != 0)) i++;
  if (i == s_count && s_count < 4) s_peers[s_count++] = c->rem;
  add("peer %d says %.*s\n", i, (int) text.len, text.buf);
  if (mg_match(text, mg_str("lose#"), NULL) && s_dropped++ < 2) c->recv.len = 0;
  else mg_printf(c, "%d:%.*s", i, (int) text.len, text.buf), c->recv.len = 0;
}

static int udp_client(struct mg_connection *l) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  return fd;
}

static void exchange(int fd, const char *label, const char *text) {
  char answer[100];
  ssize_t n = -1;
  if (text != NULL) send(fd, text, strlen(text), 0);
  for (int k = 0; k < 500 && (n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT)) < 0; k++) mg_mgr_poll(&mgr, 5);
  answer[n > 0 ? n : 0] = '\0';
  show(label, answer);
}

struct question {
  int polls, sent;
  bool answered;
};

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct question *q = (struct question *) c->fn_data;
  (void) ev_data;
  if (ev == MG_EV_CONNECT || (ev == MG_EV_POLL && !c->is_resolving && !q->answered && q->sent > 0 && ++q->polls % 20 == 0)) {
    q->sent++;
    mg_printf(c, "lose this");
  }
  if (ev == MG_EV_READ) add("answer %.*s\n", (int) c->recv.len, (char *) c->recv.buf), q->answered = true, c->recv.len = 0, c->is_closing = 1;
}

int main(void) {
  struct question q = {0, 0, false};
  start();
  struct mg_connection *l = mg_listen(&mgr, "udp://127.0.0.1:0", server, NULL);
  int a = udp_client(l), b = udp_client(l);
  exchange(a, "first of a", "hello");
  exchange(b, "first of b", "hi");
  exchange(a, "second of a", "again");
  for (int i = 0; i < s_count; i++) {
    l->rem = s_peers[i];
    mg_printf(l, "to all, to %d", i);
    turns(2);
  }
  exchange(a, "a is told", NULL);
  exchange(b, "b is told", NULL);
  show_trace("server");
  mg_connect(&mgr, url_of("udp", l, ""), client, &q);
  poll_until(q.answered);
  show_trace("asked until there was an answer");
  printf("questions: %d\n", q.sent);
  close(a), close(b);
  mg_mgr_free(&mgr);
  return 0;
}
