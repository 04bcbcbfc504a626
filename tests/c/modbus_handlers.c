// What a handler may do with a request, and the answers that follow.

#include "mongoose.h"

enum { NOTHING, SHORTER, EMPTY, NO_VALUES, OWN_BLOCK, OTHER_FUNCTION, OTHER_ADDRESS, UNKNOWN_FUNCTION, SEND, EMPTY_RECV, DELETE_FRAME, CLOSING, DRAINING, FREE_RECV, DROP_PFN, LENGTHS };

static int s_mode;
static char s_events[200];
static bool s_closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(s_events);
  if (c->is_listening) return;
  if (ev == MG_EV_READ) snprintf(s_events + n, sizeof(s_events) - n, " READ(%ld,%lu)", *(long *) ev_data, (unsigned long) c->recv.len);
  if (ev == MG_EV_ERROR) snprintf(s_events + n, sizeof(s_events) - n, " ERROR");
  if (ev == MG_EV_CLOSE) snprintf(s_events + n, sizeof(s_events) - n, " CLOSE"), s_closed = true;
  if (ev != MG_EV_MODBUS_REQ) return;
  struct mg_modbus_req *r = (struct mg_modbus_req *) ev_data;
  for (int i = 0; i < r->len; i++) {
    if (r->func <= 2) r->u.bits[i] = i % 3 == 0;
    if (r->func == 3 || r->func == 4) r->u.regs[i] = (uint16_t) (0x1000 + i);
  }
  if (s_mode == SHORTER) r->len = 1;
  if (s_mode == EMPTY) r->len = 0;
  if (s_mode == NO_VALUES) mg_free(r->u.regs), r->u.regs = NULL;
  if (s_mode == OWN_BLOCK) mg_free(r->u.regs), r->u.regs = (uint16_t *) mg_calloc(2000, 1), r->u.bits[0] = r->u.bits[1] = true;
  if (s_mode == OTHER_FUNCTION) r->func = r->func == 1 ? 2 : r->func == 3 ? 4 : 16;
  if (s_mode == OTHER_ADDRESS) r->addr = 0x7788;
  if (s_mode == UNKNOWN_FUNCTION) r->func = 99;
  if (s_mode == SEND) mg_send(c, "!", 1);
  if (s_mode == EMPTY_RECV) c->recv.len = 0;
  if (s_mode == DELETE_FRAME) mg_iobuf_del(&c->recv, 0, (size_t) c->recv.buf[5] + 6);
  if (s_mode == CLOSING) c->is_closing = 1;
  if (s_mode == DRAINING) c->is_draining = 1;
  if (s_mode == FREE_RECV) mg_iobuf_free(&c->recv);
  if (s_mode == DROP_PFN) c->pfn = NULL;
  if (s_mode == LENGTHS && (r->func == 5 || r->func == 6)) r->len = 2;
  if (s_mode == LENGTHS && r->func > 6) r->len = 65535;
}

static void run(const char *label, const char *data, size_t len) {
  static const char *modes[] = {"nothing", "len 1", "len 0", "no values", "own block", "other function", "other address", "unknown function", "sends", "empties recv", "deletes the frame", "closing", "draining", "frees recv", "drops pfn", "lengths"};
  struct mg_mgr mgr;
  uint8_t answer[1000];
  size_t got = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_modbus_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_events[0] = '\0', s_closed = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, data, len, MSG_NOSIGNAL);
  for (int k = 0; k < 200 && s_events[0] == '\0'; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 5 && !s_closed; k++) mg_mgr_poll(&mgr, 1);
  while (got < sizeof(answer) && (n = recv(fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
  printf("%s, %s, events:%s\n", modes[s_mode], label, s_events);
  printf("%s, %s, answer:", modes[s_mode], label);
  for (size_t i = 0; i < got && i < 40; i++) printf(" %02x", answer[i]);
  printf("\n");
  close(fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, data) run(label, data, sizeof(data) - 1)

int main(void) {
  mg_log_level = MG_LL_NONE;
  for (s_mode = NOTHING; s_mode <= LENGTHS; s_mode++) {
    RUN("read registers", "\0\1\0\0\0\6\1\3\0\x10\0\2");
    RUN("read coils", "\0\1\0\0\0\6\1\1\0\x10\0\12");
    RUN("write coil", "\0\1\0\0\0\6\1\5\0\x10\377\0");
    RUN("write register", "\0\1\0\0\0\6\1\6\0\x10\x12\x34");
    RUN("write coils", "\0\1\0\0\0\11\1\17\0\x10\0\12\2\x55\1");
    RUN("write registers", "\0\1\0\0\0\13\1\20\0\x10\0\2\4\x12\x34\5\6");
    RUN("two requests", "\0\1\0\0\0\6\1\3\0\x10\0\2\0\2\0\0\0\6\1\1\0\x10\0\12");
  }
  printf("no listener without URL: %d\n", mg_modbus_listen(&(struct mg_mgr) {0}, "tcp://nowhere.example:1", NULL, NULL) == NULL);
  return 0;
}
