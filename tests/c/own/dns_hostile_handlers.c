// Handlers do what they like while names are looked up: close this and other connections, the resolver too, start and
// cancel lookups, run the loop. The reference keeps a pointer to the next request over all that.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr mgr;
static int server, started;
static uint32_t random_state = 1;

static uint32_t next_random(void) {
  random_state ^= random_state << 13, random_state ^= random_state >> 17, random_state ^= random_state << 5;
  return random_state;
}

static void fn(struct mg_connection *c, int ev, void *ev_data);

static void start(void) {
  static const char *urls[] = {"tcp://a.example:9", "tcp://b.example:9", "udp://c.example:9", "tcp://d.local:9", "udp://nx.example:9",
                               "udp://quiet.example:9", "tcp://short.example:9", "udp://127.0.0.1:9"};
  if (started++ < 3000) mg_connect(&mgr, urls[next_random() % 8], fn, NULL);
}

static struct mg_connection *any(void) {
  struct mg_connection *c = mgr.conns;
  for (uint32_t i = next_random() % 8; i > 0 && c != NULL && c->next != NULL; i--) c = c->next;
  return c;
}

// What comes in is answered by whim.
static void serve(void) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1};
  struct sockaddr_in from;
  socklen_t len = sizeof(from);
  uint8_t buf[600];
  long n;
  while ((n = recvfrom(server, buf, 500, MSG_DONTWAIT, (struct sockaddr *) &from, &len)) > 0) {
    if (buf[13] == 'q' || next_random() % 8 == 0) continue;
    buf[2] = next_random() % 16 == 0 ? 0x83 : 0x81, buf[3] = buf[13] == 'n' ? 0x83 : 0x80, buf[7] = buf[13] != 's';
    memcpy(buf + n, record, sizeof(record));
    sendto(server, buf, (size_t) n + (buf[7] ? sizeof(record) : 0), 0, (struct sockaddr *) &from, sizeof(from));
  }
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  static int depth;
  struct mg_connection *other = any();
  if (ev == MG_EV_POLL && next_random() % 16 > 0) return;
  switch (next_random() % 12) {
    case 0: c->is_closing = 1; break;
    case 1: c->is_draining = 1; break;
    case 2: mg_close_conn(c); break;
    case 3: mg_resolve_cancel(c); break;
    case 4: start(); break;
    case 5: start(), start(); break;
    case 6: if (other != NULL && other != c && !other->is_listening) mg_close_conn(other); break;
    case 7: if (mgr.dns4.c != NULL) mgr.dns4.c->is_closing = 1; break;
    case 8: if (mgr.dns4.c != NULL) mg_close_conn(mgr.dns4.c); break;
    case 9:
      if (depth < 3) depth++, serve(), mg_mgr_poll(&mgr, 0), depth--;
      break;
    case 10: if (c->fd == (void *) (size_t) -1) mg_resolve(c, "udp://a.example:9"); break;
    case 11: if (next_random() % 20 == 0 && mgr.mdns != NULL) mgr.mdns->is_closing = 1; break;
  }
  (void) ev_data;
}

int main(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  char url[64];
  mg_log_level = MG_LL_NONE;
  server = socket(AF_INET, SOCK_DGRAM, 0);
  bind(server, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(server, (struct sockaddr *) &addr, &len);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", ntohs(addr.sin_port));
  for (int round = 0; round < 20; round++) {
    mg_mgr_init(&mgr);
    mgr.dns4.url = url, mgr.dnstimeout = 20;
    // A listener that stands for multicast DNS, and hears nothing but its own questions.
    struct mg_connection *group = mg_mdns_listen(&mgr, NULL, NULL);
    if (group != NULL) {
      struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:0", NULL, NULL);
      c->fn = fn, c->pfn = group->pfn, mgr.mdns = c, group->is_closing = 1;
    }
    started = 0;
    for (int i = 0; i < 300; i++) {
      if (i < 200) start();
      serve();
      mg_mgr_poll(&mgr, (int) (next_random() % 2));
    }
    CHECK(started >= 200);
    mg_mgr_free(&mgr);
    CHECK(mgr.conns == NULL && mgr.dns4.c == NULL && mgr.mdns == NULL);
  }

  // The program takes the resolver's connection apart.
  mg_mgr_init(&mgr);
  mgr.dns4.url = url, mgr.dnstimeout = 20;
  struct mg_connection *c = mg_connect(&mgr, "udp://x.example:9", NULL, NULL);
  mgr.dns4.c->pfn = NULL;
  mg_iobuf_free(&mgr.dns4.c->recv);
  for (int i = 0; i < 10; i++) serve(), mg_mgr_poll(&mgr, 1);
  c->is_closing = 1, mgr.dns4.c->is_closing = 1;
  mg_mgr_poll(&mgr, 0);
  mg_connect(&mgr, "udp://x.example:9", NULL, NULL);
  mg_mgr_free(&mgr);
  close(server);
  return 0;
}
