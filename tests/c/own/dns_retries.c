// What happens when the first try does not work: a lost query is sent again, a name without IPv4 address is asked for an
// IPv6 address, and a host with several addresses is tried at all of them. The reference does none of this.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s [%s]\n", __FILE__, __LINE__, #expr, trace); exit(1); } } while (0)

static char trace[512];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev == MG_EV_RESOLVE) mg_snprintf(trace + n, sizeof(trace) - n, "RESOLVE(%M) ", mg_print_ip, &c->rem);
  if (ev == MG_EV_CONNECT) mg_snprintf(trace + n, sizeof(trace) - n, "CONNECT(%M) ", mg_print_ip, &c->rem);
  if (ev == MG_EV_ERROR) snprintf(trace + n, sizeof(trace) - n, "ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_CLOSE) snprintf(trace + n, sizeof(trace) - n, "CLOSE ");
}

static struct mg_mgr mgr;
static int server;
static struct sockaddr_in client;
static uint8_t query[512];
static long query_len;

static bool next_query(void) {
  for (int i = 0; i < 3000; i++) {
    socklen_t len = sizeof(client);
    query_len = recvfrom(server, query, sizeof(query), MSG_DONTWAIT, (struct sockaddr *) &client, &len);
    if (query_len > 0) return true;
    mg_mgr_poll(&mgr, 1);
  }
  return false;
}

static void reply(int rcode, int answers, const char *records, size_t len) {
  uint8_t buf[1000];
  memcpy(buf, query, (size_t) query_len);
  memcpy(buf + query_len, records, len);
  buf[2] = 0x81, buf[3] = (uint8_t) (0x80 | rcode), buf[7] = (uint8_t) answers;
  sendto(server, buf, (size_t) query_len + len, 0, (struct sockaddr *) &client, sizeof(client));
}

static int query_type(void) {
  return query[query_len - 3];
}

static void wait_for(const char *text) {
  for (int i = 0; i < 2000 && strstr(trace, text) == NULL; i++) mg_mgr_poll(&mgr, 1);
}

#define RECORD "\xc0\x0c\0\1\0\1\0\0\0\0\0\4"
#define RECORD6 "\xc0\x0c\0\x1c\0\1\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"

int main(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  char url[64], target[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  server = socket(AF_INET, SOCK_DGRAM, 0);
  bind(server, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(server, (struct sockaddr *) &addr, &len);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", ntohs(addr.sin_port));
  mgr.dns4.url = url, mgr.dnstimeout = 30000;

  // The first query is lost. The second is the same, and either may be answered.
  uint8_t first[512];
  mgr.dnstimeout = 3000;
  mg_connect(&mgr, "udp://lost.example:7", fn, NULL);
  CHECK(next_query());
  memcpy(first, query, sizeof(first));
  CHECK(next_query());
  CHECK(memcmp(first, query, (size_t) query_len) == 0);
  reply(0, 1, RECORD "\x7f\0\0\1", 16);
  wait_for("CONNECT");
  CHECK(strcmp(trace, "RESOLVE(127.0.0.1) CONNECT(127.0.0.1) ") == 0);

  // No IPv4 address, but an IPv6 address.
  mgr.dnstimeout = 30000, trace[0] = '\0';
  mg_connect(&mgr, "udp://six.example:7", fn, NULL);
  CHECK(next_query());
  CHECK(query_type() == MG_DNS_RTYPE_A);
  memcpy(first, query, 2);
  reply(0, 0, "", 0);
  CHECK(next_query());
  CHECK(query_type() == MG_DNS_RTYPE_AAAA);
  reply(0, 1, RECORD6, 28);
  wait_for("RESOLVE");
  CHECK(strncmp(trace, "RESOLVE([0:0:0:0:0:0:0:1]) ", 26) == 0);

  // Neither.
  trace[0] = '\0';
  mg_connect(&mgr, "udp://none.example:7", fn, NULL);
  CHECK(next_query());
  reply(0, 0, "", 0);
  CHECK(next_query());
  reply(0, 0, "", 0);
  wait_for("CLOSE");
  CHECK(strcmp(trace, "ERROR(none.example DNS lookup failed) CLOSE ") == 0);

  // A name that does not exist is not asked for again.
  trace[0] = '\0';
  mg_connect(&mgr, "udp://nx.example:7", fn, NULL);
  CHECK(next_query());
  reply(3, 0, "", 0);
  wait_for("CLOSE");
  CHECK(recv(server, query, sizeof(query), MSG_DONTWAIT) < 0);

  // use_dns6 asks the other server for an IPv6 address, and for nothing else.
  trace[0] = '\0', mgr.use_dns6 = true, mgr.dns6.url = url;
  mg_connect(&mgr, "udp://seven.example:7", fn, NULL);
  CHECK(next_query());
  CHECK(query_type() == MG_DNS_RTYPE_AAAA);
  CHECK(mgr.dns6.c != NULL);
  reply(0, 0, "", 0);
  wait_for("CLOSE");
  CHECK(strcmp(trace, "ERROR(seven.example DNS lookup failed) CLOSE ") == 0);
  mgr.use_dns6 = false;

  // Nobody listens at the first two addresses. One RESOLVE, and the connection is made to the third.
  trace[0] = '\0';
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  snprintf(target, sizeof(target), "tcp://many.example:%u", mg_ntohs(listener->loc.port));
  mg_connect(&mgr, target, fn, NULL);
  CHECK(next_query());
  reply(0, 3, RECORD "\x7f\0\0\2" RECORD "\xff\xff\xff\xff" RECORD "\x7f\0\0\1", 48);
  wait_for("CONNECT");
  CHECK(strcmp(trace, "RESOLVE(127.0.0.2) CONNECT(127.0.0.1) ") == 0);

  // None of them works: one error.
  trace[0] = '\0';
  snprintf(target, sizeof(target), "tcp://dead.example:%u", mg_ntohs(listener->loc.port));
  mg_connect(&mgr, target, fn, NULL);
  CHECK(next_query());
  reply(0, 2, RECORD "\x7f\0\0\2" RECORD "\x7f\0\0\3", 32);
  wait_for("CLOSE");
  CHECK(strcmp(trace, "RESOLVE(127.0.0.2) ERROR(socket error) CLOSE ") == 0);
  mg_mgr_free(&mgr);
  close(server);
  return 0;
}
