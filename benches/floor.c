// The floor: a bare epoll loop that parses nothing. Whatever arrives, it sends as many answers as there are blank lines.
// Level-triggered epoll, one recv and one send per readable socket.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";
enum { ANSWER = sizeof(answer) - 1, BATCH = 64 };

static size_t blank_lines(const char *p, size_t len) {
  size_t n = 0;
  const char *end = p + len;
  while ((p = (const char *) memmem(p, (size_t) (end - p), "\r\n\r\n", 4)) != NULL) p += 4, n++;
  return n;
}

static void serve(int fd) {
  static char in[65536], out[BATCH * ANSWER];
  ssize_t n = recv(fd, in, sizeof(in), 0);
  if (n <= 0) {
    close(fd);
    return;
  }
  size_t answers = blank_lines(in, (size_t) n);
  if (answers > BATCH) answers = BATCH;
  for (size_t i = 0; i < answers; i++) memcpy(out + i * ANSWER, answer, ANSWER);
  if (send(fd, out, answers * ANSWER, MSG_NOSIGNAL) < 0) close(fd);
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(address);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (bind(listener, (struct sockaddr *) &address, size) != 0 || listen(listener, 4096) != 0) return 1;
  getsockname(listener, (struct sockaddr *) &address, &size);
  printf("Listening on port %u\n", ntohs(address.sin_port));
  fflush(stdout);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[128];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int n = epoll_wait(epoll, events, 128, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd != listener) {
        serve(events[i].data.fd);
        continue;
      }
      int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
      if (fd < 0) continue;
      int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
      event.data.fd = fd;
      epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
  }
}
