// What the tests of limits share: a server that notes its events, and plain sockets that talk to it.

#pragma once

#include "mongoose.h"

#define CHECK(x)                                         \
  do {                                                   \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1); \
  } while (0)

// Turns once per condition that is waited for: more than any test needs, less than for ever.
#define WAIT_FOR(mgr, x)                                                 \
  do {                                                                   \
    for (int turn_ = 0; turn_ < 2000 && !(x); turn_++) mg_mgr_poll((mgr), 10); \
    CHECK(x);                                                            \
  } while (0)

// What happened on accepted connections since the last forget().
static struct {
  int accepted, msgs, errors, closed;
  char error[64];
  bool draining;
} s_seen;

static inline void forget(void) {
  memset(&s_seen, 0, sizeof(s_seen));
}

static inline void note(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) s_seen.accepted++;
  if (ev == MG_EV_HTTP_MSG) s_seen.msgs++;
  if (ev == MG_EV_CLOSE) s_seen.closed++;
  if (ev == MG_EV_ERROR) {
    s_seen.errors++, s_seen.draining = c->is_draining;
    snprintf(s_seen.error, sizeof(s_seen.error), "%s", (char *) ev_data);
  }
}

static inline int dial(struct mg_connection *listener) {
  struct sockaddr_in addr = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

static inline void say(int fd, const char *text, size_t len) {
  CHECK(send(fd, text, len, MSG_NOSIGNAL) == (ssize_t) len);
}

// What the server says until it closes; the socket is closed, too.
static inline struct mg_str hear(struct mg_mgr *mgr, int fd) {
  static char text[100000];
  size_t len = 0;
  ssize_t n = -1;
  for (int turn = 0; turn < 2000 && n != 0; turn++) {
    mg_mgr_poll(mgr, 10);
    while ((n = recv(fd, text + len, sizeof(text) - len, MSG_DONTWAIT)) > 0) len += (size_t) n;
    if (n < 0 && errno == ECONNRESET) n = 0;
  }
  CHECK(n == 0);
  close(fd);
  return mg_str_n(text, len);
}

static inline bool begins(struct mg_str text, const char *with) {
  return text.len >= strlen(with) && memcmp(text.buf, with, strlen(with)) == 0;
}
