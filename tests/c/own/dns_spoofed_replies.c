// Replies that nobody should believe. The reference takes any datagram with the right id, from anyone, and from then on
// sends its questions to whoever sent the last datagram.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static int resolved, failed;
static char address[64], message[64];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_RESOLVE) resolved++, mg_snprintf(address, sizeof(address), "%M", mg_print_ip, &c->rem);
  if (ev == MG_EV_ERROR) failed++, snprintf(message, sizeof(message), "%s", (char *) ev_data);
}

static int udp_socket(struct sockaddr_in *addr) {
  socklen_t len = sizeof(*addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  *addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  bind(fd, (struct sockaddr *) addr, sizeof(*addr));
  getsockname(fd, (struct sockaddr *) addr, &len);
  return fd;
}

static struct mg_mgr mgr;
static int server, stranger;
static struct sockaddr_in client;
static uint8_t query[512];
static long query_len;

static bool next_query(void) {
  for (int i = 0; i < 300; i++) {
    socklen_t len = sizeof(client);
    query_len = recvfrom(server, query, sizeof(query), MSG_DONTWAIT, (struct sockaddr *) &client, &len);
    if (query_len > 0) return true;
    mg_mgr_poll(&mgr, 1);
  }
  return false;
}

// A reply to the last query, with `last` as the end of its address and one byte changed.
static void reply(int fd, uint8_t last, size_t ofs, uint8_t change) {
  uint8_t buf[600];
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0};
  memcpy(buf, query, (size_t) query_len);
  memcpy(buf + query_len, record, sizeof(record));
  buf[query_len + (long) sizeof(record)] = last;
  buf[2] = 0x81, buf[3] = 0x80, buf[7] = 1;
  buf[ofs] ^= change;
  sendto(fd, buf, (size_t) query_len + sizeof(record) + 1, 0, (struct sockaddr *) &client, sizeof(client));
}

static void junk(int fd, size_t len) {
  static uint8_t buf[65000];
  sendto(fd, buf, len, 0, (struct sockaddr *) &client, sizeof(client));
}

static void settle(void) {
  for (int i = 0; i < 20; i++) mg_mgr_poll(&mgr, 1);
}

int main(void) {
  struct sockaddr_in addr, other;
  char url[64];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  server = udp_socket(&addr), stranger = udp_socket(&other);
  snprintf(url, sizeof(url), "udp://127.0.0.1:%u", ntohs(addr.sin_port));
  mgr.dns4.url = url, mgr.dnstimeout = 30000;

  mg_connect(&mgr, "udp://foo.example:7", fn, NULL);
  CHECK(next_query());
  reply(stranger, 66, 0, 0);   // right in everything but the sender
  reply(server, 67, 0, 1);     // another id
  reply(server, 68, 1, 0x80);
  reply(server, 69, 2, 0x80);  // a query
  reply(server, 70, 2, 0x10);  // another opcode
  reply(server, 71, 13, 1);    // another name
  reply(server, 72, 26, 0x1d); // another type
  reply(server, 73, 28, 2);    // another class
  reply(server, 74, 5, 1);     // no question
  for (size_t len = 0; len < 30; len++) junk(server, len), junk(stranger, len);
  junk(stranger, 65000), junk(server, 65000);
  settle();
  CHECK(resolved == 0 && failed == 0);
  reply(server, 1, 0, 0);
  settle();
  CHECK(resolved == 1 && failed == 0 && strcmp(address, "127.0.0.1") == 0);
  reply(server, 66, 0, 0);  // a second reply
  settle();
  CHECK(resolved == 1);

  // A name in other letters is the same name.
  mg_connect(&mgr, "udp://bar.example:7", fn, NULL);
  CHECK(next_query());
  reply(server, 1, 13, 0x20);
  settle();
  CHECK(resolved == 2);

  // After a stranger's datagram the next query still goes to the server, from another port, with another id.
  struct sockaddr_in old_client = client;
  uint8_t old_id[2] = {query[0], query[1]};
  bool same_port = true, same_id = true;
  for (int i = 0; i < 3; i++) {
    junk(stranger, 4);
    settle();
    snprintf(message, sizeof(message), "udp://n%d.example:7", i);
    mg_connect(&mgr, message, fn, NULL);
    CHECK(next_query());
    same_port = same_port && client.sin_port == old_client.sin_port;
    same_id = same_id && memcmp(query, old_id, 2) == 0;
    reply(server, 1, 0, 0);
    settle();
    CHECK(resolved == 3 + i);
  }
  CHECK(!same_port && !same_id);

  // A lying response code does not make an address out of nothing.
  mg_connect(&mgr, "udp://no.example:7", fn, NULL);
  CHECK(next_query());
  reply(server, 1, 3, 3);
  settle();
  CHECK(failed == 1 && strcmp(message, "no.example DNS lookup failed") == 0);
  CHECK(recv(stranger, query, sizeof(query), MSG_DONTWAIT) < 0);
  mg_mgr_free(&mgr);
  close(server), close(stranger);
  return 0;
}
