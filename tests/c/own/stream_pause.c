// A paused body: nothing more is read than fits into the buffer, the peer has to wait, the loop sleeps, time limits do not run,
// and what was received is kept, also when the peer has shut down its side. A producer without data does not keep the loop busy
// either.

#include <sys/resource.h>
#include "../limits.h"

enum { SIZE = 20000000 };

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener, *s_conn;
static size_t s_received, s_pause_at;
static int s_done;
static char s_error[64];
static struct mg_limits s_limits = {.size = sizeof(s_limits), .body_timeout = 150, .idle_timeout = 150};

static void piece(struct mg_connection *c, struct mg_str data, void *arg) {
  s_received += data.len;
  if (s_pause_at > 0 && s_received >= s_pause_at) {
    s_pause_at = 0;
    mg_http_pause_body(c);
  }
  (void) arg;
}

static void done(struct mg_connection *c, const char *error, void *arg) {
  s_done++;
  snprintf(s_error, sizeof(s_error), "%s", error ? error : "complete");
  (void) c, (void) arg;
}

static int s_ready, s_given;

static long source(struct mg_connection *c, char *buf, size_t len, void *arg) {
  (void) c, (void) arg, (void) len;
  s_given++;
  if (s_ready == 0) return 0;
  if (s_ready-- == 99) return MG_HTTP_STREAM_END;
  buf[0] = 'x';
  return 1;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) s_conn = c;
  if (ev == MG_EV_HTTP_HDRS) CHECK(mg_http_read_body(c, hm, piece, done, NULL));
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/stream"), NULL)) {
    CHECK(mg_http_reply_stream(c, 200, "", -1, source, done, NULL));
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 200, "", "%lu", (unsigned long) s_received);
  }
}

static double cpu_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

// The loop sleeps, and nobody is late.
static void check_idle(void) {
  for (int i = 0; i < 5; i++) mg_mgr_poll(&s_mgr, 0);
  CHECK(mg_mgr_timeout(&s_mgr) != 0);
  double cpu = cpu_seconds();
  uint64_t start = mg_millis();
  for (int i = 0; i < 1000 && mg_millis() < start + 300; i++) mg_mgr_poll(&s_mgr, 100);
  CHECK(mg_millis() - start >= 250 && cpu_seconds() - cpu < 0.1);
  CHECK(s_seen.errors == 0 && s_seen.closed == 0);
}

static int begin(size_t pause_at) {
  forget();
  s_received = 0, s_pause_at = pause_at, s_done = 0;
  int fd = dial(s_listener);
  WAIT_FOR(&s_mgr, s_seen.accepted == 1);
  return fd;
}

// Sends as much as the server takes.
static size_t push(int fd, size_t left) {
  static char block[65536];
  size_t total = 0;
  for (int idle = 0; idle < 50 && left > 0;) {
    ssize_t n = send(fd, block, left < sizeof(block) ? left : sizeof(block), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) total += (size_t) n, left -= (size_t) n, idle = 0;
    else idle++;
    mg_mgr_poll(&s_mgr, 0);
  }
  return total;
}

static void say_head(int fd, size_t length) {
  char head[100];
  int n = snprintf(head, sizeof(head), "PUT /x HTTP/1.1\r\nContent-Length: %lu\r\n\r\n", (unsigned long) length);
  say(fd, head, (size_t) n);
}

static void expect_answer(int fd, const char *end) {
  shutdown(fd, SHUT_WR);
  struct mg_str heard = hear(&s_mgr, fd);
  CHECK(begins(heard, "HTTP/1.1 200 ") && heard.len > strlen(end));
  CHECK(memcmp(heard.buf + heard.len - strlen(end), end, strlen(end)) == 0);
}

int main(void) {
  static const char chunked[] = "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(mg_conn_set_limits(s_listener, &s_limits));

  // In the middle of a large body, of which the sockets hold a part.
  int fd = begin(1000000);
  say_head(fd, SIZE);
  size_t sent = push(fd, SIZE);
  CHECK(sent < SIZE && s_conn->is_full);
  size_t before = s_received;
  check_idle();
  CHECK(s_received == before && s_conn->recv.len <= 131072 && s_done == 0);
  mg_http_resume_body(s_conn);
  CHECK(s_received == before && mg_mgr_timeout(&s_mgr) == 0);
  while (sent < SIZE) sent += push(fd, SIZE - sent);
  WAIT_FOR(&s_mgr, s_received == SIZE && s_done == 1);
  expect_answer(fd, "20000000");

  // The whole body, and the end of the stream, were there before. The program clears the flag itself.
  fd = begin(1);
  say(fd, chunked, strlen(chunked));
  shutdown(fd, SHUT_WR);
  WAIT_FOR(&s_mgr, s_received > 0);
  check_idle();
  CHECK(s_received == 3 && s_done == 0);
  s_conn->is_full = 0;
  CHECK(mg_mgr_timeout(&s_mgr) == 0);
  expect_answer(fd, "5");
  CHECK(s_done == 1 && s_received == 5);

  // After the last byte only the end is left.
  fd = begin(5);
  say_head(fd, 5);
  say(fd, "abcde", 5);
  WAIT_FOR(&s_mgr, s_received == 5);
  check_idle();
  CHECK(s_done == 0 && s_seen.msgs == 0);
  mg_http_resume_body(s_conn);
  WAIT_FOR(&s_mgr, s_done == 1 && s_seen.msgs == 1);
  expect_answer(fd, "5");

  // A peer that resets the connection is noticed at once.
  fd = begin(5);
  say_head(fd, 100);
  say(fd, "abcde", 5);
  WAIT_FOR(&s_mgr, s_received == 5);
  struct linger hard = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_done == 1 && strcmp(s_error, "socket error") == 0);

  // Not paused, but slow: the limit ends it.
  fd = begin(0);
  say_head(fd, 100);
  struct mg_str heard = hear(&s_mgr, fd);
  CHECK(begins(heard, "HTTP/1.1 408 "));
  CHECK(s_done == 1 && strcmp(s_error, "body timeout") == 0);

  // A pause does not make a slow body immortal: only paused time does not count.
  fd = begin(0);
  say_head(fd, 1000000);
  for (int turn = 0; turn < 2000 && s_seen.errors == 0; turn++) {
    send(fd, "x", 1, MSG_NOSIGNAL);
    mg_http_pause_body(s_conn);
    mg_http_resume_body(s_conn);
    mg_mgr_poll(&s_mgr, 5);
  }
  CHECK(begins(hear(&s_mgr, fd), "HTTP/1.1 408 "));
  CHECK(s_done == 1 && strcmp(s_error, "body timeout") == 0);

  // A producer that has nothing.
  fd = begin(0);
  say(fd, "GET /stream HTTP/1.1\r\n\r\n", 24);
  WAIT_FOR(&s_mgr, s_given == 1);
  check_idle();
  CHECK(s_given == 1);
  s_ready = 1;
  mg_http_resume_send(s_conn);
  CHECK(mg_mgr_timeout(&s_mgr) == 0);
  WAIT_FOR(&s_mgr, s_given == 3);
  check_idle();
  s_ready = 99;
  mg_http_resume_send(s_conn);
  WAIT_FOR(&s_mgr, s_done == 2);
  expect_answer(fd, "\r\n00000001\r\nx\r\n0\r\n\r\n");

  // A client that leaves meanwhile.
  fd = begin(0);
  s_ready = 0;
  say(fd, "GET /stream HTTP/1.1\r\n\r\n", 24);
  char head[200];
  WAIT_FOR(&s_mgr, recv(fd, head, sizeof(head), MSG_DONTWAIT | MSG_PEEK) > 0);
  CHECK(recv(fd, head, sizeof(head), MSG_DONTWAIT) > 0);
  close(fd);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_done == 2 && strcmp(s_error, "connection closed") == 0);
  mg_mgr_free(&s_mgr);
  return 0;
}
