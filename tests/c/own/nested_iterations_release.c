// A handler that runs the loop for a long time, whatever event it handles: connections that come and go meanwhile are
// released, and none that somebody may still be looking at.

#include "../limits.h"
#include <malloc.h>

enum { ROUNDS = 100, AT_ONCE = 5, TIMER = MG_EV_USER };

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static int s_closed;
static bool s_ran;
static int s_where;

static void echo(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
    if (s_ran) mg_mgr_poll(&s_mgr, 0);  // one more level
  }
  if (ev == MG_EV_CLOSE && c->is_accepted) s_closed++;
  (void) ev_data;
}

static void come_and_go(int rounds) {
  for (int i = 0; i < rounds; i++) {
    int fds[AT_ONCE], before = s_closed;
    for (int k = 0; k < AT_ONCE; k++) fds[k] = dial(s_listener), say(fds[k], "x", 1);
    for (int k = 0; k < AT_ONCE; k++) {
      char buf[2];
      ssize_t n = -1;
      for (int turn = 0; turn < 2000 && (n = recv(fds[k], buf, 1, MSG_DONTWAIT)) < 0; turn++) mg_mgr_poll(&s_mgr, 1);
      CHECK(n == 1);
      close(fds[k]);
    }
    WAIT_FOR(&s_mgr, s_closed == before + AT_ONCE);
  }
}

static void run_loop(const char *name) {
  s_ran = true;
  come_and_go(20);
  size_t before = mallinfo2().uordblks;
  come_and_go(ROUNDS);
  size_t grown = mallinfo2().uordblks - before;
  printf("%s: %d connections: %lu bytes more\n", name, ROUNDS * AT_ONCE, (unsigned long) grown);
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(grown < 200000);
#endif
}

static const char *s_name;

static void modal(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == s_where && !s_ran && !c->is_listening) {
    char first[5] = {0};
    size_t len = c->recv.len;
    memcpy(first, c->recv.buf, len < 5 ? len : 5);
    run_loop(s_name);
    // What this handler looks at is still its own.
    if (ev != MG_EV_CLOSE) CHECK(c->recv.len >= len && memcmp(c->recv.buf, first, len < 5 ? len : 5) == 0);
  }
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/ws"), NULL)) {
      mg_ws_upgrade(c, hm, NULL);
    } else {
      mg_http_reply(c, 200, "", "hi");
    }
  }
  if (ev == MG_EV_WS_OPEN && c->is_client) mg_ws_send(c, "x", 1, WEBSOCKET_OP_TEXT);
  if (ev == MG_EV_ACCEPT && s_where == MG_EV_WAKEUP) mg_wakeup(&s_mgr, c->id, "x", 1);
  if (ev == MG_EV_READ && s_where == MG_EV_WRITE) mg_send(c, "hi", 2);
}

static void on_timer(void *arg) {
  if (!s_ran) run_loop((const char *) arg);
}

// What a client does that leads to an event.
enum means { SAY, GET, WEBSOCKET, CONNECT, NOTHING };

static void check(const char *name, int ev, enum means means) {
  char url[64];
  bool http = means == GET || means == WEBSOCKET;
  s_ran = false, s_where = ev, s_name = name;
  struct mg_connection *l = http ? mg_http_listen(&s_mgr, "http://127.0.0.1:0", modal, NULL)
                                 : mg_listen(&s_mgr, "tcp://127.0.0.1:0", modal, NULL);
  int old = dial(s_listener), fd = dial(l);
  mg_snprintf(url, sizeof(url), "%s://127.0.0.1:%d/ws", http ? "ws" : "tcp", mg_ntohs(l->loc.port));
  if (ev == TIMER) mg_timer_add(&s_mgr, 1, 0, on_timer, (void *) name);
  if (means == SAY) say(fd, "hello", 5);
  if (means == GET) say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
  if (means == WEBSOCKET) mg_ws_connect(&s_mgr, url, modal, NULL, NULL);
  if (means == CONNECT) mg_connect(&s_mgr, url, modal, NULL);
  if (ev == MG_EV_CLOSE) close(fd), fd = -1;
  WAIT_FOR(&s_mgr, s_ran);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 1);
  close(old);
  if (fd >= 0) close(fd);
  for (struct mg_connection *c = s_mgr.conns; c != NULL; c = c->next) {
    if (c->fn == modal) c->is_closing = 1;
  }
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 1);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  mg_wakeup_init(&s_mgr);
  s_listener = mg_listen(&s_mgr, "tcp://127.0.0.1:0", echo, NULL);
  check("MG_EV_POLL", MG_EV_POLL, NOTHING);
  check("MG_EV_OPEN", MG_EV_OPEN, NOTHING);
  check("MG_EV_ACCEPT", MG_EV_ACCEPT, NOTHING);
  check("MG_EV_CONNECT", MG_EV_CONNECT, CONNECT);
  check("MG_EV_READ", MG_EV_READ, SAY);
  check("MG_EV_WRITE", MG_EV_WRITE, SAY);
  check("MG_EV_CLOSE", MG_EV_CLOSE, SAY);
  check("MG_EV_HTTP_HDRS", MG_EV_HTTP_HDRS, GET);
  check("MG_EV_HTTP_MSG", MG_EV_HTTP_MSG, GET);
  check("MG_EV_WS_OPEN", MG_EV_WS_OPEN, WEBSOCKET);
  check("MG_EV_WS_MSG", MG_EV_WS_MSG, WEBSOCKET);
  check("MG_EV_WAKEUP", MG_EV_WAKEUP, NOTHING);
  check("a timer", TIMER, NOTHING);
  mg_mgr_free(&s_mgr);
  return 0;
}
