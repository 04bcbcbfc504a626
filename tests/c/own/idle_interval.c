// With mg_mgr_idle_interval() connections at rest are left alone, and everything that library functions and events start
// still happens at once.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { PEERS = 100 };

static struct mg_connection *server_side[PEERS];
static int accepted, polls, closed, woken;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT && accepted < PEERS) server_side[accepted++] = c;
  if (ev == MG_EV_POLL && c->is_accepted) polls++;
  if (ev == MG_EV_CLOSE && c->is_accepted) closed++;
  if (ev == MG_EV_WAKEUP) {
    woken++;
    mg_printf(c, "%s", "woken");
  }
  if (ev == MG_EV_READ) {
    bool last = c->recv.len > 0 && c->recv.buf[0] == 'q';
    mg_send(c, c->recv.buf, c->recv.len);
    c->recv.len = 0;
    c->is_draining = last;
  }
  (void) ev_data;
}

static void answers_at_once(void *arg) {
  mg_send((struct mg_connection *) arg, "timer", 5);
}

static bool arrives(struct mg_mgr *mgr, int fd, const char *text) {
  char buf[32];
  size_t len = 0, wanted = strlen(text);
  for (int i = 0; i < 1000 && len < wanted; i++) {
    ssize_t n = recv(fd, buf + len, wanted - len, MSG_DONTWAIT);
    if (n > 0) len += (size_t) n;
    else mg_mgr_poll(mgr, 1);
  }
  return len == wanted && memcmp(buf, text, wanted) == 0;
}

int main(void) {
  struct mg_mgr mgr;
  int peers[PEERS];
  char byte;
  mg_log_set(MG_LL_NONE);
  mg_mgr_idle_interval(NULL, 1);
  mg_mgr_init(&mgr);
  CHECK(mg_wakeup_init(&mgr));
  mg_mgr_idle_interval(&mgr, 3600 * 1000);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  for (int i = 0; i < PEERS; i++) {
    peers[i] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(peers[i], (struct sockaddr *) &addr, sizeof(addr)) == 0);
    for (int k = 0; k < 1000 && accepted <= i; k++) mg_mgr_poll(&mgr, 1);
    CHECK(accepted == i + 1);
  }
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 0);

  polls = 0;
  for (int i = 0; i < 100; i++) mg_mgr_poll(&mgr, 0);
  CHECK(polls == 0);

  // Input, also where the event was fetched before.
  for (int i = 0; i < PEERS; i++) CHECK(send(peers[i], "echo", 4, 0) == 4);
  for (int i = 0; i < PEERS; i++) CHECK(arrives(&mgr, peers[i], "echo"));

  // Output that a timer, another thread and the program itself queue.
  mg_timer_add(&mgr, 1, 0, answers_at_once, server_side[7]);
  CHECK(arrives(&mgr, peers[7], "timer"));
  CHECK(mg_wakeup(&mgr, server_side[8]->id, "", 0));
  CHECK(arrives(&mgr, peers[8], "woken") && woken == 1);
  mg_printf(server_side[9], "%s", "from outside");
  mg_mgr_poll(&mgr, 0);
  CHECK(recv(peers[9], &byte, 1, MSG_DONTWAIT) == 1 && byte == 'f');
  mg_http_reply(server_side[10], 200, "", "x");
  mg_mgr_poll(&mgr, 0);
  CHECK(recv(peers[10], &byte, 1, MSG_DONTWAIT) == 1 && byte == 'H');

  // The ends of connections.
  CHECK(send(peers[11], "q", 1, 0) == 1);
  CHECK(arrives(&mgr, peers[11], "q"));
  for (int i = 0; i < 1000 && closed < 1; i++) mg_mgr_poll(&mgr, 1);
  CHECK(closed == 1);
  close(peers[12]);
  for (int i = 0; i < 1000 && closed < 2; i++) mg_mgr_poll(&mgr, 1);
  CHECK(closed == 2);
  mg_close_conn(server_side[13]);
  CHECK(closed == 3);

  // A connection of ours is resolved, connected and refused as ever.
  struct mg_connection *c = mg_connect(&mgr, "tcp://localhost:1", NULL, NULL);
  unsigned long id = c == NULL ? 0 : c->id;
  for (int i = 0; i < 1000 && id != 0; i++) {
    mg_mgr_poll(&mgr, 1);
    struct mg_connection *p = mgr.conns;
    while (p != NULL && p->id != id) p = p->next;
    if (p == NULL) id = 0;
  }
  CHECK(id == 0);

  // What is written into another connection is seen when all are visited.
  server_side[14]->is_closing = 1;
  mg_mgr_poll(&mgr, 0);
  CHECK(closed == 3);
  polls = 0;
  mg_mgr_idle_interval(&mgr, 1);
  for (int i = 0; i < 1000 && closed < 4; i++) mg_mgr_poll(&mgr, 1);
  CHECK(closed == 4 && polls >= PEERS - 4);

  // Back to the default.
  mg_mgr_idle_interval(&mgr, 0);
  mg_mgr_poll(&mgr, 0);
  polls = 0;
  for (int i = 0; i < 10; i++) mg_mgr_poll(&mgr, 0);
  CHECK(polls == 10 * (PEERS - 4));

  mg_mgr_idle_interval(&mgr, 3600 * 1000);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 0);
  mg_mgr_free(&mgr);
  CHECK(closed == PEERS);
  for (int i = 0; i < PEERS; i++) {
    if (i != 12) close(peers[i]);
  }
  return 0;
}
