// A connection at rest owns no buffers. Nothing of one connection is seen by another, and handlers may do with a buffer what
// they like: empty, keep, swap, free and resize it, or run the loop while they read it.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { PEERS = 40 };

static struct mg_connection *server_side[PEERS];
static int accepted, peers[PEERS];
static unsigned char *kept[PEERS];
static bool undisturbed = true;  // buffers hold only what they were made for

static bool is_zero(const unsigned char *p, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (p[i] != 0) return false;
  }
  return true;
}

static void run(struct mg_mgr *mgr, int n) {
  for (int i = 0; i < n; i++) mg_mgr_poll(mgr, 1);
}

static void act(struct mg_connection *c) {
  struct mg_connection *other = server_side[0];
  unsigned char *p = c->recv.buf;
  struct mg_iobuf io;
  int i = 0;
  while (server_side[i] != c) i++;
  if (undisturbed) CHECK(is_zero(p + c->recv.len, c->recv.size - c->recv.len));
  switch (c->recv.buf[0]) {
    case 'e':  // echo, and unspecified bytes
      mg_send(c, c->recv.buf, c->recv.len);
      CHECK(mg_send(c, NULL, 1000));
      CHECK(is_zero(c->send.buf + c->send.len - 1000, 1000));
      if (undisturbed) CHECK(is_zero(c->send.buf + c->send.len, c->send.size - c->send.len));
      break;
    case 'k':  // keep it
      kept[i] = c->recv.buf;
      c->recv.buf = NULL;
      c->recv.size = c->recv.len = 0;
      break;
    case 'f':  // free both, send something
      mg_iobuf_free(&c->recv);
      mg_iobuf_free(&c->send);
      mg_printf(c, "%s", "freed");
      break;
    case 'r':  // resize both
      mg_iobuf_resize(&c->recv, 100000);
      mg_iobuf_resize(&c->send, 100000);
      break;
    case 's':  // swap with another connection
      io = c->recv, c->recv = other->recv, other->recv = io;
      io = c->send, c->send = other->send, other->send = io;
      other->recv.len = other->send.len = 0;
      break;
    case 'n':  // read on while the loop serves others, except for those whose buffer others take or fill
      if (i < 2) break;
      CHECK(send(peers[1], "echo while another one reads", 28, 0) == 28);
      c->recv.len = 0;
      run(c->mgr, 5);
      CHECK(memcmp(p, "nested", 6) == 0);
      break;
    case 'w':  // wait for more
      return;
    default: break;
  }
  c->recv.len = 0;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) server_side[accepted++] = c;
  if (ev == MG_EV_READ && c->recv.len > 0) act(c);
  (void) ev_data;
}

static bool owns_nothing(struct mg_connection *c) {
  return c->recv.buf == NULL && c->recv.size == 0 && c->send.buf == NULL && c->send.size == 0;
}

static void drain(int fd) {
  char buf[4096];
  while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) continue;
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  for (int i = 0; i < PEERS; i++) {
    peers[i] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(peers[i], (struct sockaddr *) &addr, sizeof(addr)) == 0);
    for (int k = 0; k < 1000 && accepted <= i; k++) mg_mgr_poll(&mgr, 1);
    CHECK(accepted == i + 1);
  }

  // Secrets of different lengths, each behind a longer one.
  for (int i = 0; i < PEERS; i++) {
    char text[5000];
    memset(text, 'e', sizeof(text));
    size_t len = sizeof(text) - (size_t) i * 100;
    CHECK(send(peers[i], text, len, 0) == (ssize_t) len);
    run(&mgr, 2);
    CHECK(owns_nothing(server_side[i]));
    drain(peers[i]);
  }
  undisturbed = false;

  // Every act, by every connection, in changing company.
  static const char *const acts[] = {"echo a secret", "keep", "echo", "free", "resize", "swap", "nested", "other", "wait"};
  for (int round = 0; round < 9; round++) {
    for (int i = 0; i < PEERS; i++) {
      const char *text = acts[(i * 7 + round) % 9];
      CHECK(send(peers[i], text, strlen(text), 0) == (ssize_t) strlen(text));
    }
    run(&mgr, 20);
    for (int i = 0; i < PEERS; i++) {
      drain(peers[i]);
      free(kept[i]);
      kept[i] = NULL;
      server_side[i]->recv.len = 0;
    }
  }

  // Afterwards: fresh buffers for all.
  for (int i = 0; i < PEERS; i++) {
    mg_iobuf_free(&server_side[i]->recv);
    mg_iobuf_free(&server_side[i]->send);
    CHECK(send(peers[i], "echo", 4, 0) == 4);
  }
  run(&mgr, 50);
  for (int i = 0; i < PEERS; i++) {
    CHECK(owns_nothing(server_side[i]));
    drain(peers[i]);
  }

  // A bulk of input, more than fits any block, and a buffer of the program's own.
  static char bulk[300000];
  memset(bulk, 'x', sizeof(bulk));
  for (size_t n = 0, done = 0; done < sizeof(bulk); done += n) {
    ssize_t k = send(peers[2], bulk + done, sizeof(bulk) - done, MSG_DONTWAIT);
    n = k > 0 ? (size_t) k : 0;
    run(&mgr, 1);
  }
  run(&mgr, 20);
  CHECK(owns_nothing(server_side[2]));
  mg_iobuf_resize(&server_side[3]->recv, 16384);
  unsigned char *own = server_side[3]->recv.buf;
  CHECK(send(peers[3], "other", 5, 0) == 5);
  run(&mgr, 20);
  CHECK(server_side[3]->recv.buf == own && server_side[3]->recv.size == 16384);

  for (int i = 0; i < PEERS; i += 2) close(peers[i]);
  run(&mgr, 20);
  mg_mgr_free(&mgr);
  for (int i = 1; i < PEERS; i += 2) close(peers[i]);
  return 0;
}
