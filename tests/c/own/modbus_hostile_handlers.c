// Handlers that a Modbus server survives. The reference reads behind its values, answers again and again when a handler
// runs the loop, and goes on with a connection that was freed.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

enum { LENGTH, FUNCTION, POLL_LOOP, CLOSE_CONN, REPLACE_PFN };

static int s_mode, s_requests;
static bool s_closed;
static struct mg_mgr s_mgr;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_modbus_req *r = (struct mg_modbus_req *) ev_data;
  if (ev == MG_EV_CLOSE && !c->is_listening) s_closed = true;
  if (ev != MG_EV_MODBUS_REQ) return;
  s_requests++;
  if (s_mode == LENGTH) r->len = s_requests == 1 ? 65535 : 125;
  if (s_mode == FUNCTION) r->func = r->func == 3 ? 1 : 3, r->len = 125;
  if (s_mode == POLL_LOOP) mg_mgr_poll(&s_mgr, 0);
  if (s_mode == CLOSE_CONN) mg_close_conn(c), mg_mgr_poll(&s_mgr, 0);
  if (s_mode == REPLACE_PFN) c->pfn = NULL, c->recv.len = 0, mg_iobuf_free(&c->send);
}

static size_t run(int mode, const char *data, size_t len, uint8_t *answer, size_t size) {
  size_t got = 0;
  s_mode = mode, s_requests = 0, s_closed = false;
  mg_mgr_init(&s_mgr);
  struct mg_connection *l = mg_modbus_listen(&s_mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, data, len, MSG_NOSIGNAL);
  for (int i = 0; i < 500 && s_requests == 0; i++) mg_mgr_poll(&s_mgr, 10);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&s_mgr, 1);
  ssize_t n;
  while ((n = recv(fd, answer + got, size - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
  close(fd);
  mg_mgr_free(&s_mgr);
  return got;
}

int main(void) {
  static const char two[] = "\0\1\0\0\0\6\1\3\0\x10\0\2\0\2\0\0\0\6\1\1\0\x10\0\12";
  uint8_t answer[2000];
  size_t n;
  mg_log_level = MG_LL_NONE;

  // More values than a frame holds are a failure of the device; more than were asked for are zero.
  n = run(LENGTH, two, 24, answer, sizeof(answer));
  CHECK(s_requests == 2 && n == 9 + 9 + 16);
  CHECK(memcmp(answer, "\0\1\0\0\0\3\1\x83\4\0\2\0\0\0\x13\1\1\x10\0", 19) == 0);

  n = run(FUNCTION, two, 24, answer, sizeof(answer));
  CHECK(s_requests == 2 && n == 9 + 16 + 9 + 250 && answer[7] == 1 && answer[25 + 7] == 3);

  n = run(POLL_LOOP, two, 24, answer, sizeof(answer));
  CHECK(s_requests == 2 && n == 13 + 11);

  n = run(CLOSE_CONN, two, 24, answer, sizeof(answer));
  CHECK(s_requests == 1 && n == 0 && s_closed);

  n = run(REPLACE_PFN, two, 24, answer, sizeof(answer));
  CHECK(s_requests == 1 && n == 13);
  return 0;
}
