// Requests that take too long: 408 when a part of one came, MG_EV_ERROR, the end of the stream. Clients that are
// waited for by nobody, or that wait themselves, are left alone.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static bool s_upload, s_hold, s_full, s_default_report, s_nest;
static char s_report[64];
static unsigned long s_held;

static void report(struct mg_connection *c, const char *error) {
  snprintf(s_report, sizeof(s_report), "%s", error == NULL ? "stored" : error);
  mg_http_reply(c, error == NULL ? 200 : 418, "", "");
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) c->is_full = s_full;
  if (ev == MG_EV_HTTP_HDRS && s_upload) {
    mg_http_start_upload(c, hm, mg_str("f"), mg_str("."), NULL, s_default_report ? NULL : report);
  }
  if (ev == MG_EV_HTTP_HDRS && s_nest) {
    for (uint64_t end = mg_millis() + 300; mg_millis() < end;) mg_mgr_poll(c->mgr, 10);
  }
  if (ev == MG_EV_HTTP_MSG && s_hold) s_held = c->id;
  if (ev == MG_EV_HTTP_MSG && !s_hold) mg_http_reply(c, 200, "", "ok");
}

static void limit(struct mg_limits l) {
  l.size = sizeof(l);
  CHECK(mg_conn_set_limits(s_listener, &l));
  forget();
}

static int connected(void) {
  forget();
  int fd = dial(s_listener);
  WAIT_FOR(&s_mgr, s_seen.accepted == 1);
  return fd;
}

static void expect(int fd, const char *answer, const char *error) {
  struct mg_str heard = hear(&s_mgr, fd);
  if (answer[0] == 0) CHECK(heard.len == 0);
  CHECK(begins(heard, answer));
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == 1 && strcmp(s_seen.error, error) == 0);
}

// Reads one answer of the server.
static void read_ok(int fd) {
  char text[500];
  size_t len = 0;
  for (int turn = 0; turn < 1000 && (len < 2 || memcmp(text + len - 2, "ok", 2) != 0); turn++) {
    mg_mgr_poll(&s_mgr, 10);
    ssize_t n = recv(fd, text + len, sizeof(text) - len, MSG_DONTWAIT);
    if (n > 0) len += (size_t) n;
  }
  CHECK(len > 12 && memcmp(text, "HTTP/1.1 200", 12) == 0);
}

// Says `text` again and again until the server has had enough.
static void drip(int fd, const char *text) {
  for (int turn = 0; turn < 2000 && s_seen.errors == 0; turn++) {
    send(fd, text, strlen(text), MSG_NOSIGNAL);
    mg_mgr_poll(&s_mgr, 10);
  }
}

static void headers(void) {
  limit((struct mg_limits) {.header_timeout = 100});
  // Who has asked for nothing gets no answer (RFC 9110, 15.5.9).
  expect(connected(), "", "header timeout");
  int fd = connected();
  say(fd, "GET / HT", 8);
  expect(fd, "HTTP/1.1 408 ", "header timeout");
  CHECK(s_seen.draining);
  // Neither more of the head nor empty lines make it longer.
  fd = connected();
  say(fd, "GET / HTTP/1.1\r\n", 16);
  drip(fd, "a: b\r\n");
  expect(fd, "HTTP/1.1 408 ", "header timeout");
  fd = connected();
  drip(fd, "\r\n");
  expect(fd, "", "header timeout");
  // A connection may be idle between requests; the next head has its own time.
  fd = connected();
  for (int i = 0; i < 3; i++) {
    say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
    read_ok(fd);
    for (uint64_t end = mg_millis() + 200; mg_millis() < end;) mg_mgr_poll(&s_mgr, 10);
    CHECK(s_seen.errors == 0);
  }
  say(fd, "GET", 3);
  expect(fd, "HTTP/1.1 408 ", "header timeout");
  CHECK(s_seen.msgs == 3);
  // A request that comes with the end of the one before has its own time, too.
  fd = connected();
  say(fd, "G", 1);
  for (uint64_t end = mg_millis() + 400; mg_millis() < end;) {
    say(fd, "ET / HTTP/1.1\r\n\r\nG", 18);
    read_ok(fd);
    CHECK(s_seen.errors == 0);
  }
  expect(fd, "HTTP/1.1 408 ", "header timeout");
  // While the program does not want to read, nobody is late.
  s_full = true;
  fd = connected();
  for (uint64_t end = mg_millis() + 300; mg_millis() < end;) mg_mgr_poll(&s_mgr, 10);
  CHECK(s_seen.errors == 0);
  s_full = false;
  s_mgr.conns->is_full = 0;
  expect(fd, "", "header timeout");
  // A loop that was away for long reads what came in time.
  fd = connected();
  say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
  usleep(250000);
  read_ok(fd);
  CHECK(s_seen.errors == 0);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
}

static void bodies(void) {
  const char *head = "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n";
  limit((struct mg_limits) {.body_timeout = 100});
  int fd = connected();
  say(fd, head, strlen(head));
  expect(fd, "HTTP/1.1 408 ", "body timeout");
  fd = connected();
  say(fd, head, strlen(head));
  drip(fd, "x");
  expect(fd, "HTTP/1.1 408 ", "body timeout");
  fd = connected();
  say(fd, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 47);
  drip(fd, "1\r\nx\r\n");
  expect(fd, "HTTP/1.1 408 ", "body timeout");
  // A handler that runs the loop does not make the client late.
  s_nest = true;
  fd = connected();
  say(fd, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", 39);
  WAIT_FOR(&s_mgr, s_mgr.conns->recv.len == 39);
  s_nest = false;
  say(fd, "0123456789", 10);
  read_ok(fd);
  CHECK(s_seen.errors == 0);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  // The response may take its time.
  s_hold = true;
  fd = connected();
  say(fd, "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", 39);
  WAIT_FOR(&s_mgr, s_seen.msgs == 1);
  for (uint64_t end = mg_millis() + 300; mg_millis() < end;) mg_mgr_poll(&s_mgr, 10);
  CHECK(s_seen.errors == 0 && s_seen.closed == 0);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  s_hold = false;
  // A body that comes at the minimal rate may take longer.
  limit((struct mg_limits) {.body_timeout = 100, .body_rate = 1000});
  fd = connected();
  say(fd, "POST / HTTP/1.1\r\nContent-Length: 2000\r\n\r\n", 41);
  uint64_t begin = mg_millis();
  static char piece[500];
  for (int i = 0; i < 4; i++) {
    say(fd, piece, sizeof(piece));
    for (uint64_t end = begin + 150 * (uint64_t) (i + 1); mg_millis() < end;) mg_mgr_poll(&s_mgr, 10);
  }
  read_ok(fd);
  CHECK(s_seen.errors == 0);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  // Whoever stores a body is told.
  limit((struct mg_limits) {.body_timeout = 100});
  s_upload = true;
  fd = connected();
  say(fd, head, strlen(head));
  drip(fd, "x");
  expect(fd, "HTTP/1.1 418 ", "body timeout");
  CHECK(strcmp(s_report, "body timeout") == 0);
  s_default_report = true;
  fd = connected();
  say(fd, head, strlen(head));
  expect(fd, "HTTP/1.1 408 ", "body timeout");
  s_upload = false;
}

static void idle(void) {
  limit((struct mg_limits) {.idle_timeout = 100});
  expect(connected(), "", "idle timeout");
  int fd = connected();
  say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
  read_ok(fd);
  expect(fd, "", "idle timeout");
  CHECK(s_seen.msgs == 1 && !s_seen.draining);
  fd = connected();
  say(fd, "GET / HTTP/1.1\r\nContent-Le", 26);
  expect(fd, "HTTP/1.1 408 ", "idle timeout");
  // Each byte starts anew.
  fd = connected();
  for (uint64_t end = mg_millis() + 300; mg_millis() < end;) say(fd, "G", 1), mg_mgr_poll(&s_mgr, 10);
  CHECK(s_seen.errors == 0);
  expect(fd, "HTTP/1.1 408 ", "idle timeout");
  // It is not the client who is idle.
  s_hold = true;
  fd = connected();
  say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
  for (uint64_t end = mg_millis() + 300; mg_millis() < end;) mg_mgr_poll(&s_mgr, 10);
  CHECK(s_seen.errors == 0 && s_seen.msgs == 1);
  for (struct mg_connection *c = s_mgr.conns; c != NULL; c = c->next) {
    if (c->id == s_held) mg_http_reply(c, 200, "", "ok");
  }
  s_hold = false;
  read_ok(fd);
  expect(fd, "", "idle timeout");
}

// mg_mgr_poll() does not sleep past a deadline.
static void sleeping(void) {
  limit((struct mg_limits) {.idle_timeout = 100});
  connected();
  for (int turn = 0; turn < 100 && s_seen.closed == 0; turn++) mg_mgr_poll(&s_mgr, -1);
  CHECK(s_seen.closed == 1);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  headers();
  bodies();
  idle();
  sleeping();
  mg_mgr_free(&s_mgr);
  return 0;
}
