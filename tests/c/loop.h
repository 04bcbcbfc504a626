// One manager, a trace, and plain-socket clients, for tests that are whole small programs.
//
// A test prints what its clients got, and what it noted on the way with add(). Everything is bounded: a program that gets no
// answer prints what there is.

#include "mongoose.h"

static struct mg_mgr mgr;
static char trace[16384];

static inline void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static inline void start(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  mg_mgr_init(&mgr);
}

static inline void add(const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(trace);
  va_start(ap, fmt);
  vsnprintf(trace + n, sizeof(trace) - n, fmt, ap);
  va_end(ap);
}

// Prints `label: value` on one line, with visible line ends.
static inline void show(const char *label, const char *value) {
  printf("%s: ", label);
  for (; *value != '\0'; value++) {
    unsigned char ch = (unsigned char) *value;
    if (ch == '\r') continue;
    if (ch == '\n') printf("~");
    else printf(ch >= ' ' && ch < 0x7f ? "%c" : "\\x%02x", ch);
  }
  printf("\n");
}

static inline void show_trace(const char *label) {
  show(label, trace);
  trace[0] = '\0';
}

static inline void turns(int count) {
  while (count-- > 0) mg_mgr_poll(&mgr, 0);
}

#define poll_until(condition) \
  for (int turn_ = 0; turn_ < 2000 && !(condition); turn_++) mg_mgr_poll(&mgr, 5)

static inline int port_of(struct mg_connection *listener) {
  return listener == NULL ? 0 : mg_ntohs(listener->loc.port);
}

// The URL of a listener; good until the fourth call from here.
static inline const char *url_of(const char *scheme, struct mg_connection *listener, const char *uri) {
  static char urls[4][120];
  static int next;
  char *url = urls[next++ % 4];
  snprintf(url, sizeof(urls[0]), "%s://127.0.0.1:%d%s", scheme, port_of(listener), uri);
  return url;
}

static inline int number_of_connections(struct mg_mgr *m) {
  int n = 0;
  for (struct mg_connection *c = m->conns; c != NULL; c = c->next) n++;
  return n;
}

// Clients.

static inline int dial_port(int port) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t) port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) close(fd), fd = -1;
  return fd;
}

static inline int dial(struct mg_connection *listener) {
  return dial_port(port_of(listener));
}

static inline void say(int fd, const char *text) {
  if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) add(" (not sent)");
}

struct answer {
  char text[200000];
  size_t len;
  bool closed;
};

// Runs the loop until `fd` has got `want` bytes more or its end.
static inline void receive(int fd, struct answer *a, size_t want) {
  want += a->len;
  for (int turn = 0; turn < 2000 && a->len < want && !a->closed; turn++) {
    ssize_t n = recv(fd, a->text + a->len, (want < sizeof(a->text) ? want : sizeof(a->text) - 1) - a->len, MSG_DONTWAIT);
    if (n > 0) a->len += (size_t) n;
    else if (n == 0 || errno == ECONNRESET) a->closed = true;
    else mg_mgr_poll(&mgr, 1);
  }
  a->text[a->len] = '\0';
}

// Runs the loop until one whole response has come, and returns it. Responses of both kinds of framing are understood; one
// without either ends with the connection, or with its head if it is 101 or 204.
static inline const char *response(int fd) {
  static struct answer a;
  char *field;
  a.len = 0, a.closed = false, a.text[0] = '\0';
  while (strstr(a.text, "\r\n\r\n") == NULL) {
    size_t before = a.len;
    receive(fd, &a, 1);
    if (a.len == before) return a.text;
  }
  if (strncmp(a.text + 8, " 101", 4) == 0 || strncmp(a.text + 8, " 204", 4) == 0) return a.text;
  if ((field = strstr(a.text, "\r\nContent-Length:")) != NULL) {
    receive(fd, &a, strtoul(field + 17, NULL, 10));
  } else if (strstr(a.text, "\r\nTransfer-Encoding: chunked") != NULL) {
    while (a.len < 5 || memcmp(a.text + a.len - 5, "0\r\n\r\n", 5) != 0) {
      size_t before = a.len;
      receive(fd, &a, 1);
      if (a.len == before) break;
    }
  } else {
    receive(fd, &a, sizeof(a.text) - 1 - a.len);
  }
  return a.text;
}

// One request on a connection of its own.
static inline void ask(struct mg_connection *listener, const char *label, const char *request) {
  int fd = dial(listener);
  say(fd, request);
  show(label, response(fd));
  close(fd);
  turns(3);
}
