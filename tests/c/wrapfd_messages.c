// mg_wrapfd with sockets that keep the boundaries of messages, and with a stream in which descriptors are passed: each
// message is an event, and none waits for the next one.
#include "loop.h"

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) add("READ(%.*s) ", (int) c->recv.len, (char *) c->recv.buf), c->recv.len = 0;
  if (ev == MG_EV_ERROR) add("ERROR(%s) ", (char *) ev_data);
}

static void run(const char *label, int fds[2]) {
  struct mg_connection *c = mg_wrapfd(&mgr, fds[0], fn, NULL);
  char another[50];
  snprintf(another, sizeof(another), "%s, another", label);
  if (write(fds[1], "one", 3) != 3 || write(fds[1], "two", 3) != 3 || write(fds[1], "three", 5) != 5) add("not written ");
  poll_until(strstr(trace, "three") != NULL);
  show_trace(label);
  if (write(fds[1], "four", 4) != 4) add("not written ");
  poll_until(strstr(trace, "four") != NULL);
  show_trace(another);
  c->is_closing = 1;
  turns(1);
  close(fds[1]);
}

static void pass_descriptor(int to, const char *text) {
  struct iovec data = {(void *) text, strlen(text)};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  memset(&control, 0, sizeof(control));
  control.header.cmsg_level = SOL_SOCKET, control.header.cmsg_type = SCM_RIGHTS, control.header.cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(&control.header), &to, sizeof(to));
  if (sendmsg(to, &message, 0) < 0) add("not sent ");
}

int main(void) {
  int fds[2];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  start();
  socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), run("Unix datagrams", fds);
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), run("Unix packets", fds);
  fds[0] = socket(AF_INET, SOCK_DGRAM, 0), fds[1] = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(fds[0], (struct sockaddr *) &addr, len) != 0 || getsockname(fds[0], (struct sockaddr *) &addr, &len) != 0 ||
      connect(fds[1], (struct sockaddr *) &addr, len) != 0)
    return 1;
  run("UDP", fds);
  socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  mg_wrapfd(&mgr, fds[0], fn, NULL);
  turns(2);
  pass_descriptor(fds[1], "with a descriptor");
  if (write(fds[1], "behind", 6) != 6) return 1;
  poll_until(strstr(trace, "behind") != NULL);
  show_trace("Unix stream");
  mg_mgr_free(&mgr);
  return 0;
}
