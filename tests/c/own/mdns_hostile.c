// Multicast DNS messages and handlers that the reference does not survive, or does not understand.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr mgr;
static int peer, requests, responses, reads, errors;
static bool close_at_request, free_at_request;
static struct mg_dnssd_record *record;
static char message[64], name[300];
static struct mg_addr found;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) reads++;
  if (ev == MG_EV_MDNS_RESP) {
    struct mg_mdns_resp *r = (struct mg_mdns_resp *) ev_data;
    responses++, found = r->addr;
    snprintf(name, sizeof(name), "%.*s", (int) r->name.len, r->name.buf);
  }
  if (ev != MG_EV_MDNS_REQ) return;
  struct mg_mdns_req *req = (struct mg_mdns_req *) ev_data;
  requests++, req->is_resp = true, req->r = record;
  if (free_at_request) mg_iobuf_free(&c->recv);
  if (close_at_request) mg_close_conn(c);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) errors++, snprintf(message, sizeof(message), "%s", (char *) ev_data);
  (void) c;
}

static struct mg_connection *open_listener(void) {
  struct mg_connection *group = mg_mdns_listen(&mgr, NULL, NULL);
  struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:0", fn, (void *) "mydev");
  CHECK(group != NULL && mgr.mdns == group);
  c->pfn = group->pfn;
  mg_close_conn(group);
  CHECK(mgr.mdns == NULL);
  mgr.mdns = c;
  return c;
}

// Sends a datagram and waits until it was read; the size of the answer.
static long send_to(unsigned short port, const void *buf, size_t len, uint8_t *answer) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
  int before = reads;
  sendto(peer, buf, len, 0, (struct sockaddr *) &to, sizeof(to));
  for (int i = 0; i < 200 && reads == before && mgr.mdns != NULL; i++) mg_mgr_poll(&mgr, 5);
  return recv(peer, answer, 2000, MSG_DONTWAIT);
}

static uint32_t random_state = 1;

static uint32_t next_random(void) {
  random_state ^= random_state << 13, random_state ^= random_state >> 17, random_state ^= random_state << 5;
  return random_state;
}

#define SEND(bytes) send_to(port, bytes, sizeof(bytes) - 1, answer)
#define QUERY(n) "\x12\x34\0\0\0" n "\0\0\0\0\0\0"
#define MYDEV "\5mydev\5local\0"
#define HTTP "\5_http\4_tcp\5local\0"

int main(void) {
  static struct mg_dnssd_record http;
  static uint8_t answer[2000], big[65000];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  peer = socket(AF_INET, SOCK_DGRAM, 0);
  struct mg_connection *c = open_listener();
  unsigned short port = c->loc.port;

  // is_resp without a record
  CHECK(SEND(QUERY("\1") HTTP "\0\x0c\x80\1") < 0);
  CHECK(SEND(QUERY("\1") "\5mydev" HTTP "\0\x21\x80\1") < 0);
  CHECK(SEND(QUERY("\1") "\5mydev" HTTP "\0\x10\x80\1") < 0);
  CHECK(requests == 3);

  // Each of several questions is answered.
  http.srvcproto = mg_str("_http._tcp"), http.port = 80;
  record = &http, free_at_request = true;
  CHECK(SEND(QUERY("\3") MYDEV "\0\1\x80\1" HTTP "\0\x0c\x80\1" "\5mydev" HTTP "\0\x21\x80\1") > 0);
  CHECK(requests == 6);
  CHECK(recv(peer, answer, sizeof(answer), MSG_DONTWAIT) > 0);
  CHECK(recv(peer, answer, sizeof(answer), MSG_DONTWAIT) > 0);
  CHECK(recv(peer, answer, sizeof(answer), MSG_DONTWAIT) < 0);

  // Names are the same in other letters.
  CHECK(SEND(QUERY("\1") "\5MyDev\5LOCAL\0" "\0\1\x80\1") > 0);

  // More questions than anybody asks, in one message.
  size_t n = 12;
  memcpy(big, "\0\0\0\0\xff\xff\0\0\0\0\0\0", 12);
  while (n + 17 < sizeof(big)) memcpy(big + n, MYDEV "\0\1\x80\1", 17), n += 17;
  requests = 0;
  send_to(port, big, n, answer);
  CHECK(requests == 32);
  while (recv(peer, answer, sizeof(answer), MSG_DONTWAIT) > 0) {}

  // A long name, a long service, a long text.
  static char text[3000];
  memset(text, 'a', sizeof(text));
  for (size_t len = 0; len <= sizeof(text); len = len * 2 + 1) {
    http.txt = mg_str_n(text, len), http.srvcproto = mg_str("_http._tcp");
    SEND(QUERY("\1") HTTP "\0\x0c\x80\1");
    memcpy(text + (len < 5 ? 0 : len - 5), "._tcp", 5);
    http.srvcproto = mg_str_n(text, len), http.txt = mg_str("");
    SEND(QUERY("\1") HTTP "\0\x0c\x80\1");
    memset(text, 'a', sizeof(text));
  }

  // Pointer loops, counts that lie, labels of no length, messages of 64 KB of nothing.
  requests = responses = 0;
  CHECK(SEND(QUERY("\1") "\xc0\x0c\0\1\x80\1") < 0);
  CHECK(SEND(QUERY("\1") "\1a\xc0\x0c\0\1\x80\1") < 0);
  CHECK(SEND("\0\0\x84\0\xff\xff\xff\xff\xff\xff\xff\xff" "\1a\xc0\x0c\0\1\x80\1\0\0\0\0\0\4\1\2\3\4") < 0);
  CHECK(SEND("\0\0\x84\0\0\0\xff\xff\xff\xff\xff\xff" HTTP "\0\x0c\0\1\0\0\0\0\0\2\xc0\x28") < 0);
  memset(big, 0, sizeof(big));
  memcpy(big, "\0\0\x84\0\0\0\xff\xff\xff\xff\xff\xff", 12);
  send_to(port, big, sizeof(big), answer);
  memset(big + 12, 0xc0, sizeof(big) - 12);
  send_to(port, big, sizeof(big), answer);
  CHECK(requests == 0 && responses == 0);

  // Random damage.
  static const char good[] = "\0\0\x84\0\0\0\0\4\0\0\0\0" HTTP "\0\x0c\0\1\0\0\0\x78\0\x07\4inst\xc0\x0c"
                             "\4inst\xc0\x0c\0\x21\x80\1\0\0\0\x78\0\x0c\0\0\0\0\x1f\x90\3foo\xc0\x17"
                             "\4inst\xc0\x0c\0\x10\x80\1\0\0\0\x78\0\4\3a=b\3foo\xc0\x17\0\1\x80\1\0\0\0\x78\0\4\x0a\1\2\3";
  CHECK(SEND(good) < 0);
  CHECK(responses == 1 && strcmp(name, "foo.local") == 0 && mg_ntohs(found.port) == 8080);
  for (int i = 0; i < 5000; i++) {
    uint8_t buf[sizeof(good)];
    size_t len = sizeof(buf) - 1 - (next_random() % 4 == 0 ? next_random() % 100 : 0);
    memcpy(buf, good, sizeof(buf));
    for (int k = 0; k < 3; k++) buf[next_random() % sizeof(buf)] = (uint8_t) next_random();
    if (next_random() % 4 == 0) buf[2] = 0, buf[5] = 1;
    send_to(port, buf, len, answer);
  }
  while (recv(peer, answer, sizeof(answer), MSG_DONTWAIT) > 0) {}

  // The address counts in whatever place of the answer it is, and after an IPv6 address.
  struct mg_connection *conn = mg_connect(&mgr, "udp://foo.local:9", client, NULL);
  static const char both[] = "\0\0\x84\0\0\0\0\2\0\0\0\0\3foo\5local\0\0\x1c\0\1\0\0\0\0\0\x10" "0123456789abcdef"
                             "\3FOO\5local\0\0\1\x80\1\0\0\0\0\0\4\x7f\0\0\1";
  CHECK(conn->is_resolving);
  for (int i = 0; i < 100 && conn->is_resolving; i++) SEND(both);
  CHECK(!conn->is_resolving && errors == 0);

  // The listener goes, at a question and altogether.
  close_at_request = true;
  for (int i = 0; i < 100 && mgr.mdns != NULL; i++) SEND(QUERY("\2") MYDEV "\0\1\x80\1" MYDEV "\0\1\x80\1");
  CHECK(mgr.mdns == NULL);
  mg_mgr_poll(&mgr, 0);
  mg_connect(&mgr, "udp://foo.local:9", client, NULL);
  CHECK(strcmp(message, "no mDNS listener, see mg_mdns_listen()") == 0);

  CHECK(!mg_mdns_query(NULL, "x.local", 1));
  close_at_request = false, c = open_listener();
  CHECK(!mg_mdns_query(c, NULL, 1));
  CHECK(!mg_mdns_query(c, "a..local", 1));
  CHECK(mg_mdns_listen(NULL, fn, NULL) == NULL);
  mg_mgr_free(&mgr);
  close(peer);
  return 0;
}
