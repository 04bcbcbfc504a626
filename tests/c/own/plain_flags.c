// Flags by number are the bit-fields of the same names. Only those that belong to the program can be set.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static unsigned s_seen;  // bit per flag that was compared

static int flags_set(struct mg_connection *c) {
  int n = 0;
  for (int i = 0; i <= MG_CONN_IS_WRITABLE; i++) n += mg_conn_get_flag(c, i);
  return n;
}

#define COMPARE(NUMBER, member, writable)                    \
  do {                                                       \
    struct mg_connection c;                                  \
    memset(&c, 0, sizeof(c));                                \
    c.member = 1;                                            \
    CHECK(mg_conn_get_flag(&c, NUMBER) == 1);                \
    CHECK(flags_set(&c) == 1);                               \
    CHECK(mg_conn_set_flag(&c, NUMBER, false) == writable);  \
    CHECK(c.member == !writable);                            \
    CHECK(mg_conn_set_flag(&c, NUMBER, true) == writable);   \
    CHECK(c.member == 1);                                    \
    c.member = 0, c.dscp = 63;                               \
    CHECK(flags_set(&c) == 0);                               \
    CHECK(mg_conn_set_flag(&c, NUMBER, true) == writable);   \
    CHECK(c.member == writable && c.dscp == 63);             \
    CHECK(flags_set(&c) == writable);                        \
    s_seen |= 1U << NUMBER;                                  \
  } while (0)

int main(void) {
  struct mg_connection c, before;
  COMPARE(MG_CONN_IS_LISTENING, is_listening, false);
  COMPARE(MG_CONN_IS_CLIENT, is_client, false);
  COMPARE(MG_CONN_IS_ACCEPTED, is_accepted, false);
  COMPARE(MG_CONN_IS_RESOLVING, is_resolving, false);
  COMPARE(MG_CONN_IS_ARPLOOKING, is_arplooking, false);
  COMPARE(MG_CONN_IS_CONNECTING, is_connecting, false);
  COMPARE(MG_CONN_IS_TLS, is_tls, false);
  COMPARE(MG_CONN_IS_TLS_HS, is_tls_hs, false);
  COMPARE(MG_CONN_IS_UDP, is_udp, false);
  COMPARE(MG_CONN_IS_WEBSOCKET, is_websocket, false);
  COMPARE(MG_CONN_IS_MQTT5, is_mqtt5, false);
  COMPARE(MG_CONN_IS_HEXDUMPING, is_hexdumping, true);
  COMPARE(MG_CONN_IS_DRAINING, is_draining, true);
  COMPARE(MG_CONN_IS_CLOSING, is_closing, true);
  COMPARE(MG_CONN_IS_FULL, is_full, true);
  COMPARE(MG_CONN_IS_TLS_THROTTLED, is_tls_throttled, false);
  COMPARE(MG_CONN_IS_RESP, is_resp, true);
  COMPARE(MG_CONN_IS_READABLE, is_readable, false);
  COMPARE(MG_CONN_IS_WRITABLE, is_writable, false);
  CHECK(s_seen == (2U << MG_CONN_IS_WRITABLE) - 1);

  memset(&c, 0, sizeof(c));
  before = c;
  int unknown[] = {-1, MG_CONN_IS_WRITABLE + 1, 32, 256, INT_MAX, INT_MIN};
  for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
    CHECK(mg_conn_get_flag(&c, unknown[i]) == -1);
    CHECK(!mg_conn_set_flag(&c, unknown[i], true));
  }
  CHECK(memcmp(&c, &before, sizeof(c)) == 0);
  CHECK(mg_conn_get_flag(NULL, MG_CONN_IS_TLS) == -1);
  CHECK(!mg_conn_set_flag(NULL, MG_CONN_IS_FULL, true));
  return 0;
}
