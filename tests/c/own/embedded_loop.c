// A program with an event loop of its own runs managers in it: it waits for their descriptors, and as long as
// mg_mgr_timeout() says. Nothing may be left waiting, and nobody may be woken for nothing.

#include "mongoose.h"
#include "../tls_certs.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

// Longer than anything takes here: whoever sleeps so long was not woken.
#define PATIENCE 10000

// Things that must not wake each other have managers of their own.
#define MANAGERS 4
static struct mg_mgr managers[MANAGERS];
#define server managers[0]
#define client managers[1]
#define time_client managers[2]
#define updater managers[3]
static int server_polls, wakeups, questions, ignored_questions;
static struct pollfd fds[MANAGERS + 1];  // of the managers, and of a name and time server
static char name_server_url[64];
static bool closed, done;
static char error[64], answer[1000];
static size_t count;

static void answer_question(void) {
  uint8_t buf[512 + 16];
  struct sockaddr_in from;
  socklen_t size = sizeof(from);
  ssize_t n = recvfrom(fds[MANAGERS].fd, buf, 512, 0, (struct sockaddr *) &from, &size);
  CHECK(n >= 12);
  if (questions++ < ignored_questions) return;
  memcpy(buf + n, "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1", 16);
  buf[2] |= 0x80, buf[3] = 0, buf[7] = 1;
  sendto(fds[MANAGERS].fd, buf, (size_t) n + 16, 0, (struct sockaddr *) &from, size);
}

static int wait_ms(void) {
  int least = -1;
  for (int i = 0; i < MANAGERS; i++) {
    int ms = mg_mgr_timeout(&managers[i]);
    if (ms >= 0 && (least < 0 || ms < least)) least = ms;
  }
  return least;
}

static void turn(void) {
  int ms = wait_ms();
  int n = poll(fds, MANAGERS + 1, ms < 0 || ms > PATIENCE ? PATIENCE : ms);
  CHECK(n > 0 || (ms >= 0 && ms < PATIENCE));
  for (int i = 0; i < MANAGERS; i++) {
    if (!fds[i].revents && mg_mgr_timeout(&managers[i]) != 0) continue;
    server_polls += i == 0;
    mg_mgr_poll(&managers[i], 0);
  }
  if (fds[MANAGERS].revents) answer_question();
}

#define until(condition) \
  for (int turns_ = 0; !(condition); turns_++) { \
    CHECK(turns_ < 1000000); \
    turn(); \
  }

// All comes to rest: nobody has to be polled any more.
static void check_silence(void) {
  while (wait_ms() != -1 || poll(fds, MANAGERS, 50) > 0) {
    CHECK(wakeups++ < 1000);
    turn();
  }
  wakeups = 0;
}

static char *url(const char *scheme, struct mg_connection *listener) {
  static char text[64];
  CHECK(listener != NULL);
  snprintf(text, sizeof(text), "%s://127.0.0.1:%d", scheme, mg_ntohs(listener->loc.port));
  return text;
}

static void close_all(void) {
  for (struct mg_connection *c = server.conns; c != NULL; c = c->next) c->is_closing = c->id != 1;
  for (struct mg_connection *c = client.conns; c != NULL; c = c->next) c->is_closing = 1;
  until(server.conns->next == NULL && client.conns == NULL);
  check_silence();
  closed = done = false, error[0] = answer[0] = '\0', count = 0;
}

static void note_fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(error, sizeof(error), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE) closed = true;
  if (ev == MG_EV_CONNECT) done = true;
  (void) c;
}

static void echo_fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
  (void) ev_data;
}

static void sink_fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) *(size_t *) c->fn_data += c->recv.len, c->recv.len = 0;
  (void) ev_data;
}

static void none(void *arg) {
  (void) arg;
}

static void count_fn(void *arg) {
  ++*(int *) arg;
}

static void answers(void) {
  struct mg_mgr mgr, zeroed;
  struct mg_timer once;
  int calls = 0;
  memset(&zeroed, 0, sizeof(zeroed));
  CHECK(mg_mgr_fd(NULL) == -1 && mg_mgr_timeout(NULL) == -1);
  CHECK(mg_mgr_fd(&zeroed) == -1 && mg_mgr_timeout(&zeroed) == -1);
  mg_mgr_init(&mgr);
  int fd = mg_mgr_fd(&mgr);
  CHECK(fd >= 0 && mg_mgr_timeout(&mgr) == -1);
  // The period begins with a poll.
  mg_timer_init(&mgr.timers, &once, 5000, MG_TIMER_ONCE, count_fn, &calls);
  CHECK(mg_mgr_timeout(&mgr) == 0);
  mg_mgr_poll(&mgr, 0);
  CHECK(mg_mgr_timeout(&mgr) > 0 && mg_mgr_timeout(&mgr) <= 5000);
  // A shorter one as well.
  once.period_ms = 1;
  CHECK(mg_mgr_timeout(&mgr) == 0);
  while (calls == 0) mg_mgr_poll(&mgr, mg_mgr_timeout(&mgr));
  CHECK(mg_mgr_timeout(&mgr) == -1);
  once.flags |= MG_TIMER_REPEAT;
  CHECK(mg_mgr_timeout(&mgr) >= 0);
  mg_timer_free(&mgr.timers, &once);
  // A timer without a function keeps MG_EV_POLL coming.
  struct mg_timer *timer = mg_timer_add(&mgr, 100000, MG_TIMER_REPEAT, NULL, NULL);
  mg_mgr_poll(&mgr, 0);
  CHECK(mg_mgr_timeout(&mgr) > 0 && mg_mgr_timeout(&mgr) <= 100000);
  mg_timer_free(&mgr.timers, timer), mg_free(timer);
  mg_mgr_idle_interval(&mgr, 70000);
  CHECK(mg_mgr_timeout(&mgr) == 0);
  mg_mgr_poll(&mgr, 0);
  CHECK(mg_mgr_timeout(&mgr) > 0 && mg_mgr_timeout(&mgr) <= 70000);
  mg_mgr_idle_interval(&mgr, 0);
  // Closed connections are to be released.
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  CHECK(c != NULL && mg_mgr_timeout(&mgr) == -1);
  mg_close_conn(c);
  CHECK(mg_mgr_timeout(&mgr) == 0);
  mg_mgr_poll(&mgr, 0);
  CHECK(mg_mgr_timeout(&mgr) == -1 && mg_mgr_fd(&mgr) == fd);
  mg_mgr_free(&mgr);
  CHECK(mg_mgr_fd(&mgr) == -1 && mg_mgr_timeout(&mgr) == -1);
}

static void http_fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_serve_opts opts = {.root_dir = "."};
  struct mg_tls_opts tls = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
  if (ev == MG_EV_ACCEPT && c->is_tls) mg_tls_init(c, &tls);
  if (ev == MG_EV_WS_MSG) mg_ws_send(c, "pong", 4, WEBSOCKET_OP_TEXT);
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/ws"), NULL)) mg_ws_upgrade(c, hm, NULL);
    else if (mg_match(hm->uri, mg_str("/file"), NULL)) mg_http_serve_file(c, hm, "file", &opts);
    else mg_http_reply(c, 200, "", "hello");
  }
}

#define REQUESTS 300

static void http_client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) count++;
  if ((ev == MG_EV_CONNECT || ev == MG_EV_HTTP_MSG) && count < REQUESTS) mg_printf(c, "GET / HTTP/1.1\r\n\r\n");
  (void) ev_data;
}

static void requests(void) {
  struct mg_connection *l = mg_http_listen(&server, "http://127.0.0.1:0", http_fn, NULL);
  mg_http_connect(&client, url("http", l), http_client, NULL);
  server_polls = 0;
  until(count == REQUESTS);
  printf("polls per request: %.1f\n", (double) server_polls / REQUESTS);
  CHECK(server_polls < REQUESTS * 3 / 2);
  close_all();
}

static bool thirsty;

// Takes a file in sips: it is full after each, unless it is thirsty.
static void reader(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) {
    struct mg_tls_opts opts = {.skip_verification = 1};
    if (c->is_tls) mg_tls_init(c, &opts);
    mg_printf(c, "GET /file HTTP/1.1\r\n\r\n");
  } else if (ev == MG_EV_READ) {
    count += c->recv.len, c->recv.len = 0;
    c->is_full = !thirsty;
  }
  (void) ev_data;
}

#define FILE_SIZE (6u << 20)

static void large_file(const char *scheme) {
  char listen[64];
  snprintf(listen, sizeof(listen), "%s://127.0.0.1:0", scheme);
  struct mg_connection *l = mg_http_listen(&server, listen, http_fn, NULL);
  struct mg_connection *c = mg_connect(&client, url(scheme, l), reader, NULL);
  thirsty = false;
  for (int i = 0; i < 3; i++) {
    until(c->is_full);
    check_silence();
    c->is_full = 0;
  }
  thirsty = true;
  until(count > FILE_SIZE);
  close_all();
}

static void ws_client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WS_MSG) count++;
  if (ev == MG_EV_WS_OPEN || (ev == MG_EV_WS_MSG && count < REQUESTS)) mg_ws_send(c, "ping", 4, WEBSOCKET_OP_TEXT);
  (void) ev_data;
}

static void websocket(void) {
  char text[80];
  struct mg_connection *l = mg_http_listen(&server, "http://127.0.0.1:0", http_fn, NULL);
  snprintf(text, sizeof(text), "%s/ws", url("ws", l));
  mg_ws_connect(&client, text, ws_client, NULL, NULL);
  until(count == REQUESTS);
  close_all();
}

static int pings, connects;

static void broker_fn(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
  uint8_t accepted[] = {0, 0};
  if (ev != MG_EV_MQTT_CMD) return;
  if (mm->cmd == MQTT_CMD_CONNECT) {
    connects++;
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, sizeof(accepted));
    mg_send(c, accepted, sizeof(accepted));
  }
  if (mm->cmd == MQTT_CMD_PINGREQ) {
    pings++;
    mg_mqtt_send_header(c, MQTT_CMD_PINGRESP, 0, 0);
    if (connects == 1) c->is_draining = 1;
  }
}

static char ota_report[64];

static void ota_done(const char *message) {
  snprintf(ota_report, sizeof(ota_report), "%s", message == NULL ? "ok" : message);
}

// An MQTT session, a time server and an update server that say nothing, side by side since they take seconds.
static void long_waits(void) {
  struct mg_connection *silent = mg_listen(&server, "tcp://127.0.0.1:0", NULL, NULL);
  mg_ota_url_check(&updater, url("http", silent), ota_done);
  struct mg_connection *l = mg_mqtt_listen(&server, "mqtt://127.0.0.1:0", broker_fn, NULL);
  struct mg_mqtt_session_opts opts = {.size = sizeof(opts), .url = url("mqtt", l), .reconnect_min_ms = 50};
  opts.login.keepalive = 1;
  struct mg_mqtt_session *session = mg_mqtt_session_open(&client, &opts);
  mg_sntp_connect(&time_client, name_server_url, note_fn, NULL);
  questions = 0, ignored_questions = 100;
  until(pings >= 2 && connects >= 2);
  mg_mqtt_session_close(session);
  until(questions >= 2 && closed && ota_report[0] != '\0');
  CHECK(strcmp(ota_report, "Metadata timeout") == 0);
  close_all();
}

static void names(void) {
  struct mg_connection *l = mg_listen(&server, "tcp://127.0.0.1:0", note_fn, NULL);
  char text[64];
  client.dns4.url = name_server_url;
  client.dnstimeout = 900;
  snprintf(text, sizeof(text), "tcp://late.test:%d", mg_ntohs(l->loc.port));
  questions = 0, ignored_questions = 1;
  mg_connect(&client, text, note_fn, NULL);
  until(done);
  CHECK(questions == 2 && error[0] == '\0');
  done = false, questions = 0, ignored_questions = 100;
  mg_connect(&client, "tcp://never.test:1", note_fn, NULL);
  until(closed);
  CHECK(questions == 3 && strcmp(error, "DNS timeout") == 0);
  closed = false, error[0] = '\0';
  if (mg_mdns_listen(&client, NULL, NULL) != NULL) {
    mg_connect(&client, "tcp://nobody.local:1", note_fn, NULL);
    until(closed);
    CHECK(strcmp(error, "mDNS timeout") == 0 || strcmp(error, "mDNS send") == 0);
  }
  close_all();
}

static void timers(void) {
  int calls = 0;
  struct mg_timer *repeating = mg_timer_add(&client, 5, MG_TIMER_REPEAT, count_fn, &calls);
  mg_timer_add(&client, 20, MG_TIMER_ONCE | MG_TIMER_RUN_NOW, none, NULL);
  until(calls == 20);
  mg_timer_free(&client.timers, repeating), mg_free(repeating);
  check_silence();
}

static void wakeup_fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WAKEUP) count++;
  (void) c, (void) ev_data;
}

static void *wake(void *id) {
  for (int i = 0; i < 200; i++) {
    mg_wakeup(&server, *(unsigned long *) id, "x", 1);
    if (i % 10 == 0) usleep(100);
  }
  return NULL;
}

static void threads(void) {
  pthread_t t[4];
  struct mg_connection *l = mg_listen(&server, "tcp://127.0.0.1:0", wakeup_fn, NULL);
  unsigned long id = l->id;
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&t[i], NULL, wake, &id) == 0);
  until(count == 800);
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
  close_all();
}

static struct mg_connection *accepted(void) {
  for (struct mg_connection *c = server.conns; c != NULL; c = c->next) if (c->is_accepted) return c;
  return NULL;
}

static void limits(void) {
  struct mg_limits idle = {.size = sizeof(idle), .idle_timeout = 100};
  struct mg_limits few = {.size = sizeof(few), .connections = 1};
  struct mg_connection *l = mg_listen(&server, "tcp://127.0.0.1:0", note_fn, NULL);
  mg_conn_set_limits(l, &idle);
  mg_connect(&client, url("tcp", l), NULL, NULL);
  until(closed && client.conns == NULL);
  // The second client waits in the queue until the first one has gone.
  mg_conn_set_limits(l, &few);
  struct mg_connection *first = mg_connect(&client, url("tcp", l), NULL, NULL);
  until(accepted() != NULL);
  unsigned long id = accepted()->id;
  mg_connect(&client, url("tcp", l), NULL, NULL);
  check_silence();
  first->is_closing = 1;
  until(accepted() != NULL && accepted()->id != id);
  close_all();
}

// What the program writes into connections between polls.
static void fields(void) {
  struct mg_connection *l = mg_listen(&server, "tcp://127.0.0.1:0", echo_fn, NULL);
  struct mg_connection *c = mg_connect(&client, url("tcp", l), note_fn, NULL);
  until(done && accepted() != NULL);
  accepted()->is_full = 1;
  mg_send(c, "hello", 5);
  until(c->send.len == 0);
  check_silence();
  accepted()->is_full = 0;
  until(c->recv.len == 5);
  check_silence();
  accepted()->is_draining = 1;
  until(closed);
  done = closed = false;
  l->is_full = 1;
  c = mg_connect(&client, url("tcp", l), note_fn, NULL);
  until(done);
  check_silence();
  l->is_full = 0;
  until(accepted() != NULL);
  mg_iobuf_add(&accepted()->send, 0, "direct", 6);
  until(c->recv.len == 6);
  close_all();
}

static int authenticate(char *user, size_t userlen, const char *pass) {
  return user != NULL && userlen > 0 && pass != NULL;
}

static void dash_client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG) snprintf(answer, sizeof(answer), "%.*s", (int) hm->head.len, hm->head.buf);
  if (ev == MG_EV_WS_OPEN) done = true;
  if (ev == MG_EV_CLOSE && c->is_websocket) closed = true;
}

// The WebSocket of a session that ends is told so. It has its turn before the connection that ends the session.
static void dashboard(void) {
  static struct mg_dash dash = {.authenticate = authenticate};
  char text[80], cookie[200];
  struct mg_connection *l = mg_http_listen(&server, "http://127.0.0.1:0", mg_dash_ev_handler, &dash);
  struct mg_connection *c = mg_http_connect(&client, url("http", l), dash_client, NULL);
  mg_printf(c, "GET /api/login HTTP/1.1\r\nAuthorization: Basic dTpw\r\n\r\n");
  until(answer[0] != '\0');
  const char *token = strstr(answer, "access_token=");
  CHECK(token != NULL);
  snprintf(cookie, sizeof(cookie), "%.*s", (int) strcspn(token, ";"), token);
  snprintf(text, sizeof(text), "%s/api/websocket", url("ws", l));
  mg_ws_connect(&client, text, dash_client, NULL, "Cookie: %s\r\n", cookie);
  until(done);
  check_silence();
  mg_printf(c, "GET /api/logout HTTP/1.1\r\nCookie: %s\r\n\r\n", cookie);
  until(closed);
  close_all();
}

// A client that goes on sending after it was answered: the socket is closed gently, by somebody who looks after it.
static void gentle_close(void) {
  struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct mg_connection *l = mg_http_listen(&server, "http://127.0.0.1:0", http_fn, NULL);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sin.sin_port = l->loc.port;
  CHECK(connect(fd, (struct sockaddr *) &sin, sizeof(sin)) == 0);
  until(accepted() != NULL);
  CHECK(write(fd, "nonsense\r\n\r\n", 12) == 12);
  until(accepted() == NULL);
  while (poll(fds, 1, 0) > 0) turn();
  int ms = mg_mgr_timeout(&server);
  CHECK(ms >= 0 && ms <= 50);
  close(fd);
  until(mg_mgr_timeout(&server) == -1);
  close_all();
}

static void idle_connections(void) {
  struct mg_connection *l = mg_http_listen(&server, "http://127.0.0.1:0", http_fn, NULL);
  for (int i = 0; i < 100; i++) mg_http_connect(&client, url("http", l), NULL, NULL);
  until(accepted() != NULL);
  check_silence();
  int n = 0;
  for (struct mg_connection *c = server.conns; c != NULL; c = c->next) n += c->is_accepted;
  CHECK(n == 100);
  close_all();
}

// A listener without descriptors tries again: that there are some is no event.
static void descriptors_run_out(void) {
  struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct rlimit limit, none_left;
  struct mg_connection *l = mg_listen(&server, "tcp://127.0.0.1:0", NULL, NULL);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sin.sin_port = l->loc.port;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  none_left = limit, none_left.rlim_cur = (rlim_t) fd + 1;
  CHECK(setrlimit(RLIMIT_NOFILE, &none_left) == 0);
  CHECK(connect(fd, (struct sockaddr *) &sin, sizeof(sin)) == 0);
  until(mg_mgr_timeout(&server) > 0);
  CHECK(accepted() == NULL);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  until(accepted() != NULL);
  close(fd);
  close_all();
}

// More events than one iteration takes: a loop that waits for edges is told of the first only, and asks.
static void many_events(void) {
  enum { COUNT = 1500 };
  static int peers[COUNT];
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 2 * COUNT + 100) {
    printf("too few descriptors for many events\n");
    return;
  }
  for (int interval = 0; interval < 20000; interval += 10000) {
    struct mg_mgr mgr;
    size_t received = 0;
    mg_mgr_init(&mgr);
    mg_mgr_idle_interval(&mgr, (unsigned) interval);
    for (int i = 0; i < COUNT; i++) {
      int pair[2];
      CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
      CHECK(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
      CHECK(mg_wrapfd(&mgr, pair[0], sink_fn, &received) != NULL);
      peers[i] = pair[1];
    }
    for (int i = 0; i < 10 && mg_mgr_timeout(&mgr) == 0; i++) mg_mgr_poll(&mgr, 0);
    for (int i = 0; i < COUNT; i++) CHECK(write(peers[i], "x", 1) == 1);
    mg_mgr_poll(&mgr, 0);
    for (int i = 0; i < 10 && mg_mgr_timeout(&mgr) == 0; i++) mg_mgr_poll(&mgr, 0);
    CHECK(received == COUNT);
    mg_mgr_free(&mgr);
    for (int i = 0; i < COUNT; i++) close(peers[i]);
  }
}

int main(void) {
  struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(sin);
  mg_log_level = MG_LL_NONE;
  answers();
  many_events();
  for (int i = 0; i < MANAGERS; i++) mg_mgr_init(&managers[i]), fds[i].fd = mg_mgr_fd(&managers[i]);
  CHECK(mg_wakeup_init(&server));
  fds[MANAGERS].fd = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(bind(fds[MANAGERS].fd, (struct sockaddr *) &sin, sizeof(sin)) == 0);
  CHECK(getsockname(fds[MANAGERS].fd, (struct sockaddr *) &sin, &size) == 0);
  snprintf(name_server_url, sizeof(name_server_url), "udp://127.0.0.1:%d", ntohs(sin.sin_port));
  for (int i = 0; i <= MANAGERS; i++) fds[i].events = POLLIN;
  FILE *fp = fopen("file", "w");
  CHECK(fp != NULL);
  for (unsigned i = 0; i < FILE_SIZE; i++) fputc((int) ('a' + i % 26), fp);
  CHECK(fclose(fp) == 0);
  check_silence();
  requests();
  large_file("http");
  large_file("https");
  websocket();
  timers();
  threads();
  limits();
  fields();
  gentle_close();
  descriptors_run_out();
  dashboard();
  idle_connections();
  names();
  long_waits();
  for (int i = 0; i < MANAGERS; i++) mg_mgr_free(&managers[i]);
  close(fds[MANAGERS].fd);
  return 0;
}
