// Multicast DNS questions: which reach the handler, what it sees, and the answers byte for byte.
//
// The protocol handler of the multicast listener serves a listener on the loopback interface here, so that no other
// host or program takes part.

#include "mongoose.h"

static char trace[512];
static struct mg_dnssd_record record;
static struct mg_addr address;
static const char *name_in_answer;
static bool respond;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev == MG_EV_READ) snprintf(trace + n, sizeof(trace) - n, " READ(%ld) recv %zu", *(long *) ev_data, c->recv.len);
  if (ev == MG_EV_MDNS_RESP) snprintf(trace + n, sizeof(trace) - n, " RESP");
  if (ev != MG_EV_MDNS_REQ) return;
  struct mg_mdns_req *req = (struct mg_mdns_req *) ev_data;
  snprintf(trace + n, sizeof(trace) - n, " REQ type %u class %x nlen %u alen %u name [%.*s] listing %d resp %d unicast %d set %d",
           req->rr->atype, req->rr->aclass, req->rr->nlen, req->rr->alen, (int) req->reqname.len, req->reqname.buf, req->is_listing,
           req->is_resp, req->is_unicast, req->r != NULL || req->addr != NULL || req->respname.len > 0);
  if (respond) {
    req->is_resp = true, req->r = &record, req->addr = &address;
    if (name_in_answer != NULL) req->respname = mg_str(name_in_answer);
  }
}

static struct mg_mgr mgr;
static int peer;

static void ask(struct mg_connection *c, const char *what, const void *buf, size_t len) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = c->loc.port};
  uint8_t reply[2000];
  trace[0] = '\0';
  sendto(peer, buf, len, 0, (struct sockaddr *) &to, sizeof(to));
  for (int i = 0; i < 100 && strstr(trace, "READ") == NULL; i++) mg_mgr_poll(&mgr, 5);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 1);
  printf("%s:%s\n", what, trace);
  long n = recv(peer, reply, sizeof(reply), MSG_DONTWAIT);
  printf("%s, answer: ", what);
  for (long i = 0; i < n; i++) printf("%02x", reply[i]);
  printf("\n");
}

#define HEAD "\x12\x34\0\0\0\1\0\0\0\0\0\0"
#define ASK(what, bytes) ask(c, prefixed(what), bytes, sizeof(bytes) - 1)
#define MYDEV "\5mydev\5local\0"
#define HTTP "\5_http\4_tcp\5local\0"
#define INSTANCE "\5mydev" HTTP

static const char *prefix;

static const char *prefixed(const char *what) {
  static char buf[200];
  snprintf(buf, sizeof(buf), "%s, %s", prefix, what);
  return buf;
}

static void questions(struct mg_connection *c) {
  ASK("A", HEAD MYDEV "\0\1\x80\1");
  ASK("A in capitals", HEAD "\5MYDEV\5local\0\0\1\x80\1");
  ASK("A of another", HEAD "\5other\5local\0\0\1\x80\1");
  ASK("PTR", HEAD HTTP "\0\x0c\x80\1");
  ASK("PTR of a listing", HEAD "\x09_services\7_dns-sd\4_udp\5local\0\0\x0c\x80\1");
  ASK("SRV", HEAD INSTANCE "\0\x21\x80\1");
  ASK("SRV of another", HEAD "\5other" HTTP "\0\x21\x80\1");
  ASK("TXT", HEAD INSTANCE "\0\x10\x80\1");
  ASK("TXT of the service", HEAD HTTP "\0\x10\x80\1");
  ASK("AAAA", HEAD MYDEV "\0\x1c\x80\1");
  ASK("ANY", HEAD MYDEV "\0\xff\x80\1");
  ASK("class ANY", HEAD MYDEV "\0\1\x80\xff");
  ASK("class 3", HEAD MYDEV "\0\1\x80\3");
  ASK("to all", HEAD MYDEV "\0\1\0\1");
  ASK("not local", HEAD "\5mydev\3com\0\0\1\x80\1");
  ASK("local alone", HEAD "\5local\0\0\1\x80\1");
  ASK("opcode 1", "\x12\x34\x08\0\0\1\0\0\0\0\0\0" MYDEV "\0\1\x80\1");
  ASK("no question announced", "\x12\x34\0\0\0\0\0\0\0\0\0\0" MYDEV "\0\1\x80\1");
  ASK("cut question", HEAD MYDEV "\0\1\x80");
  ASK("header alone", HEAD);
  ASK("13 bytes", HEAD "\0");
  ASK("junk", "junk");
}

// What a program may put into an answer.
static void answers(struct mg_connection *c) {
  static char text[2000];
  respond = true, prefix = "answering";
  name_in_answer = "alias";
  ASK("with another name", HEAD HTTP "\0\x0c\x80\1");
  name_in_answer = NULL;
  record.srvcproto = mg_str("_x._udp");
  ASK("with another service", HEAD HTTP "\0\x0c\x80\1");
  record.srvcproto = mg_str("_http._tcp.local");
  ASK("with a wrong service", HEAD HTTP "\0\x0c\x80\1");
  record.srvcproto = mg_str("_tcp");
  ASK("with a short service", HEAD HTTP "\0\x0c\x80\1");
  record.srvcproto = mg_str("_http._tcp");
  record.txt = mg_str("");
  ASK("without text", HEAD HTTP "\0\x0c\x80\1");
  memset(text, 'x', sizeof(text)), text[0] = 99;
  record.txt = mg_str_n(text, 100);
  ASK("with 100 bytes of text", HEAD HTTP "\0\x0c\x80\1");
  record.txt = mg_str_n(text, 1900);
  ASK("with too much text", HEAD HTTP "\0\x0c\x80\1");
  record.txt = mg_str("\5a=b=c");
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  peer = socket(AF_INET, SOCK_DGRAM, 0);
  struct mg_connection *listener = mg_mdns_listen(&mgr, NULL, NULL);
  char addr[64];
  mg_snprintf(addr, sizeof(addr), "%M", mg_print_ip_port, &listener->loc);
  printf("listener: mdns %d udp %d listening %d address %s\n", mgr.mdns == listener, listener->is_udp, listener->is_listening, addr);
  struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:0", fn, (void *) "mydev");
  c->pfn = listener->pfn, c->pfn_data = listener->pfn_data;
  listener->is_closing = 1;
  mg_mgr_poll(&mgr, 0);
  printf("forgotten: %d\n", mgr.mdns == NULL);
  record.srvcproto = mg_str("_http._tcp"), record.txt = mg_str("\5a=b=c"), record.port = 8000;
  mg_aton(mg_str("10.0.0.7"), &address);

  prefix = "named", respond = true;
  questions(c);
  answers(c);
  prefix = "silent", respond = false;
  c->fn_data = (void *) "other";
  ASK("A of another", HEAD MYDEV "\0\1\x80\1");
  ASK("PTR", HEAD HTTP "\0\x0c\x80\1");
  c->fn_data = NULL, respond = false, prefix = "unnamed and silent";
  questions(c);
  respond = true, prefix = "unnamed and answering";
  ASK("A", HEAD MYDEV "\0\1\x80\1");
  ASK("PTR", HEAD HTTP "\0\x0c\x80\1");
  name_in_answer = "given", prefix = "unnamed, with a name";
  ASK("A", HEAD MYDEV "\0\1\x80\1");
  ASK("PTR", HEAD HTTP "\0\x0c\x80\1");

  // A question of this program, which it hears itself.
  static const unsigned types[] = {MG_DNS_RTYPE_A, MG_DNS_RTYPE_PTR, MG_DNS_RTYPE_SRV, MG_DNS_RTYPE_TXT, MG_DNS_RTYPE_AAAA, 0x10c};
  respond = false;
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
    trace[0] = '\0';
    printf("query of type %u: %d\n", types[i], mg_mdns_query(c, "_http._tcp.local", types[i]));
    printf("goes to the listener's address %u: %d\n", types[i], c->rem.port == c->loc.port);
    for (int k = 0; k < 100 && strstr(trace, "READ") == NULL; k++) mg_mgr_poll(&mgr, 5);
    printf("heard %u:%s\n", types[i], trace);
  }
  mg_mgr_free(&mgr);
  close(peer);
  return 0;
}
