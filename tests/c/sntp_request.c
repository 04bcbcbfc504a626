// The bytes of a time request, and where mg_sntp_request() puts them.

#include "mongoose.h"

static uint64_t milliseconds(const uint8_t *p) {
  uint32_t seconds = (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
  uint32_t fraction = (uint32_t) p[4] << 24 | (uint32_t) p[5] << 16 | (uint32_t) p[6] << 8 | p[7];
  return (uint64_t) (seconds - 2208988800U) * 1000 + (uint64_t) ((double) fraction / 4294967295.0 * 1000);
}

static void show(const char *where, const uint8_t *p, size_t len, uint64_t before) {
  uint64_t stamp = len < 48 ? 0 : milliseconds(p + 40);
  int zero = 0;
  for (size_t i = 1; i < 40 && i < len; i++) zero += p[i] == 0;
  printf("%s, length: %lu\n", where, (unsigned long) len);
  printf("%s, first byte: %d\n", where, len > 0 ? p[0] : -1);
  printf("%s, zero bytes behind it: %d\n", where, zero);
  // Some fractions lose a millisecond on their way through the timestamp.
  printf("%s, transmit time is mg_millis(): %d\n", where, before <= stamp + 1 && stamp <= mg_millis());
}

static int s_writes;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_WRITE && *(long *) ev_data == 48) s_writes++;
  (void) c;
}

int main(void) {
  struct mg_mgr mgr;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0), listener = socket(AF_INET, SOCK_STREAM, 0);
  uint8_t buf[100];
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);

  bind(fd, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(fd, (struct sockaddr *) &addr, &len);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", ntohs(addr.sin_port));
  struct mg_connection *c = mg_connect(&mgr, url, handler, NULL);
  uint64_t before = mg_millis();
  mg_sntp_request(c);
  ssize_t n = recv(fd, buf, sizeof(buf), 0);
  show("UDP", buf, n > 0 ? (size_t) n : 0, before);
  printf("UDP, events of 48 written bytes: %d\n", s_writes);

  before = mg_millis();
  c = mg_sntp_connect(&mgr, url, handler, NULL);
  n = recv(fd, buf, sizeof(buf), 0);
  show("mg_sntp_connect", buf, n > 0 ? (size_t) n : 0, before);
  printf("mg_sntp_connect, handler is set: %d\n", c->fn == handler && c->pfn != NULL && c->is_client && c->is_udp);
  uint64_t deadline;
  memcpy(&deadline, c->data, sizeof(deadline));
  printf("mg_sntp_connect, deadline: %d\n", deadline >= before + 3000 && deadline <= mg_millis() + 3000);

  addr.sin_port = 0;
  bind(listener, (struct sockaddr *) &addr, sizeof(addr));
  listen(listener, 1);
  getsockname(listener, (struct sockaddr *) &addr, &len);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", ntohs(addr.sin_port));
  c = mg_connect(&mgr, url, handler, NULL);
  before = mg_millis();
  mg_sntp_request(c);
  show("TCP", c->send.buf, c->send.len, before);
  c->send.len = 0;
  c->is_resolving = 1;
  mg_sntp_request(c);
  printf("while resolving: %lu\n", (unsigned long) c->send.len);
  c->is_resolving = 0;

  c = mg_sntp_connect(&mgr, "udp://127.0.0.1", handler, NULL);
  printf("no port: %s\n", c == NULL ? "NULL" : c->is_closing ? "closing" : "open");
  printf("no URL: %d\n", mg_sntp_connect(&mgr, "", handler, NULL) != NULL);
  mg_mgr_free(&mgr);
  close(fd), close(listener);
  return 0;
}
