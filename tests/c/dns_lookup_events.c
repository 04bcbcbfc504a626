// Name lookups through a name server that this program plays: queries byte for byte, and what becomes of the
// connection for each kind of answer.

#include "mongoose.h"

static char trace[2048];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  size_t n = strlen(trace);
  if (ev == MG_EV_POLL) return;
  n += (size_t) snprintf(trace + n, sizeof(trace) - n, "%s%s", n > 0 ? " " : "", names[ev]);
  if (ev == MG_EV_ERROR) n += (size_t) snprintf(trace + n, sizeof(trace) - n, "(%s)", (char *) ev_data);
  if (ev == MG_EV_RESOLVE) mg_snprintf(trace + n, sizeof(trace) - n, "(%M)", mg_print_ip, &c->rem);
}

static int udp_socket(unsigned short *port) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  bind(fd, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(fd, (struct sockaddr *) &addr, &len);
  *port = ntohs(addr.sin_port);
  return fd;
}

// One name server, and the answer it gives: flags, answer count, and the bytes behind the question.
struct server {
  int fd;
  unsigned short port;
  uint8_t query[600];
  long len;
  int queries;
  struct sockaddr_in from;
};

static bool receive(struct server *s) {
  socklen_t len = sizeof(s->from);
  long n = recvfrom(s->fd, s->query, sizeof(s->query), MSG_DONTWAIT, (struct sockaddr *) &s->from, &len);
  if (n < 0) return false;
  s->len = n, s->queries++;
  return true;
}

static void answer(struct server *s, unsigned flags, int answers, const char *records, size_t len) {
  uint8_t buf[1500];
  memcpy(buf, s->query, (size_t) s->len);
  buf[2] = (uint8_t) (flags >> 8), buf[3] = (uint8_t) flags, buf[7] = (uint8_t) answers;
  memcpy(buf + s->len, records, len);
  sendto(s->fd, buf, (size_t) s->len + len, 0, (struct sockaddr *) &s->from, sizeof(s->from));
}

static void setup(struct mg_mgr *mgr, struct server *s, char *url) {
  mg_mgr_init(mgr);
  memset(s, 0, sizeof(*s));
  s->fd = udp_socket(&s->port);
  sprintf(url, "udp://127.0.0.1:%u", s->port);
  mgr->dns4.url = url;
  trace[0] = '\0';
}

static void cleanup(struct mg_mgr *mgr, struct server *s) {
  mg_mgr_free(mgr);
  close(s->fd);
}

static int count(struct mg_mgr *mgr) {
  int n = 0;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) n++;
  return n;
}

// Looks up a name, giving each query the same answer.
static void lookup(const char *what, const char *name, unsigned flags, int answers, const char *records, size_t len) {
  struct mg_mgr mgr;
  struct server s;
  char url[100];
  setup(&mgr, &s, url);
  mgr.dnstimeout = 300;
  snprintf(url + 50, 50, "udp://%s:7", name);
  struct mg_connection *c = mg_connect(&mgr, url + 50, fn, NULL);
  unsigned long id = c->id;
  for (int i = 0; i < 300 && strstr(trace, "CONNECT") == NULL && strstr(trace, "CLOSE") == NULL; i++) {
    mg_mgr_poll(&mgr, 2);
    while (receive(&s)) answer(&s, flags, answers, records, len);
  }
  printf("%s: %s\n", what, trace);
  printf("%s, id and connections: %lu %d\n", what, id, count(&mgr));
  cleanup(&mgr, &s);
}

#define LOOKUP(what, name, flags, answers, records) lookup(what, name, flags, answers, records, sizeof(records) - 1)
#define TTL0 "\0\0\0\0"
#define A(owner, a, b, c, d) owner "\0\1\0\1" TTL0 "\0\4" a b c d
#define A1 A("\xc0\x0c", "\x7f", "\0", "\0", "\1")
#define ALIAS(owner, target) owner "\0\5\0\1" TTL0 "\0\6\3" target "\xc0\x10"

static void query_bytes(const char *name) {
  struct mg_mgr mgr;
  struct server s;
  char url[100], target[400];
  setup(&mgr, &s, url);
  snprintf(target, sizeof(target), "tcp://%s:1", name);
  struct mg_connection *c = mg_connect(&mgr, target, fn, NULL);
  printf("resolving [%.20s]: %d fd %d client %d events %s\n", name, c->is_resolving, (int) (size_t) c->fd, c->is_client, trace);
  for (int i = 0; i < 100 && !receive(&s) && !c->is_closing; i++) mg_mgr_poll(&mgr, 1);
  printf("query for [%.20s]: ", name);
  for (long i = 2; i < s.len; i++) printf("%02x", s.query[i]);
  printf("\n");
  struct mg_connection *dns = mgr.dns4.c;
  if (dns != NULL) printf("resolver for [%.20s]: first %d id %lu udp %d client %d fn %d\n", name, mgr.conns == dns, dns->id, dns->is_udp, dns->is_client, dns->fn != NULL);
  cleanup(&mgr, &s);
  printf("freed while resolving [%.20s]: %s\n", name, trace);
}

// Both connections wait when the manager is freed; the resolver is older than the second.
static void free_while_resolving(void) {
  struct mg_mgr mgr;
  struct server s;
  char url[100];
  setup(&mgr, &s, url);
  mg_connect(&mgr, "tcp://one:1", fn, NULL);
  printf("before the second: %s\n", trace);
  mg_connect(&mgr, "tcp://two:1", fn, NULL);
  cleanup(&mgr, &s);
  printf("two freed while resolving: %s\n", trace);
}

static void timeouts(void) {
  struct mg_mgr mgr;
  struct server s;
  char url[100];
  setup(&mgr, &s, url);
  mgr.dnstimeout = 10;
  struct mg_connection *c = mg_connect(&mgr, "tcp://quiet:1", fn, NULL);
  for (int i = 0; i < 500 && strstr(trace, "CLOSE") == NULL; i++) mg_mgr_poll(&mgr, 1);
  printf("no answer: %s\n", trace);
  printf("the resolver stays: %d\n", mgr.dns4.c != NULL && count(&mgr) == 1);
  receive(&s);

  // The late answer does no harm, and the same resolver serves the next lookup.
  answer(&s, 0x8180, 1, A1, sizeof(A1) - 1);
  struct mg_connection *dns = mgr.dns4.c;
  trace[0] = '\0', mgr.dnstimeout = 3000;
  c = mg_connect(&mgr, "udp://later:7", fn, NULL);
  for (int i = 0; i < 200 && !receive(&s); i++) mg_mgr_poll(&mgr, 1);
  printf("late answer: %s\n", trace);
  answer(&s, 0x8180, 1, A1, sizeof(A1) - 1);
  for (int i = 0; i < 200 && strstr(trace, "CONNECT") == NULL; i++) mg_mgr_poll(&mgr, 5);
  printf("next lookup: %s\n", trace);
  printf("next id: %lu, same resolver %d\n", c->id, mgr.dns4.c == dns);
  cleanup(&mgr, &s);
}

static void cancelled(void) {
  struct mg_mgr mgr;
  struct server s;
  char url[100];
  setup(&mgr, &s, url);
  mgr.dnstimeout = 10;
  struct mg_connection *c = mg_connect(&mgr, "udp://foo:7", fn, NULL);
  for (int i = 0; i < 200 && !receive(&s); i++) mg_mgr_poll(&mgr, 1);
  mg_resolve_cancel(c);
  mg_resolve_cancel(c);
  answer(&s, 0x8180, 1, A1, sizeof(A1) - 1);
  for (int i = 0; i < 30; i++) mg_mgr_poll(&mgr, 1);
  printf("cancelled: %s, resolving %d\n", trace, c->is_resolving);
  c->is_closing = 1;
  mg_mgr_poll(&mgr, 0);
  printf("cancelled and closed: %s\n", trace);

  trace[0] = '\0';
  c = mg_connect(&mgr, "udp://foo:7", fn, NULL);
  c->is_closing = 1;
  mg_mgr_poll(&mgr, 1);
  printf("closed while resolving: %s\n", trace);
  for (int i = 0; i < 200 && !receive(&s); i++) mg_mgr_poll(&mgr, 1);
  answer(&s, 0x8180, 1, A1, sizeof(A1) - 1);
  for (int i = 0; i < 20; i++) mg_mgr_poll(&mgr, 1);
  printf("closed, then answered: %s\n", trace);

  trace[0] = '\0';
  c = mg_connect(&mgr, "tcp://foo:7", fn, NULL);
  c->is_draining = 1;
  mg_mgr_poll(&mgr, 1);
  printf("draining while resolving: %s\n", trace);

  // mg_resolve on a connection that has not got a host.
  trace[0] = '\0';
  c = mg_alloc_conn(&mgr);
  c->fd = (void *) (size_t) -1, c->is_udp = 1, c->fn = fn, c->next = mgr.conns, mgr.conns = c;
  mg_resolve(c, "udp://127.0.0.1:9");
  printf("mg_resolve of an address: %s port %u\n", trace, mg_ntohs(c->rem.port));
  cleanup(&mgr, &s);
}

static void resolver_urls(void) {
  static const char *urls[] = {"", "tcp://0.0.0.0:0", "udp://127.0.0.1:0", "udp://255.255.255.255:53"};
  for (size_t k = 0; k < sizeof(urls) / sizeof(urls[0]); k++) {
    struct mg_mgr mgr;
    mg_mgr_init(&mgr);
    mgr.dns4.url = urls[k], trace[0] = '\0';
    mg_connect(&mgr, "tcp://foo:1", fn, NULL);
    printf("in the call [%s]: %s\n", urls[k], trace);
    for (int i = 0; i < 100 && strstr(trace, "CLOSE") == NULL; i++) mg_mgr_poll(&mgr, 1);
    printf("afterwards [%s]: %s\n", urls[k], trace);
    for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 1);
    printf("resolver is gone [%s]: %d\n", urls[k], mgr.dns4.c == NULL && mgr.conns == NULL);
    mg_mgr_free(&mgr);
  }
  // Nobody listens on the port.
  struct mg_mgr mgr;
  struct server s;
  char url[100];
  setup(&mgr, &s, url);
  close(s.fd);
  mgr.dnstimeout = 50;
  mg_connect(&mgr, "tcp://foo:1", fn, NULL);
  for (int i = 0; i < 300 && strstr(trace, "CLOSE") == NULL; i++) mg_mgr_poll(&mgr, 1);
  printf("nobody there: %s\n", trace);
  mg_mgr_free(&mgr);
}

// The resolver's connection closes with two lookups under way.
static void resolver_closes(void) {
  struct mg_mgr mgr;
  struct server s;
  char url[100];
  setup(&mgr, &s, url);
  mg_connect(&mgr, "tcp://one:1", fn, NULL);
  mgr.dns4.c->is_closing = 1;
  for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
  printf("resolver closed: %s\n", trace);
  printf("resolver forgotten: %d\n", mgr.dns4.c == NULL && mgr.conns == NULL);
  trace[0] = '\0';
  mg_connect(&mgr, "tcp://one:1", fn, NULL);
  printf("opened again: %d\n", mgr.dns4.c != NULL);
  cleanup(&mgr, &s);
}

// Failure when the connection behind the answer fails.
static void refused(void) {
  struct mg_mgr mgr;
  struct server s;
  char url[100], target[100];
  unsigned short port;
  int fd = udp_socket(&port);
  setup(&mgr, &s, url);
  snprintf(target, sizeof(target), "tcp://foo:%u", port);
  mg_connect(&mgr, target, fn, NULL);
  for (int i = 0; i < 200 && strstr(trace, "CLOSE") == NULL; i++) {
    mg_mgr_poll(&mgr, 2);
    if (receive(&s)) answer(&s, 0x8180, 1, A1, sizeof(A1) - 1);
  }
  printf("refused: %s\n", trace);
  cleanup(&mgr, &s);
  close(fd);
}

// 20 connections for different names, answered in reverse order.
static void many(void) {
  struct mg_mgr mgr;
  struct server s;
  uint8_t queries[20][100];
  long lens[20];
  char url[100], target[100];
  int n = 0;
  setup(&mgr, &s, url);
  for (int i = 0; i < 20; i++) snprintf(target, sizeof(target), "udp://n%d:7", i), mg_connect(&mgr, target, fn, NULL);
  for (int i = 0; i < 200 && n < 20; i++) {
    mg_mgr_poll(&mgr, 1);
    while (n < 20 && receive(&s)) memcpy(queries[n], s.query, 100), lens[n++] = s.len;
  }
  bool distinct = true;
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++) distinct = distinct && memcmp(queries[i], queries[k], 2) != 0;
  printf("20 queries: %d, ids distinct %d\n", n, distinct);
  trace[0] = '\0';
  while (n-- > 0) memcpy(s.query, queries[n], 100), s.len = lens[n], answer(&s, 0x8180, 1, A1, sizeof(A1) - 1);
  for (int i = 0; i < 100; i++) mg_mgr_poll(&mgr, 1);
  int connected = 0;
  for (char *p = trace; (p = strstr(p, "CONNECT")) != NULL; p++) connected++;
  printf("20 answers: %d connected\n", connected);
  cleanup(&mgr, &s);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  query_bytes("foo.example"), query_bytes("x"), query_bytes("FOO.Example"), query_bytes("1.2.3");
  free_while_resolving();
  timeouts();
  cancelled();
  resolver_urls();
  resolver_closes();
  refused();
  many();
  LOOKUP("an address", "foo.example", 0x8180, 1, A1);
  LOOKUP("no such name", "foo.example", 0x8183, 0, "");
  LOOKUP("no data", "foo.example", 0x8180, 0, "");
  LOOKUP("server failure", "foo.example", 0x8182, 0, "");
  LOOKUP("alias and address", "foo.example", 0x8180, 2, ALIAS("\xc0\x0c", "bar") A("\3bar\xc0\x10", "\x7f", "\0", "\0", "\2"));
  LOOKUP("alias alone", "foo.example", 0x8180, 1, ALIAS("\xc0\x0c", "bar"));
  LOOKUP("class 3", "foo.example", 0x8180, 1, "\xc0\x0c\0\1\0\3" TTL0 "\0\4\1\2\3\4");
  LOOKUP("two addresses", "foo.example", 0x8180, 2, A("\xc0\x0c", "\x7f", "\0", "\0", "\2") A1);
  LOOKUP("more announced than there", "foo.example", 0x8180, 9, A1);
  LOOKUP("long name", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee", 0x8183, 0, "");
  return 0;
}
