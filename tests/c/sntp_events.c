// A time client and servers of all kinds: events, time, and what becomes of the clock.

#include "mongoose.h"

#define REAL 1700000000000ULL
#define FORGED 1600000000000ULL

static char s_trace[300];
static const char *s_time;
static int s_requests;

static void trace(const char *text) {
  size_t n = strlen(s_trace);
  snprintf(s_trace + n, sizeof(s_trace) - n, "%s%s", n > 0 ? " " : "", text);
}

static const char *kind(uint64_t ms) {
  return ms >= REAL && ms < REAL + 5000 ? "real" : ms >= FORGED && ms < FORGED + 5000 ? "forged" : "wrong";
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  if (ev == MG_EV_SNTP_TIME) trace("SNTP_TIME"), s_time = kind(*(uint64_t *) ev_data);
  if (ev <= MG_EV_CLOSE && ev != MG_EV_POLL) trace(names[ev]);
  if (ev == MG_EV_READ && !c->is_closing) trace("(still open)");
  if (ev == MG_EV_READ && c->recv.len != (size_t) *(long *) ev_data) trace("(consumed)");
}

static int udp_socket(struct sockaddr_in *addr) {
  socklen_t len = sizeof(*addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  *addr = (struct sockaddr_in) {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  bind(fd, (struct sockaddr *) addr, sizeof(*addr));
  getsockname(fd, (struct sockaddr *) addr, &len);
  return fd;
}

static void put(uint8_t *p, uint64_t ms) {
  uint64_t v = (ms / 1000 + 2208988800U) << 32;
  for (int i = 0; i < 8; i++) p[i] = (uint8_t) (v >> (56 - 8 * i));
}

enum { GOOD, SHORT, LONG, MODE5, V3, V2, CLIENT, KISS, UNSYNCHRONISED, ZERO_ORIGIN, ONES_ORIGIN, OTHER_ORIGIN, STRANGER, STRANGERS_JUNK, TWICE, SILENT, LATE };

static void answer(int what, int fd, int stranger, const uint8_t *request, struct sockaddr_in *to) {
  uint8_t p[60] = {0x24, 1};
  size_t len = 48;
  memcpy(p + 24, request + 40, 8);
  put(p + 32, REAL), put(p + 40, REAL);
  if (what == STRANGERS_JUNK) sendto(stranger, "junk", 4, 0, (struct sockaddr *) to, sizeof(*to));
  if (what == STRANGER) {
    put(p + 32, FORGED), put(p + 40, FORGED);
    sendto(stranger, p, 48, 0, (struct sockaddr *) to, sizeof(*to));
    put(p + 32, REAL), put(p + 40, REAL);
  }
  if (what == ZERO_ORIGIN || what == ONES_ORIGIN || what == OTHER_ORIGIN) {
    put(p + 32, FORGED), put(p + 40, FORGED);
    if (what == OTHER_ORIGIN) p[31] ^= 1; else memset(p + 24, what == ZERO_ORIGIN ? 0 : 255, 8);
    sendto(fd, p, 48, 0, (struct sockaddr *) to, sizeof(*to));
    memcpy(p + 24, request + 40, 8), put(p + 32, REAL), put(p + 40, REAL);
  }
  if (what == SHORT) sendto(fd, p, 47, 0, (struct sockaddr *) to, sizeof(*to));
  if (what == LONG) len = 60;
  if (what == MODE5) p[0] = 0x25;
  if (what == V3) p[0] = 0x1c;
  if (what == V2) p[0] = 0x14;
  if (what == CLIENT) p[0] = 0x23;
  if (what == KISS) p[1] = 0, memcpy(p + 12, "RATE", 4);
  if (what == UNSYNCHRONISED) p[0] = 0xe4, p[1] = 16;
  if (what == TWICE) sendto(fd, p, len, 0, (struct sockaddr *) to, sizeof(*to));
  if (what != SILENT && (what != LATE || s_requests == 2)) sendto(fd, p, len, 0, (struct sockaddr *) to, sizeof(*to));
}

static void run(const char *label, int what) {
  struct mg_mgr mgr;
  struct sockaddr_in server, other, from;
  socklen_t len = sizeof(from);
  int fd = udp_socket(&server), stranger = udp_socket(&other);
  uint8_t request[100];
  char url[64];
  s_trace[0] = '\0', s_time = "none", s_requests = 0;
  mg_boot_timestamp_ms = 0;
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", ntohs(server.sin_port));
  mg_sntp_connect(&mgr, url, client, NULL);
  for (int i = 0; i < 1000 && mgr.conns != NULL; i++) {
    ssize_t n = recvfrom(fd, request, sizeof(request), MSG_DONTWAIT, (struct sockaddr *) &from, &len);
    if (n == 48) s_requests++, answer(what, fd, stranger, request, &from);
    mg_mgr_poll(&mgr, 10);
  }
  printf("%s, events: %s\n", label, s_trace);
  printf("%s, time: %s\n", label, s_time);
  printf("%s, clock: %s\n", label, mg_boot_timestamp_ms == 0 ? "not set" : kind(mg_now()));
  mg_mgr_free(&mgr);
  close(fd), close(stranger);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  run("good reply", GOOD);
  run("60 bytes", LONG);
  run("mode 5", MODE5);
  run("version 3", V3);
  run("version 2", V2);
  run("mode of a client", CLIENT);
  run("kiss of death", KISS);
  run("server without time", UNSYNCHRONISED);
  run("same reply twice", TWICE);
  run("47 bytes first", SHORT);
  run("zero origin first", ZERO_ORIGIN);
  run("origin of ones first", ONES_ORIGIN);
  run("one bit of the origin wrong first", OTHER_ORIGIN);
  run("a stranger first", STRANGER);
  run("a stranger's junk first", STRANGERS_JUNK);
  run("first request lost", LATE);
  run("silence", SILENT);
  return 0;
}
