// One question for everybody who asks it at the same time, and none while the answer is good.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static int resolved, closed;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_RESOLVE) resolved++, c->is_closing = 1;
  if (ev == MG_EV_CLOSE) closed++;
  (void) ev_data;
}

static struct mg_mgr mgr;
static int servers[2], queries[2];

// Answers what has come in with an address that is good for so many seconds.
static void serve(uint8_t seconds) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1};
  for (int i = 0; i < 2; i++) {
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    uint8_t buf[600];
    long n = recvfrom(servers[i], buf, sizeof(buf) - sizeof(record), MSG_DONTWAIT, (struct sockaddr *) &from, &len);
    if (n < 0) continue;
    queries[i]++;
    memcpy(buf + n, record, sizeof(record));
    buf[2] = 0x81, buf[3] = 0x80, buf[7] = 1, buf[n + 9] = seconds;
    sendto(servers[i], buf, (size_t) n + sizeof(record), 0, (struct sockaddr *) &from, sizeof(from));
  }
}

static void lookup(const char *url, int times, uint8_t seconds) {
  resolved = closed = 0;
  for (int i = 0; i < times; i++) mg_connect(&mgr, url, fn, NULL);
  for (int i = 0; i < 1000 && closed < times; i++) serve(seconds), mg_mgr_poll(&mgr, 2);
  CHECK(resolved == times && closed == times);
}

int main(void) {
  char urls[2][64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  for (int i = 0; i < 2; i++) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    servers[i] = socket(AF_INET, SOCK_DGRAM, 0);
    bind(servers[i], (struct sockaddr *) &addr, sizeof(addr));
    getsockname(servers[i], (struct sockaddr *) &addr, &len);
    snprintf(urls[i], sizeof(urls[i]), "udp://127.0.0.1:%u", ntohs(addr.sin_port));
  }
  mgr.dns4.url = urls[0], mgr.dnstimeout = 30000;

  lookup("udp://together.example:7", 100, 0);
  CHECK(queries[0] == 1);
  lookup("udp://together.example:7", 1, 0);  // 0 seconds are not kept
  CHECK(queries[0] == 2);

  lookup("udp://kept.example:7", 1, 100);
  CHECK(queries[0] == 3);
  lookup("udp://kept.example:7", 10, 100);
  lookup("udp://KEPT.example.:8", 1, 100);
  CHECK(queries[0] == 3);

  lookup("udp://short.example:7", 1, 1);
  lookup("udp://short.example:7", 1, 1);
  CHECK(queries[0] == 4);
  for (int i = 0; i < 400 && queries[0] == 4; i++) lookup("udp://short.example:7", 1, 1), mg_mgr_poll(&mgr, 10);
  CHECK(queries[0] == 5);

  // Another server has other answers. The resolver is changed at once.
  struct mg_connection *resolver = mgr.dns4.c;
  mgr.dns4.url = urls[1];
  lookup("udp://kept.example:7", 1, 100);
  CHECK(queries[0] == 5 && queries[1] == 1);
  CHECK(mgr.dns4.c == resolver && mgr.conns == resolver && resolver->next == NULL);

  // More names than are kept.
  char url[64];
  for (int i = 0; i < 300; i++) snprintf(url, sizeof(url), "udp://n%d.example:7", i), lookup(url, 1, 100);
  CHECK(queries[1] == 301);
  lookup(url, 1, 100);
  CHECK(queries[1] == 301);
  mg_mgr_free(&mgr);
  close(servers[0]), close(servers[1]);
  return 0;
}
