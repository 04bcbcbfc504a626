// Requests in pieces, several at once, and what is no Modbus: answers, events, and whether the connection stays.

#include "mongoose.h"

static char s_trace[4000];
static bool s_closed;

static void trace(const char *fmt, unsigned long n, unsigned long m) {
  size_t len = strlen(s_trace);
  len += (size_t) snprintf(s_trace + len, sizeof(s_trace) - len, len > 0 ? " " : "");
  snprintf(s_trace + len, sizeof(s_trace) - len, fmt, n, m);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_MODBUS_REQ) {
    struct mg_modbus_req *r = (struct mg_modbus_req *) ev_data;
    trace("REQ(%lu,recv %lu)", r->addr, c->recv.len);
    trace("unit %lu", c->recv.buf[6], 0);
    if (r->func == 3) r->u.regs[0] = r->addr;
  }
  if (ev == MG_EV_READ) trace("READ(%lu,left %lu)", (unsigned long) *(long *) ev_data, c->recv.len);
  if (ev == MG_EV_ERROR) trace("ERROR", 0, 0), trace(strcmp((char *) ev_data, "invalid pdu") == 0 ? "invalid pdu" : "?", 0, 0);
  if (ev == MG_EV_CLOSE) trace("CLOSE", 0, 0), s_closed = true;
}

// Sends the pieces, each `step` bytes long, and waits until each was read.
static void run(const char *label, const char *data, size_t len, size_t step) {
  struct mg_mgr mgr;
  uint8_t answer[200];
  size_t got = 0;
  ssize_t n = -1;
  int one = 1;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_modbus_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_trace[0] = '\0', s_closed = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (size_t i = 0; i < len && !s_closed; i += step) {
    size_t seen = strlen(s_trace);
    send(fd, data + i, len - i < step ? len - i : step, MSG_NOSIGNAL);
    for (int k = 0; k < 200 && strlen(s_trace) == seen; k++) mg_mgr_poll(&mgr, 10);
  }
  for (int k = 0; k < 10 && !s_closed; k++) mg_mgr_poll(&mgr, 1);
  while (got < sizeof(answer) && (n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
  if (step > 1) printf("%s, events: %s\n", label, s_trace);
  printf("%s, answers:", label);
  for (size_t i = 0; i < got; i++) printf(" %02x", answer[i]);
  printf("\n%s, connection: %s\n", label, s_closed ? "closed" : "open");
  close(fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, data) run(label, data, sizeof(data) - 1, sizeof(data) - 1)
#define BYTEWISE(label, data) run(label, data, sizeof(data) - 1, 1)

#define READ(n) "\0" n "\0\0\0\6\7\3\0" n "\0\1"
#define WRITE(n) "\0" n "\0\0\0\13\7\20\0" n "\0\2\4\0\12\1\2"

int main(void) {
  mg_log_level = MG_LL_NONE;
  RUN("a request", READ("\1"));
  RUN("three at once", READ("\1") WRITE("\2") READ("\3"));
  BYTEWISE("three, byte by byte", READ("\1") WRITE("\2") READ("\3"));
  run("three in pieces of 7", READ("\1") WRITE("\2") READ("\3"), 41, 7);
  run("three in pieces of 14", READ("\1") WRITE("\2") READ("\3"), 41, 14);
  RUN("incomplete", WRITE("\1") "\0\2\0\0\0\6\7\3\0\2\0");
  RUN("protocol 1", "\0\1\0\1\0\6\7\3\0\1\0\1");
  RUN("protocol 256", "\0\1\1\0\0\6\7\3\0\1\0\1");
  RUN("protocol 1 behind a request", READ("\1") "\0\2\0\1\0\6\7\3\0\1\0\1" READ("\3"));
  RUN("length 0", "\0\1\0\0\0\0\7\3\0\1\0\1");
  RUN("length 1", "\0\1\0\0\0\1\7\3\0\1\0\1");
  RUN("HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  RUN("length 255, part of it", "\0\1\0\0\0\377\7\3\0\1\0\1");
  RUN("length 65535, part of it", "\0\1\0\0\377\377\7\3\0\1\0\1");
  RUN("bad protocol in 6 bytes", "\0\1\0\1\0\6");
  RUN("function 7 alone", "\0\1\0\0\0\2\7\7");
  RUN("function 17, then a request", "\0\1\0\0\0\2\7\21" READ("\2"));
  RUN("function 3 cut short, then a request", "\0\1\0\0\0\5\7\3\0\1\0" READ("\2"));
  RUN("function 3 alone, then a request", "\0\1\0\0\0\2\7\3" READ("\2"));
  BYTEWISE("function 17 byte by byte", "\0\1\0\0\0\2\7\21" READ("\2"));
  return 0;
}
