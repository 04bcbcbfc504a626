// A load generator: every connection sends a request, waits for the bytes of its answer, and sends the next.
//
// load PORT CONNECTIONS SECONDS http PATH        keep-alive requests
// load PORT CONNECTIONS SECONDS close PATH       a new connection for every request
// load PORT CONNECTIONS SECONDS ws SIZE          echo of a binary WebSocket message of SIZE bytes on /ws
// load PORT CONNECTIONS SECONDS mqtt QOS         publish to a topic that the connection itself has subscribed to
// load PORT CONNECTIONS SECONDS idle PATH        one request on each connection, then silence
//
// Prints "start" when the connections stand, and "done N" with the number of answers. SECONDS of 0 means until the
// standard input ends.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct peer {
  int fd;
  char *request;
  size_t request_len, sent, answer_len, received;
};

static unsigned short port;
static int epoll_fd;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int dial(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

static void put(int fd, const char *p, size_t len) {
  while (len > 0) {
    ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
    if (n <= 0) die("send");
    p += n, len -= (size_t) n;
  }
}

static void take(int fd, char *p, size_t len) {
  if (recv(fd, p, len, MSG_WAITALL) != (ssize_t) len) die("recv");
}

// Reads a head byte by byte, then the body its Content-Length announces: the size of both.
static size_t take_response(int fd) {
  char head[4096], body[65536];
  size_t len = 0, rest;
  while (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0) {
    if (len == sizeof(head) - 1) die("head");
    take(fd, head + len++, 1);
  }
  head[len] = '\0';
  const char *length = strcasestr(head, "\r\nContent-Length:");
  rest = length == NULL ? 0 : strtoul(length + 17, NULL, 10);
  for (size_t left = rest; left > 0;) {
    size_t n = left < sizeof(body) ? left : sizeof(body);
    take(fd, body, n);
    left -= n;
  }
  return len + rest;
}

static void http(struct peer *p, const char *path, const char *connection) {
  p->request_len = (size_t) asprintf(&p->request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n", path, connection);
  put(p->fd, p->request, p->request_len);
  p->answer_len = take_response(p->fd);
}

static void websocket(struct peer *p, size_t size) {
  static const char upgrade[] = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  put(p->fd, upgrade, sizeof(upgrade) - 1);
  take_response(p->fd);
  size_t extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
  unsigned char *frame = calloc(1, 2 + extra + 4 + size);
  frame[0] = 0x82;
  frame[1] = 0x80 | (extra == 0 ? (unsigned char) size : extra == 2 ? 126 : 127);
  for (size_t i = 0; i < extra; i++) frame[2 + i] = (unsigned char) (size >> 8 * (extra - 1 - i));
  memcpy(frame + 2 + extra, mask, 4);
  for (size_t i = 0; i < size; i++) frame[6 + extra + i] = (unsigned char) i ^ mask[i % 4];
  p->request = (char *) frame;
  p->request_len = 6 + extra + size;
  p->answer_len = 2 + extra + size;
}

static void mqtt(struct peer *p, int number, int qos) {
  enum { PAYLOAD = 64 };
  char id[12], connect[22] = "\x10\x14\0\4MQTT\4\2\0\0\0\10", connack[4], subscribe[15] = "\x82\x0d\0\1\0\10", suback[5];
  snprintf(id, sizeof(id), "%08d", number % 100000000);
  memcpy(connect + 14, id, 8);
  put(p->fd, connect, sizeof(connect));
  take(p->fd, connack, sizeof(connack));
  memcpy(subscribe + 6, id, 8);
  put(p->fd, subscribe, sizeof(subscribe));
  take(p->fd, suback, sizeof(suback));
  size_t packet_id = qos > 0 ? 2 : 0;
  char *publish = calloc(1, 2 + 10 + packet_id + PAYLOAD);
  publish[0] = (char) (0x30 | qos << 1);
  publish[1] = (char) (10 + packet_id + PAYLOAD);
  publish[3] = 8;
  memcpy(publish + 4, id, 8);
  if (qos > 0) publish[13] = 1;
  p->request = publish;
  p->request_len = 2 + 10 + packet_id + PAYLOAD;
  // It comes back with QoS 0, as subscribed, and is acknowledged.
  p->answer_len = 2 + 10 + PAYLOAD + (qos > 0 ? 4 : 0);
}

static void watch(struct peer *p, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (p->sent < p->request_len ? EPOLLOUT : 0), .data.ptr = p};
  if (epoll_ctl(epoll_fd, operation, p->fd, &event) != 0) die("epoll_ctl");
}

static void transmit(struct peer *p) {
  ssize_t n = send(p->fd, p->request + p->sent, p->request_len - p->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && errno != EAGAIN) die("send");
  p->sent += n > 0 ? (size_t) n : 0;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

// Sends the next request of a peer whose answer is complete.
static void again(struct peer *p) {
  p->sent = p->received = 0;
  transmit(p);
  if (p->sent < p->request_len) watch(p, EPOLL_CTL_MOD);
}

// Sends the first request of a connection.
static void begin(struct peer *p) {
  p->sent = p->received = 0;
  transmit(p);
  watch(p, EPOLL_CTL_ADD);
}

static void reconnect(struct peer *p) {
  close(p->fd);
  p->fd = dial();
  begin(p);
}

static void receive(struct peer *p) {
  static char buf[1 << 18];
  ssize_t n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN)) die("recv");
  p->received += n > 0 ? (size_t) n : 0;
}

static unsigned long run(struct peer *peers, int count, double seconds, int once) {
  struct epoll_event events[256];
  unsigned long answers = 0;
  double end = now() + seconds;
  epoll_fd = epoll_create1(0);
  for (int i = 0; i < count; i++) {
    if (once) reconnect(&peers[i]);
    else begin(&peers[i]);
  }
  while (now() < end) {
    int n = epoll_wait(epoll_fd, events, 256, 100);
    for (int i = 0; i < n; i++) {
      struct peer *p = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) {
        transmit(p);
        if (p->sent == p->request_len) watch(p, EPOLL_CTL_MOD);
      }
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(p);
      if (p->received < p->answer_len) continue;
      answers++;
      if (once) reconnect(p);
      else again(p);
    }
  }
  return answers;
}

int main(int argc, char *argv[]) {
  if (argc != 6) return 2;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  port = (unsigned short) atoi(argv[1]);
  int count = atoi(argv[2]);
  double seconds = atof(argv[3]);
  const char *kind = argv[4], *detail = argv[5];
  struct peer *peers = calloc((size_t) count, sizeof(*peers));
  int once = strcmp(kind, "close") == 0;
  for (int i = 0; i < count; i++) {
    peers[i].fd = dial();
    if (strcmp(kind, "ws") == 0) {
      websocket(&peers[i], strtoul(detail, NULL, 10));
    } else if (strcmp(kind, "mqtt") == 0) {
      mqtt(&peers[i], i, atoi(detail));
    } else {
      http(&peers[i], detail, once ? "close" : "keep-alive");
    }
  }
  puts("start");
  fflush(stdout);
  if (seconds > 0) {
    printf("done %lu\n", run(peers, count, seconds, once));
  } else {
    while (getchar() != EOF) {
    }
  }
  return 0;
}
