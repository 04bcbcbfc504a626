// What a peer sent before it reset the connection arrives over TLS and Unix domain sockets too, in any amount, and with handlers
// that do what they like. The reference loses it.

#include <sys/ioctl.h>
#include <sys/un.h>

#include "../tls_pair.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr s_mgr;
static struct mg_connection *s_conn;
static char s_trace[256];
static size_t s_received;
static bool s_closed;

enum what { CONSUME, KEEP, CLOSE, CLOSE_NOW, STOP_READING, POLL, DRAIN, REPLY } s_what;

static void note(const char *word, const char *text) {
  size_t n = strlen(s_trace);
  snprintf(s_trace + n, sizeof(s_trace) - n, "%s%s%s", n > 0 ? " " : "", word, text);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ACCEPT) {
    s_conn = c;
    if (c->fn_data != NULL) mg_tls_init(c, (struct mg_tls_opts *) c->fn_data);
    else mg_send(c, "unread", 6);
  }
  if (ev == MG_EV_TLS_HS) mg_send(c, "unread", 6);
  if (ev == MG_EV_ERROR) note("ERROR ", (char *) ev_data);
  if (ev == MG_EV_CLOSE) note("CLOSE", ""), s_closed = true;
  if (ev == MG_EV_READ) {
    s_received += (size_t) *(long *) ev_data;
    if (strcmp(s_trace, "READ") != 0) note("READ", "");
    if (s_what != KEEP) c->recv.len = 0;
    if (s_what == CLOSE) c->is_closing = 1;
    if (s_what == CLOSE_NOW) mg_close_conn(c);
    if (s_what == STOP_READING) c->is_full = 1;
    if (s_what == POLL) mg_mgr_poll(&s_mgr, 0);
    if (s_what == DRAIN) c->is_draining = 1;
    if (s_what == REPLY) mg_send(c, "to nobody", 9);
  }
}

static void begin(void) {
  s_conn = NULL, s_trace[0] = '\0', s_received = 0, s_closed = false;
}

static void poll_until_closed(void) {
  for (int i = 0; i < 500 && !s_closed; i++) mg_mgr_poll(&s_mgr, 10);
  CHECK(s_closed);
}

// Sends `len` bytes and leaves without reading what stands in the socket, after `before()`.
static void leave(int fd, size_t len, void (*before)(void)) {
  int waiting = 0;
  char *words = calloc(1, len);
  begin();
  for (int i = 0; i < 500 && waiting == 0; i++) mg_mgr_poll(&s_mgr, 10), ioctl(fd, FIONREAD, &waiting);
  CHECK(waiting == 6 && s_conn != NULL);
  if (before != NULL) before();
  CHECK(send(fd, words, len, MSG_NOSIGNAL) == (ssize_t) len);
  close(fd);
  free(words);
  poll_until_closed();
}

static int dial(struct mg_connection *listener) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

static void stop_reading(void) {
  s_conn->is_full = 1;
}

static void over_tcp(void) {
  static const struct { enum what what; const char *trace; } rows[] = {
    {CONSUME, "READ ERROR socket error CLOSE"},
    {KEEP, "READ ERROR socket error CLOSE"},
    {CLOSE, "READ CLOSE"},
    {CLOSE_NOW, "READ CLOSE"},
    {STOP_READING, "READ ERROR socket error CLOSE"},
    {POLL, "READ ERROR socket error CLOSE"},
    {DRAIN, "READ ERROR socket error CLOSE"},
    {REPLY, "READ ERROR socket error CLOSE"},
  };
  struct mg_connection *listener = mg_listen(&s_mgr, "tcp://127.0.0.1:0", server, NULL);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    s_what = rows[i].what;
    leave(dial(listener), 10, NULL);
    if (strcmp(s_trace, rows[i].trace) != 0 || s_received != 10) printf("row %d: %s, %d bytes\n", (int) i, s_trace, (int) s_received), exit(1);
  }

  // More than is read at once.
  s_what = CONSUME, leave(dial(listener), 50000, NULL);
  CHECK(s_received == 50000);
  s_what = KEEP, leave(dial(listener), 50000, NULL);
  CHECK(s_received == 50000);

  // A program that takes no input hears of the end at once.
  s_what = CONSUME, leave(dial(listener), 10, stop_reading);
  CHECK(s_received == 0 && strcmp(s_trace, "ERROR socket error CLOSE") == 0);

  struct mg_limits limits = {.size = sizeof(limits), .recv_size = 20000};
  CHECK(mg_mgr_set_limits(&s_mgr, &limits));
  s_what = KEEP, leave(dial(listener), 50000, NULL);
  CHECK(s_received == 20000 && strstr(s_trace, "READ ERROR MG_MAX_RECV_SIZE CLOSE") != NULL);
  CHECK(mg_mgr_set_limits(&s_mgr, NULL));
}

static void over_a_unix_socket(void) {
  char dir[] = "/tmp/mg-words-XXXXXX", url[120];
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  CHECK(mkdtemp(dir) != NULL);
  snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
  snprintf(url, sizeof(url), "unix:%s", addr.sun_path);
  struct mg_connection *listener = mg_listen(&s_mgr, url, server, NULL);
  CHECK(listener != NULL);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  s_what = CONSUME, leave(fd, 10, NULL);
  CHECK(s_received == 10 && strcmp(s_trace, "READ ERROR socket error CLOSE") == 0);
  mg_close_conn(listener);
  rmdir(dir);
}

static bool s_client_ready;

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_tls_init(c, (struct mg_tls_opts *) c->fn_data);
  if (ev == MG_EV_TLS_HS) s_client_ready = true, c->is_full = 1;
  (void) ev_data;
}

static void over_tls(void) {
  struct mg_tls_opts server_opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)}, client_opts = {.ca = mg_str(CA_CERT), .name = mg_str("localhost")};
  struct mg_mgr peer;
  char url[64];
  struct mg_connection *listener = mg_listen(&s_mgr, "tls://127.0.0.1:0", server, &server_opts);
  snprintf(url, sizeof(url), "tls://127.0.0.1:%d", mg_ntohs(listener->loc.port));
  mg_mgr_init(&peer);
  struct mg_connection *c = mg_connect(&peer, url, client, &client_opts);
  for (int i = 0; i < 500 && !s_client_ready; i++) mg_mgr_poll(&s_mgr, 1), mg_mgr_poll(&peer, 1);
  int fd = (int) (size_t) c->fd, waiting = 0;
  for (int i = 0; i < 500 && waiting == 0; i++) mg_mgr_poll(&s_mgr, 10), ioctl(fd, FIONREAD, &waiting);
  CHECK(s_client_ready && waiting > 0 && s_conn != NULL);
  s_trace[0] = '\0', s_received = 0, s_closed = false;
  char *words = calloc(1, 50000);
  s_what = CONSUME;
  mg_send(c, words, 50000);
  free(words);
  for (int i = 0; i < 500 && c->send.len > 0; i++) mg_mgr_poll(&peer, 10);
  CHECK(c->send.len == 0 && dup2(STDIN_FILENO, fd) == fd);  // the library would read before it closes
  poll_until_closed();
  CHECK(s_received == 50000 && strcmp(s_trace, "READ ERROR socket error CLOSE") == 0);
  mg_mgr_free(&peer);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  over_tcp();
  over_a_unix_socket();
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();
  over_tls();
  mg_mgr_free(&s_mgr);
  return 0;
}
