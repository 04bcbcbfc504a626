// Multicast DNS answers: what the handler sees of them, and connections to ".local" names.
//
// As in mdns_questions.c, the loopback interface stands for the group.

#include "mongoose.h"

static char trace[1024];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev == MG_EV_READ) snprintf(trace + n, sizeof(trace) - n, " READ(%ld)", *(long *) ev_data);
  if (ev == MG_EV_MDNS_REQ) snprintf(trace + n, sizeof(trace) - n, " REQ");
  if (ev != MG_EV_MDNS_RESP) return;
  struct mg_mdns_resp *r = (struct mg_mdns_resp *) ev_data;
  n += mg_snprintf(trace + n, sizeof(trace) - n, " RESP type %u class %x nlen %u alen %u name [%.*s] addr %M srv [%.*s] port %u txt ",
                   r->rr->atype, r->rr->aclass, r->rr->nlen, r->rr->alen, (int) r->name.len, r->name.buf, mg_print_ip_port, &r->addr,
                   (int) r->sd.srvcproto.len, r->sd.srvcproto.buf, r->sd.port);
  for (size_t i = 0; i < r->sd.txt.len; i++) n += (size_t) snprintf(trace + n, sizeof(trace) - n, "%02x", (uint8_t) r->sd.txt.buf[i]);
  (void) c;
}

static char events[512];

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE"};
  size_t n = strlen(events);
  if (ev == MG_EV_POLL) return;
  n += (size_t) snprintf(events + n, sizeof(events) - n, "%s%s", n > 0 ? " " : "", names[ev]);
  if (ev == MG_EV_ERROR) n += (size_t) snprintf(events + n, sizeof(events) - n, "(%s)", (char *) ev_data);
  if (ev == MG_EV_RESOLVE) mg_snprintf(events + n, sizeof(events) - n, "(%M)", mg_print_ip_port, &c->rem);
}

static struct mg_mgr mgr;
static int peer;

static void tell(struct mg_connection *c, const char *what, const void *buf, size_t len) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = c->loc.port};
  trace[0] = '\0';
  sendto(peer, buf, len, 0, (struct sockaddr *) &to, sizeof(to));
  for (int i = 0; i < 100 && strstr(trace, "READ") == NULL; i++) mg_mgr_poll(&mgr, 5);
  printf("%s:%s\n", what, trace);
}

#define TELL(what, bytes) tell(c, what, bytes, sizeof(bytes) - 1)
#define HEAD(answers, authority, additional) "\0\0\x84\0\0\0\0" answers "\0" authority "\0" additional
#define TTL "\0\0\0\x78"
#define FOO "\3foo\5local\0"
#define HTTP "\5_http\4_tcp\5local\0"
#define INST "\4inst" HTTP
#define A(owner) owner "\0\1\x80\1" TTL "\0\4\x0a\1\2\3"
#define PTR HTTP "\0\x0c\0\1" TTL "\0\x17" INST
#define SRV(owner) owner "\0\x21\x80\1" TTL "\0\x11\0\0\0\0\x1f\x90" FOO
#define TXT(owner) owner "\0\x10\x80\1" TTL "\0\4\3a=b"
#define AAAA FOO "\0\x1c\x80\1" TTL "\0\x10" "0123456789abcdef"

static void wait_for(const char *text, int ms) {
  for (int i = 0; i < ms && strstr(events, text) == NULL; i++) mg_mgr_poll(&mgr, 1);
}

static void local_names(struct mg_connection *c) {
  static const char answer[] = HEAD("\1", "\0", "\0") A(FOO), other[] = HEAD("\1", "\0", "\0") A("\3bar\5local\0");
  mgr.mdns = NULL;
  mg_connect(&mgr, "udp://foo.local:7", client, NULL);
  printf("without listener: %s\n", events);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 0);
  printf("without listener, closed: %s\n", events);

  mgr.mdns = c, events[0] = trace[0] = '\0';
  struct mg_connection *conn = mg_connect(&mgr, "udp://Foo.local:7", client, NULL);
  printf("asked: %s resolving %d\n", events, conn->is_resolving);
  for (int i = 0; i < 100 && strstr(trace, "READ") == NULL; i++) mg_mgr_poll(&mgr, 5);
  printf("the question is heard:%s\n", trace);
  tell(c, "another name", other, sizeof(other) - 1);
  printf("after another name: %s\n", events);
  tell(c, "the name", answer, sizeof(answer) - 1);
  printf("after the name: %s\n", events);
  conn->is_closing = 1;
  mg_mgr_poll(&mgr, 0);

  events[0] = '\0';
  mg_connect(&mgr, "udp://foo.local:7", client, NULL);
  wait_for("CLOSE", 3000);
  printf("no answer: %s\n", events);

  events[0] = '\0';
  trace[0] = '\0';
  conn = mg_connect(&mgr, "udp://foo.local:7", client, NULL);
  for (int i = 0; i < 100 && strstr(trace, "READ") == NULL; i++) mg_mgr_poll(&mgr, 5);
  mg_resolve_cancel(conn);
  tell(c, "after cancelling", answer, sizeof(answer) - 1);
  printf("cancelled: %s resolving %d\n", events, conn->is_resolving);
  conn->is_closing = 1;
  mg_mgr_poll(&mgr, 0);

  events[0] = '\0';
  mg_connect(&mgr, "udp://foo.local:7", client, NULL);
  c->is_closing = 1;
  for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
  printf("listener closed: %s\n", events);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  peer = socket(AF_INET, SOCK_DGRAM, 0);
  struct mg_connection *listener = mg_mdns_listen(&mgr, NULL, NULL);
  struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:0", fn, NULL);
  c->pfn = listener->pfn, c->pfn_data = listener->pfn_data;
  listener->is_closing = 1;
  mg_mgr_poll(&mgr, 0);

  TELL("A", HEAD("\1", "\0", "\0") A(FOO));
  TELL("A of no local name", HEAD("\1", "\0", "\0") A("\3foo\3com\0"));
  TELL("A in authority", HEAD("\0", "\1", "\0") A(FOO));
  TELL("A in additional", HEAD("\0", "\0", "\1") A(FOO));
  TELL("A of 3 bytes", HEAD("\1", "\0", "\0") FOO "\0\1\x80\1" TTL "\0\3\1\2\3");
  TELL("PTR SRV TXT A", HEAD("\4", "\0", "\0") PTR SRV(INST) TXT(INST) A(FOO));
  TELL("PTR, rest additional", HEAD("\1", "\0", "\3") PTR SRV(INST) TXT(INST) A(FOO));
  TELL("PTR TXT SRV A", HEAD("\4", "\0", "\0") PTR TXT(INST) SRV(INST) A(FOO));
  TELL("PTR A SRV TXT", HEAD("\4", "\0", "\0") PTR A(FOO) SRV(INST) TXT(INST));
  TELL("PTR", HEAD("\1", "\0", "\0") PTR);
  TELL("PTR SRV", HEAD("\2", "\0", "\0") PTR SRV(INST));
  TELL("PTR TXT", HEAD("\2", "\0", "\0") PTR TXT(INST));
  TELL("PTR and unrelated A", HEAD("\2", "\0", "\0") PTR A(FOO));
  TELL("PTR and A of the instance", HEAD("\2", "\0", "\0") PTR A(INST));
  TELL("PTR and unrelated SRV", HEAD("\2", "\0", "\0") PTR SRV(FOO));
  TELL("PTR SRV AAAA A", HEAD("\4", "\0", "\0") PTR SRV(INST) AAAA A(FOO));
  TELL("SRV A", HEAD("\2", "\0", "\0") SRV(INST) A(FOO));
  TELL("SRV TXT A", HEAD("\3", "\0", "\0") SRV(INST) TXT(INST) A(FOO));
  TELL("SRV", HEAD("\1", "\0", "\0") SRV(INST));
  TELL("TXT", HEAD("\1", "\0", "\0") TXT(INST));
  TELL("TXT SRV A", HEAD("\3", "\0", "\0") TXT(INST) SRV(INST) A(FOO));
  TELL("AAAA", HEAD("\1", "\0", "\0") AAAA);
  TELL("AAAA A", HEAD("\2", "\0", "\0") AAAA A(FOO));
  TELL("class 3", HEAD("\1", "\0", "\0") FOO "\0\1\0\3" TTL "\0\4\1\2\3\4");
  TELL("nothing", HEAD("\0", "\0", "\0") "\0");
  TELL("announced and missing", HEAD("\2", "\0", "\0") A(FOO));
  TELL("cut record", HEAD("\1", "\0", "\0") FOO "\0\1\x80\1" TTL "\0\4\1\2\3");
  TELL("with question", "\0\0\x84\0\0\1\0\1\0\0\0\0" FOO "\0\1\0\1" A(FOO));
  TELL("PTR loops", HEAD("\1", "\0", "\0") HTTP "\0\x0c\0\1" TTL "\0\2\xc0\x28");
  TELL("PTR without data", HEAD("\1", "\0", "\0") HTTP "\0\x0c\0\1" TTL "\0\0");
  TELL("SRV of 5 bytes", HEAD("\1", "\0", "\0") INST "\0\x21\x80\1" TTL "\0\5\0\0\0\0\1");
  TELL("opcode 2", "\0\0\x94\0\0\0\0\1\0\0\0\0" A(FOO));
  TELL("rcode 3", "\0\0\x84\3\0\0\0\1\0\0\0\0" A(FOO));
  local_names(c);
  mg_mgr_free(&mgr);
  close(peer);
  return 0;
}
