// A truncated answer is fetched over TCP (RFC 7766), and a name server can have a tcp URL. The reference takes what is in
// the truncated answer, and sends no lengths over TCP.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s [%s]\n", __FILE__, __LINE__, #expr, trace); exit(1); } } while (0)

enum mode { ANSWER, LARGE, IN_PIECES, WRONG_ID, TRUNCATED_TOO, CLOSE, ENDLESS };

static enum mode mode;
static char trace[256];
static int datagrams, streams;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev == MG_EV_RESOLVE) mg_snprintf(trace + n, sizeof(trace) - n, "RESOLVE(%M) ", mg_print_ip, &c->rem), c->is_closing = 1;
  if (ev == MG_EV_ERROR) snprintf(trace + n, sizeof(trace) - n, "ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CLOSE) snprintf(trace + n, sizeof(trace) - n, "CLOSE ");
}

// The server that is asked by datagram: the answer does not fit.
static void udp_server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    uint8_t *q = c->recv.buf;
    datagrams++, q[2] = 0x83, q[3] = 0x80;
    mg_send(c, q, c->recv.len);
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void word(uint8_t *p, size_t n) {
  p[0] = (uint8_t) (n >> 8), p[1] = (uint8_t) n;
}

static void tcp_server(struct mg_connection *c, int ev, void *ev_data) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1};
  static uint8_t buf[65537];
  if (ev == MG_EV_POLL && c->data[0] == 'e' && c->send.len < 100000) memset(buf, 0, 60000), mg_send(c, buf, 60000);
  if (ev != MG_EV_READ || c->recv.len < 2) return;
  size_t len = (size_t) c->recv.buf[0] << 8 | c->recv.buf[1], n = 2 + len, answers = mode == LARGE ? 4000 : 1;
  if (c->recv.len < n) return;
  streams++;
  if (mode == CLOSE) c->is_closing = 1;
  if (mode == ENDLESS) c->data[0] = 'e';
  memcpy(buf, c->recv.buf, n);
  mg_iobuf_del(&c->recv, 0, n);
  buf[4] = mode == TRUNCATED_TOO ? 0x83 : 0x81, buf[5] = 0x80;
  if (mode == WRONG_ID) buf[2] ^= 1;
  word(buf + 8, answers);
  while (answers-- > 0) memcpy(buf + n, record, sizeof(record)), n += sizeof(record);
  word(buf, n - 2);
  if (mode == IN_PIECES) {
    for (size_t i = 0; i < n; i++) mg_io_send(c, buf + i, 1);
  } else if (mode != CLOSE && mode != ENDLESS) {
    mg_send(c, buf, n);
  }
  (void) ev_data;
}

static struct mg_mgr mgr;

static void lookup(enum mode m) {
  static int number;
  char url[64];
  snprintf(url, sizeof(url), "udp://n%d.example:7", number++);
  mode = m, trace[0] = '\0', datagrams = streams = 0;
  mg_connect(&mgr, url, fn, NULL);
  // A server that never stops sending keeps polls short: it is time that counts.
  uint64_t end = mg_millis() + 20000;
  while (mg_millis() < end && strstr(trace, "CLOSE") == NULL) mg_mgr_poll(&mgr, 2);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
}

static int connections(void) {
  int n = 0;
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) n += !c->is_listening;
  return n;
}

int main(void) {
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *tcp = mg_listen(&mgr, "tcp://127.0.0.1:0", tcp_server, NULL);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", mg_ntohs(tcp->loc.port));
  CHECK(mg_listen(&mgr, url, udp_server, NULL) != NULL);
  mgr.dns4.url = url, mgr.dnstimeout = 10000;
  static const enum mode good[] = {ANSWER, LARGE, IN_PIECES};
  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    lookup(good[i]);
    CHECK(strcmp(trace, "RESOLVE(127.0.0.1) CLOSE ") == 0);
    CHECK(datagrams == 1 && streams == 1);
    CHECK(connections() == 1);  // the resolver
  }
  static const enum mode bad[] = {WRONG_ID, TRUNCATED_TOO, CLOSE, ENDLESS};
  mgr.dnstimeout = 600;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    lookup(bad[i]);
    CHECK(strcmp(trace, "ERROR(DNS timeout) CLOSE ") == 0);
    CHECK(connections() == 1);
  }

  // Nobody accepts TCP.
  mgr.dnstimeout = 600, tcp->is_closing = 1;
  lookup(ANSWER);
  CHECK(strcmp(trace, "ERROR(DNS timeout) CLOSE ") == 0);

  // A server with a tcp URL. Its connection is kept.
  tcp = mg_listen(&mgr, "tcp://127.0.0.1:0", tcp_server, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(tcp->loc.port));
  mgr.dnstimeout = 10000;
  for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    lookup(good[i]);
    CHECK(strcmp(trace, "RESOLVE(127.0.0.1) CLOSE ") == 0);
    CHECK(datagrams == 0 && streams == 1);
    CHECK(connections() == 2 && mgr.dns4.c != NULL && !mgr.dns4.c->is_udp);
  }
  lookup(CLOSE);
  CHECK(strcmp(trace, "ERROR(DNS error) CLOSE ") == 0);
  CHECK(mgr.dns4.c == NULL);
  mg_mgr_free(&mgr);
  return 0;
}
