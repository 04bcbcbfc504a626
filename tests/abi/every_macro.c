/* Uses every macro of mongoose.h that has a body; must compile without a warning. Never run. */
#include "mongoose.h"

struct node {
  struct node *next;
};

static struct mg_dash dash;

static uint32_t numbers(uint8_t *p) {
  uint32_t r = MG_U32(1, 2, 3, 4);
  MG_STORE_BE16(p, r);
  MG_STORE_BE24(p, r);
  MG_STORE_BE32(p, r);
  MG_STORE_BE64(p, (uint64_t) r);
  r += MG_LOAD_BE16(p) + MG_LOAD_BE24(p) + MG_LOAD_BE32(p) + (uint32_t) MG_LOAD_BE64(p);
  r += MG_IPV4(1, 2, 3, 4) + mg_htonl(r) + mg_htons(p[0]) + (uint32_t) mg_htonll(r);
  r += MG_ROUND_UP(r, 4U) + MG_ROUND_DOWN(r, 4U) + MG_REG(p);
  r += MG_TCPIP_IP + MG_TCPIP_MASK + MG_TCPIP_GW;
  MG_SET_BITS(r, MG_BIT(3), MG_BIT(4));
  return r;
}

static void list(struct mg_field_set *set) {
  struct node a = {NULL}, *head = NULL;
  LIST_ADD_HEAD(struct node, &head, &a);
  LIST_DELETE(struct node, &head, &a);
  LIST_ADD_TAIL(struct node, &head, &a);
  MG_DASH_ADD_FIELD_SET(&dash, set);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  static const uint8_t six[16] = MG_IPV6(0x2001, 0xdb8, 0, 0, 0, 0, 0x1234, 1);
  struct mg_str s = mg_str("x");
  uint8_t bytes[16];
  struct mg_field_set set;
  memset(&set, 0, sizeof(set));
  list(&set);
  MG_DASH_REGISTER_CUSTOM_HANDLER(&dash, "/x", handler, NULL);
  MG_PROF_INIT(c);
  MG_PROF_ADD(c, "x");
  MG_PROF_DUMP(c);
  MG_PROF_FREE(c);
  MG_EPOLL_ADD(c);
  MG_EPOLL_MOD(c, ev);
  MG_INFO(("%d.%d.%d.%d %m %lu", MG_IPADDR_PARTS(six), MG_ESC("a"), (unsigned long) numbers(bytes)));
  if (ev) MG_ERROR(("x"));
  else MG_DEBUG(("y"));
  MG_VERBOSE(("z %d", MG_DSCP_CS(1) + MG_DSCP_AF(1, 2) + MG_DSCP_EF));
  mg_log_set(MG_LL_NONE);
  if (MG_BIG_ENDIAN || MG_IS_DER(s.buf)) MG_OTA_STATE_SET(1);
  if (MG_OTA_STATE_GET() == MG_OTA_CONFIRMED) {
    MG_OTA_ROLLBACK_TIMER_START();
  }
  MG_OTA_ROLLBACK_TIMER_FEED();
  assert(MG_SOCKET_ERRNO != 1);
  MG_DSB();
  MG_ARM_DISABLE_IRQ();
  MG_ARM_ENABLE_IRQ();
  (void) ev_data;
}

int main(void) {
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  mg_http_listen(&mgr, MG_HTTP_ADDR, handler, NULL);
  mg_mgr_free(&mgr);
  return 0;
}
