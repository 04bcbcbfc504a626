// Handlers that do whatever the interface allows, at random: close themselves and others, add
// connections, swap handlers, free buffers, send, poll again. On the reference this is use after free.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define MAX_CONNS 60
#define MAX_DEPTH 6

static char url[64], udp_url[64];
static int depth, polling;
static bool freeing;
static unsigned long seed = 12345, events;

static unsigned rnd(unsigned n) {
  seed = seed * 6364136223846793005ul + 1442695040888963407ul;
  return (unsigned) (seed >> 33) % n;
}

static int count(struct mg_mgr *mgr) {
  int n = 0;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) n++;
  return n;
}

static struct mg_connection *pick(struct mg_mgr *mgr) {
  int n = count(mgr);
  if (n == 0) return NULL;
  struct mg_connection *c = mgr->conns;
  for (unsigned i = rnd((unsigned) n); i > 0; i--) c = c->next;
  return c;
}

static void hostile(struct mg_connection *c, int ev, void *ev_data);

static void meek(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) c->recv.len = 0;
  if (ev == MG_EV_POLL && rnd(10) == 0) c->fn = hostile;
  (void) ev_data;
}

static void timer(void *arg) {
  struct mg_mgr *mgr = (struct mg_mgr *) arg;
  struct mg_connection *c = pick(mgr);
  if (c != NULL && rnd(2) == 0) mg_close_conn(c);
}

static void act(struct mg_connection *c, int ev) {
  static char data[50000];
  struct mg_mgr *mgr = c->mgr;
  struct mg_connection *other = pick(mgr);
  bool room = count(mgr) < MAX_CONNS;
  int fds[2];
  switch (rnd(40)) {
    case 0: mg_close_conn(c); break;
    case 1: if (other != NULL) mg_close_conn(other); break;
    case 2: if (ev != MG_EV_CLOSE && c->next != NULL) mg_close_conn(c->next); break;
    case 3: c->is_closing = 1; break;
    case 4: c->is_draining = 1; break;
    case 5: if (other != NULL) other->is_closing = 1; break;
    case 6: if (other != NULL) other->is_draining = 1; break;
    case 7: case 8: if (room) mg_connect(mgr, url, hostile, NULL); break;
    case 9: if (room) mg_listen(mgr, rnd(2) ? "tcp://127.0.0.1:0" : "udp://127.0.0.1:0", hostile, NULL); break;
    case 10: c->fn = meek; break;
    case 11: c->pfn = meek; break;
    case 12: c->pfn = hostile; break;
    case 13: c->pfn = NULL; break;
    case 14: mg_iobuf_free(&c->recv); break;
    case 15: mg_iobuf_free(&c->send); break;
    case 16: mg_iobuf_resize(&c->recv, rnd(70000)); break;
    case 17: c->recv.len = 0; break;
    case 18: mg_iobuf_del(&c->recv, 0, rnd(100)); break;
    case 19: case 20: case 21: case 22: mg_send(c, data, rnd(sizeof(data))); break;
    case 23: if (other != NULL) mg_send(other, data, rnd(1000)); break;
    case 24: mg_error(c, "%s", "hostile"); break;
    case 25: c->is_full = 1; break;
    case 26: if (other != NULL) other->is_full = 0; break;
    case 27: mg_wakeup(mgr, 1 + rnd(100), data, rnd(1000)); break;
    case 28: mg_timer_add(mgr, rnd(3), MG_TIMER_ONCE, timer, mgr); break;
    case 29: mg_mgr_poll(mgr, 0); break;
    case 30: if (polling > 0) mg_mgr_free(mgr); break;
    case 31: if (room && !freeing && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0) {
      mg_wrapfd(mgr, fds[0], hostile, NULL);
      mg_wrapfd(mgr, fds[1], hostile, NULL);
    } break;
    case 32: if (room) mg_connect(mgr, udp_url, hostile, NULL); break;
    case 33: c->is_resp = (unsigned) rnd(2) & 1; break;
    case 34: mg_printf(c, "%d %s", 5, "text"); break;
    case 35: if (other != NULL) mg_call(other, MG_EV_USER, NULL); break;
    case 36: mg_wakeup_init(mgr); break;
    case 37: c->fn = NULL; break;
    default: break;
  }
}

static void hostile(struct mg_connection *c, int ev, void *ev_data) {
  events++;
  if (ev == MG_EV_WAKEUP) CHECK(((struct mg_str *) ev_data)->len < 1000);
  if (depth >= MAX_DEPTH || (ev == MG_EV_POLL && rnd(4) != 0)) return;
  depth++;
  act(c, ev);
  depth--;
}

static int open_descriptors(void) {
  int n = 0;
  for (int fd = 0; fd < 1024; fd++) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

static void run(int iterations) {
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  for (int i = 0; i < iterations; i++) {
    if (count(&mgr) < 4) {
      struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
      CHECK(c != NULL);
      snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(c->loc.port));
      c->fn = hostile;
      c = mg_listen(&mgr, "udp://127.0.0.1:0", NULL, NULL);
      CHECK(c != NULL);
      snprintf(udp_url, sizeof(udp_url), "udp://127.0.0.1:%u", mg_ntohs(c->loc.port));
      c->fn = hostile;
      mg_wakeup_init(&mgr);
      for (int k = 0; k < 8; k++) mg_connect(&mgr, url, hostile, NULL);
    }
    polling++;
    mg_mgr_poll(&mgr, 0);
    polling--;
    CHECK(count(&mgr) < 4 * MAX_CONNS);
  }
  freeing = true;
  mg_mgr_free(&mgr);
  freeing = false;
  CHECK(mgr.conns == NULL);
  CHECK(mgr.timers == NULL);
}

int main(void) {
  int before = open_descriptors();
  mg_log_level = MG_LL_NONE;
  for (int i = 0; i < 20; i++) run(200);
  CHECK(events > 10000);
  CHECK(open_descriptors() == before);
  return 0;
}
