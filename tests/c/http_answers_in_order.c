// Pipelined requests are answered in order, however a program tells that its own response is over.

#include "mongoose.h"

static struct mg_mgr mgr;
static struct mg_connection *s_waiting;  // whose second request is answered later
static int s_clears_in, s_turns;
static bool s_by_hand;
static char s_events[200];

static void event(const char *text) {
  snprintf(s_events + strlen(s_events), sizeof(s_events) - strlen(s_events), " %s", text);
}

// The first response is written by hand, the second comes late, the third at once.
static void mixed(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    char uri[10];
    mg_snprintf(uri, sizeof(uri), "%.*s", (int) hm->uri.len, hm->uri.buf);
    event(uri);
    if (mg_match(hm->uri, mg_str("/1"), NULL)) mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]"), s_by_hand = true;
    if (mg_match(hm->uri, mg_str("/2"), NULL)) s_waiting = c, s_turns = 0;
    if (mg_match(hm->uri, mg_str("/3"), NULL)) mg_http_reply(c, 200, "", "[3]");
  }
  if (ev == s_clears_in && c->is_accepted && s_by_hand && c->send.len == 0) {
    event("clear");
    c->is_resp = 0, s_by_hand = false;
  }
  if (ev == MG_EV_POLL && s_waiting == c && s_turns++ == 5) {
    event("answer2");
    mg_http_reply(c, 200, "", "[2]");
  }
}

// A reply, and the next request waits all the same until the program lets it.
static void holds(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    event("MSG");
    mg_http_reply(c, 200, "", "[x]");
    c->is_resp = 1, s_turns = 0;
  }
  if (ev == MG_EV_POLL && c->is_resp && s_turns++ == 5) event("released"), c->is_resp = 0;
  (void) ev_data;
}

static void serve(const char *name, mg_event_handler_t fn, const char *text) {
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", fn, NULL);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &to, sizeof(to));
  s_events[0] = '\0', s_waiting = NULL, s_turns = 0;
  send(fd, text, strlen(text), MSG_NOSIGNAL);
  static char answer[2000];
  memset(answer, 0, sizeof(answer));
  size_t len = 0;
  for (int i = 0; i < 60; i++) {
    mg_mgr_poll(&mgr, 1);
    ssize_t n = recv(fd, answer + len, sizeof(answer) - 1 - len, MSG_DONTWAIT);
    if (n > 0) len += (size_t) n;
  }
  printf("%s, events:%s\n%s, client sees:", name, s_events, name);
  for (char *p = answer; (p = strchr(p, '[')) != NULL; p++) printf(" %.3s", p);
  printf("\n");
  close(fd);
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) c->is_closing = 1;
  for (int i = 0; i < 100 && mgr.conns != NULL; i++) mg_mgr_poll(&mgr, 1);
}

// A client that has two requests under way, and asks with HEAD when the first is answered.
static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    char text[40];
    mg_snprintf(text, sizeof(text), "(%.*s)", (int) hm->body.len, hm->body.buf);
    event(text);
    if (mg_strcmp(hm->body, mg_str("one")) == 0) mg_printf(c, "HEAD /c HTTP/1.1\r\nHost: x\r\n\r\n");
  }
}

static void asks(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int l = socket(AF_INET, SOCK_STREAM, 0), fd = -1;
  bind(l, (struct sockaddr *) &addr, len), listen(l, 5), getsockname(l, (struct sockaddr *) &addr, &len);
  char url[50], text[500];
  snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(addr.sin_port));
  s_events[0] = '\0';
  struct mg_connection *c = mg_http_connect(&mgr, url, client, NULL);
  fd = accept(l, NULL, NULL);
  size_t got = 0;
  for (int i = 0, step = 0; i < 500 && step < 2; i++) {
    mg_mgr_poll(&mgr, 1);
    ssize_t n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
    if (n > 0) got += (size_t) n;
    if (step == 0 && got >= 54) dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"), step++;
    if (step == 1 && got >= 82) dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"), step++;
  }
  for (int i = 0; i < 10; i++) mg_mgr_poll(&mgr, 1);
  printf("two GET, then HEAD:%s\n", s_events);
  c->is_closing = 1;
  close(fd), close(l);
  mg_mgr_poll(&mgr, 1);
}

int main(void) {
  const char *three = "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n";
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  s_clears_in = MG_EV_WRITE, serve("cleared in MG_EV_WRITE", mixed, three);
  s_clears_in = MG_EV_POLL, serve("cleared in MG_EV_POLL", mixed, three);
  serve("held after a reply", holds, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  asks();
  mg_mgr_free(&mgr);
  return 0;
}
