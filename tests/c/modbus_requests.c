// Requests of all functions: what the handler is given, and the bytes of the answer.

#include "mongoose.h"

static char s_request[2000];
static int s_error;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_MODBUS_REQ) return;
  struct mg_modbus_req *r = (struct mg_modbus_req *) ev_data;
  bool bits = r->func == 1 || r->func == 2 || r->func == 5 || r->func == 15;
  size_t n = (size_t) snprintf(s_request, sizeof(s_request), "func %d addr %d len %d error %d values", r->func, r->addr, r->len, r->error);
  for (int i = 0; i < r->len; i++) {
    if (i < 12) n += (size_t) snprintf(s_request + n, sizeof(s_request) - n, " %x", bits ? (unsigned) r->u.bits[i] : r->u.regs[i]);
    if (r->func == 1 || r->func == 2) r->u.bits[i] = i % 3 == 0;
    if (r->func == 3 || r->func == 4) r->u.regs[i] = (uint16_t) (r->addr * 0x100 + i);
  }
  r->error = (uint8_t) s_error;
  (void) c;
}

static void show(const char *label, const char *what, const uint8_t *p, size_t len) {
  printf("%s, %s:", label, what);
  for (size_t i = 0; i < len && i < 40; i++) printf(" %02x", p[i]);
  if (len > 40) printf(" ... %u bytes, checksum %x", (unsigned) len, mg_crc32(0, (char *) p, len));
  printf("\n");
}

// Sends a frame with this unit and PDU.
static void run(const char *label, int unit, const uint8_t *pdu, size_t len) {
  struct mg_mgr mgr;
  uint8_t frame[600] = {0x12, 0x34, 0, 0, (uint8_t) ((len + 1) >> 8), (uint8_t) (len + 1), (uint8_t) unit}, answer[600];
  size_t got = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_modbus_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_request[0] = '\0';
  memcpy(frame + 7, pdu, len);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, frame, 7 + len, MSG_NOSIGNAL);
  for (int i = 0; i < 200 && (got < 9 || got < 6 + (size_t) answer[5]); i++) {
    mg_mgr_poll(&mgr, 10);
    ssize_t n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) got += (size_t) n;
  }
  printf("%s, handler: %s\n", label, s_request);
  show(label, "answer", answer, got);
  close(fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, pdu) run(label, 1, (const uint8_t *) pdu, sizeof(pdu) - 1)

// A request with a list of `size` bytes.
static void list(int func, unsigned quantity, unsigned count, size_t size) {
  uint8_t pdu[300] = {(uint8_t) func, 0, 0x26, (uint8_t) (quantity >> 8), (uint8_t) quantity, (uint8_t) count};
  char label[64];
  for (size_t i = 0; i < size; i++) pdu[6 + i] = (uint8_t) (0x55 + 7 * i);
  snprintf(label, sizeof(label), "function %d, quantity %u, count %u, size %u", func, quantity, count, (unsigned) size);
  run(label, 1, pdu, 6 + size);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  RUN("read a coil", "\1\0\x10\0\1");
  RUN("read ten coils", "\1\0\x10\0\12");
  RUN("read 8 inputs", "\2\1\2\0\10");
  RUN("read two holding registers", "\3\0\x10\0\2");
  RUN("read an input register", "\4\xff\xff\0\1");
  RUN("address overflow", "\3\xff\xff\0\2");
  RUN("set a coil", "\5\0\x14\xff\0");
  RUN("clear a coil", "\5\0\x14\0\0");
  RUN("coil value 1234", "\5\0\x14\x12\x34");
  RUN("coil value 0001", "\5\0\x14\0\1");
  RUN("coil value ffff", "\5\0\x14\xff\xff");
  RUN("write a register", "\6\0\x15\x12\x34");
  RUN("write ten coils", "\xf\0\x23\0\12\2\x55\1");
  RUN("write coils, pad bits set", "\xf\0\x23\0\3\1\xff");
  RUN("write two registers", "\x10\0\x26\0\2\4\0\12\1\2");
  for (int func = 1; func <= 4; func++) {
    unsigned max = func <= 2 ? 2000 : 125, quantities[] = {0, 1, 7, 9, max, max + 1, 65535};
    for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
      uint8_t pdu[] = {(uint8_t) func, 0, 7, (uint8_t) (quantities[i] >> 8), (uint8_t) quantities[i]};
      char label[64];
      snprintf(label, sizeof(label), "function %d, quantity %u", func, quantities[i]);
      run(label, 1, pdu, sizeof(pdu));
    }
  }
  list(15, 0, 0, 0), list(15, 1, 1, 1), list(15, 8, 1, 1), list(15, 9, 1, 1), list(15, 9, 2, 1), list(15, 9, 2, 3), list(15, 1968, 246, 246);
  list(15, 1969, 247, 247), list(15, 65535, 0, 0);
  list(16, 0, 0, 0), list(16, 1, 2, 2), list(16, 1, 3, 3), list(16, 2, 2, 2), list(16, 2, 4, 3), list(16, 2, 4, 5), list(16, 123, 246, 246);
  list(16, 124, 248, 247), list(16, 128, 0, 0);
  RUN("one byte too many", "\3\0\x10\0\2\0");
  RUN("register with one byte too many", "\6\0\x10\0\2\0");
  int others[] = {0, 7, 8, 11, 12, 14, 17, 20, 21, 22, 23, 24, 43, 100, 127, 128, 0x83, 255};
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    uint8_t pdu[] = {(uint8_t) others[i], 0, 0x28, 0, 1};
    char label[64];
    snprintf(label, sizeof(label), "function %d", others[i]);
    run(label, 1, pdu, sizeof(pdu));
  }
  run("unit 0", 0, (const uint8_t *) "\3\0\x10\0\1", 5);
  run("unit 255", 255, (const uint8_t *) "\3\0\x10\0\1", 5);
  int errors[] = {MG_MODBUS_ERR_ILLEGAL_FUNCTION, MG_MODBUS_ERR_ILLEGAL_ADDRESS, MG_MODBUS_ERR_DEVICE_FAILURE, 77, 255};
  for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
    char label[64];
    s_error = errors[i];
    snprintf(label, sizeof(label), "read, handler says %d", s_error), RUN(label, "\3\0\x10\0\1");
    snprintf(label, sizeof(label), "write, handler says %d", s_error), RUN(label, "\x10\0\x26\0\1\2\0\12");
  }
  return 0;
}
