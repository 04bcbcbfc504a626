// Timers, time-outs, caches and sessions when a clock jumps. The program defines clock_gettime(), which the library gets both
// clocks from. The clock on the wall may jump as it likes; the monotonic one may leap forward, after the machine slept, pass
// the limits of 32 bits, and even go back.

#define _GNU_SOURCE
#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s [%s]\n", __FILE__, __LINE__, #expr, trace); exit(1); } } while (0)
#define DAY 86400000ull

static uint64_t monotonic = 1000, wall = 1700000000000ull;
static struct mg_mgr mgr;
static char trace[200];
static int fired_often, fired_once, questions;

int clock_gettime(clockid_t id, struct timespec *ts) {
  uint64_t now = id == CLOCK_REALTIME ? wall : monotonic;
  ts->tv_sec = (time_t) (now / 1000), ts->tv_nsec = (long) (now % 1000) * 1000000;
  return 0;
}

static void often(void *arg) {
  (void) arg, fired_often++;
}

static void once(void *arg) {
  (void) arg, fired_once++;
}

static void pass(uint64_t ms) {
  for (uint64_t i = 0; i < ms; i += 10) monotonic += 10, wall += 10, mg_mgr_poll(&mgr, 0);
}

static void timers(uint64_t start, int64_t jump) {
  fired_often = fired_once = 0;
  monotonic = start;
  mg_mgr_init(&mgr);
  mg_timer_add(&mgr, 100, MG_TIMER_REPEAT, often, NULL);
  mg_timer_add(&mgr, 250, MG_TIMER_ONCE, once, NULL);
  mg_mgr_poll(&mgr, 0);
  pass(1000);
  CHECK(fired_often == 10 && fired_once == 1);
  // Missed periods are not made up for; after at most one, all is as before.
  mg_timer_add(&mgr, 250, MG_TIMER_ONCE, once, NULL);
  mg_mgr_poll(&mgr, 0);
  monotonic += (uint64_t) jump;
  mg_mgr_poll(&mgr, 0);
  CHECK(fired_often <= 11);
  fired_often = 0;
  pass(300);
  CHECK(fired_once == 2);
  pass(700);
  CHECK(fired_often == 10 && fired_once == 2);
  mg_mgr_free(&mgr);
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev == MG_EV_RESOLVE) snprintf(trace + n, sizeof(trace) - n, "RESOLVE "), c->is_closing = 1;
  if (ev == MG_EV_ERROR) snprintf(trace + n, sizeof(trace) - n, "ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CLOSE) snprintf(trace + n, sizeof(trace) - n, "CLOSE");
}

static bool silent;

static void name_server(struct mg_connection *c, int ev, void *ev_data) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
  uint8_t buf[600];
  if (ev == MG_EV_READ && c->recv.len < 500) {
    size_t len = c->recv.len;
    memcpy(buf, c->recv.buf, len);
    memcpy(buf + len, record, sizeof(record));
    buf[2] = 0x81, buf[3] = 0x80, buf[7] = 1;
    c->recv.len = 0, questions++;
    if (!silent) mg_send(c, buf, len + sizeof(record));
  }
  (void) ev_data;
}

static const char *ask(const char *name, uint64_t leap) {
  char url[100];
  trace[0] = '\0';
  mg_snprintf(url, sizeof(url), "tcp://%s:1", name);
  mg_connect(&mgr, url, fn, NULL);
  for (int i = 0; i < 20; i++) mg_mgr_poll(&mgr, 1);
  monotonic += leap;
  // Loopback needs a moment of real time; that of the clock is ours.
  for (int i = 0; i < 500 && strstr(trace, "CLOSE") == NULL; i++) mg_mgr_poll(&mgr, 1), monotonic += 10;
  return trace;
}

static void lookups(void) {
  static char url[64];
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "udp://127.0.0.1:0", name_server, NULL);
  mg_snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(l->loc.port));
  mgr.dns4.url = url;

  // The cache lives by the monotonic clock.
  CHECK(strcmp(ask("a.example", 0), "RESOLVE CLOSE") == 0 && questions == 1);
  wall += 10000 * DAY, monotonic += 20000;
  CHECK(strcmp(ask("a.example", 0), "RESOLVE CLOSE") == 0 && questions == 1);
  wall -= 15000 * DAY, monotonic += 20000;
  CHECK(strcmp(ask("a.example", 0), "RESOLVE CLOSE") == 0 && questions == 1);
  monotonic += 40 * DAY;
  CHECK(strcmp(ask("a.example", 0), "RESOLVE CLOSE") == 0 && questions == 2);

  // A machine that sleeps while somebody waits.
  silent = true;
  CHECK(strcmp(ask("b.example", DAY), "ERROR(DNS timeout) CLOSE") == 0);
  CHECK(strcmp(ask("c.example", 0), "ERROR(DNS timeout) CLOSE") == 0);
  // Lookups that begin after a clock went back end in time, and the cache still answers.
  silent = false;
  monotonic -= DAY;
  CHECK(strcmp(ask("d.example", 0), "RESOLVE CLOSE") == 0);
  silent = true;
  CHECK(strcmp(ask("e.example", 0), "ERROR(DNS timeout) CLOSE") == 0);
  mg_mgr_free(&mgr);
}

static struct mg_connection *listener;
static char answer[3000];

static int request(const char *uri, const char *header) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char text[500];
  ssize_t n = -1;
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  mg_snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n%s\r\n", uri, header);
  CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) > 0);
  for (int i = 0; i < 500 && n < 0; i++) mg_mgr_poll(&mgr, 1), n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
  CHECK(n > 12);
  answer[n] = '\0';
  close(fd);
  return atoi(answer + 9);
}

static int authenticate(char *user, size_t userlen, const char *pass) {
  return (void) userlen, strcmp(user, "user") == 0 && strcmp(pass, "pass") == 0 ? 5 : 0;
}

static void sessions(void) {
  static struct mg_dash dash = {.authenticate = authenticate};
  char cookie[200];
  mg_mgr_init(&mgr);
  listener = mg_http_listen(&mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &dash);
  CHECK(request("/api/login", "Authorization: Basic dXNlcjpwYXNz\r\n") == 200);
  char *token = strstr(answer, "access_token=");
  CHECK(token != NULL);
  mg_snprintf(cookie, sizeof(cookie), "Cookie: %.*s\r\n", (int) strcspn(token, ";"), token);
  CHECK(request("/api/get", cookie) == 200);
  wall += 1000 * DAY;
  CHECK(request("/api/get", cookie) == 200);
  wall -= 2000 * DAY;
  monotonic += 3500 * 1000;
  CHECK(request("/api/get", cookie) == 200);
  monotonic += 3700 * 1000;
  CHECK(request("/api/get", cookie) != 200);
  mg_mgr_free(&mgr);
}

int main(void) {
  static const uint64_t starts[] = {1000, (1ull << 31) - 500, (1ull << 32) - 500, (1ull << 32) * 1000 - 500, 1ull << 61};
  static const int64_t jumps[] = {150, 5000, (int64_t) DAY, 50 * (int64_t) DAY, -(int64_t) 500};
  mg_log_set(MG_LL_NONE);
  CHECK(mg_millis() == 1000 && mg_now() == 1700000000000ull);
  for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
    for (size_t j = 0; j < sizeof(jumps) / sizeof(jumps[0]); j++) timers(starts[i], jumps[j]);
    timers((1ull << 33) + starts[i], -(1ll << 33));
  }
  for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) questions = 0, silent = false, monotonic = starts[i], lookups();
  monotonic = (1ull << 32) - 500;
  sessions();
  return 0;
}
