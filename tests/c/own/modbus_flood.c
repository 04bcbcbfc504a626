// A client that sends request after request and reads no answers is not served until it does, and misses nothing. The
// reference queues answers without bound. The cost of a request does not depend on how many wait behind it.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static int s_requests;
static size_t s_queued;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_modbus_req *r = (struct mg_modbus_req *) ev_data;
  if (c->send.len > s_queued) s_queued = c->send.len;
  if (ev == MG_EV_MODBUS_REQ) r->u.regs[0] = (uint16_t) s_requests++;
}

static size_t fill(uint8_t *p, int from, int count, int quantity) {
  for (int i = 0; i < count; i++, p += 12) memcpy(p, (uint8_t[]) {(uint8_t) ((from + i) >> 8), (uint8_t) (from + i), 0, 0, 0, 6, 1, 3, 0, 1, 0, (uint8_t) quantity}, 12);
  return (size_t) count * 12;
}

static int open_client(struct mg_mgr *mgr) {
  mg_mgr_init(mgr);
  struct mg_connection *l = mg_modbus_listen(mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), size = 30000;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  s_requests = 0, s_queued = 0;
  return fd;
}

// With `leaves`, the client ends its side before it reads; what it sent completely is still answered.
static void does_not_read(bool leaves) {
  static uint8_t data[12 * 1000], answers[1 << 20];
  struct mg_mgr mgr;
  int fd = open_client(&mgr), total = 0, idle = 0;
  size_t len = 0, sent = 0, got = 0;
  // Until nothing moves any more, the request in progress included.
  while (idle < 50) {
    int before = s_requests;
    if (sent == len) len = fill(data, total, 1000, 125), total += 1000, sent = 0;
    ssize_t n = send(fd, data + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) sent += (size_t) n;
    mg_mgr_poll(&mgr, 0);
    idle = n > 0 || s_requests != before ? 0 : idle + 1;
    CHECK(total < 1000000);
  }
  CHECK(s_requests < total && s_queued < 100000);
  if (leaves) total -= (int) (len - sent + 11) / 12, len = sent, shutdown(fd, SHUT_WR);
  // The client reads: everything is answered, in order.
  for (int i = 0; i < total;) {
    ssize_t n = sent < len ? send(fd, data + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
    if (n > 0) sent += (size_t) n;
    mg_mgr_poll(&mgr, 1);
    while (got < sizeof(answers) && (n = recv(fd, answers + got, sizeof(answers) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
    CHECK(n != 0 || i + (int) (got / 259) == total);
    size_t used = 0;
    for (; got - used >= 259; used += 259, i++) {
      CHECK(answers[used] == (uint8_t) (i >> 8) && answers[used + 1] == (uint8_t) i);
      CHECK(answers[used + 9] == (uint8_t) (i >> 8) && answers[used + 10] == (uint8_t) i);
    }
    memmove(answers, answers + used, got -= used);
  }
  CHECK(s_requests == total && s_queued < 100000);
  close(fd);
  mg_mgr_free(&mgr);
}

// CPU seconds per request, when `count` are sent in one go.
static double cost(int count) {
  static uint8_t data[12 * 10000], answers[1 << 16];
  struct mg_mgr mgr;
  struct timespec a, b;
  int fd = open_client(&mgr), rounds = 50000 / count;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  for (int i = 0; i < rounds; i++) {
    size_t len = fill(data, 0, count, 1), sent = 0, got = 0;
    while (got < (size_t) count * 11) {
      ssize_t n = sent < len ? send(fd, data + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
      if (n > 0) sent += (size_t) n;
      mg_mgr_poll(&mgr, 0);
      while ((n = recv(fd, answers, sizeof(answers), MSG_DONTWAIT)) > 0) got += (size_t) n;
    }
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  CHECK(s_requests == rounds * count);
  close(fd);
  mg_mgr_free(&mgr);
  return ((double) (b.tv_sec - a.tv_sec) + (double) (b.tv_nsec - a.tv_nsec) / 1e9) / (rounds * count);
}

// The least of several: a busy machine makes the loop turn in vain.
static double least_cost(int count) {
  double least = cost(count);
  for (int i = 0; i < 4; i++) {
    double again = cost(count);
    if (again < least) least = again;
  }
  return least;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  does_not_read(false);
  does_not_read(true);
  double few = least_cost(100), many = least_cost(10000);
  if (getenv("VERBOSE") != NULL) printf("%.0f and %.0f ns per request\n", few * 1e9, many * 1e9);
  if (many > few * 4) printf("%.0f and %.0f ns per request\n", few * 1e9, many * 1e9), exit(1);
  return 0;
}
