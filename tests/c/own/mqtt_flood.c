// 100,000 packets that arrive at once are handled in order, in a time that grows with their number only. Own, because it
// looks at that time. Every handler must find its packet at the start of the buffer.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

enum { MOST = 100000 };

static unsigned s_msgs;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
  if (ev != MG_EV_MQTT_MSG) return;
  CHECK(m->dgram.buf == (char *) c->recv.buf && m->data.len == 4);
  CHECK(memcmp(m->data.buf, &s_msgs, 4) == 0);
  s_msgs++;
}

// Returns CPU seconds per packet.
static double run(unsigned packets, unsigned char first) {
  struct mg_mgr mgr;
  struct timespec a, b;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", handler, NULL);
  mg_iobuf_resize(&c->recv, packets * 12);
  for (unsigned i = 0; i < packets; i++) {
    unsigned char packet[] = {first, 9, 0, 1, 't', (unsigned char) (i >> 8), (unsigned char) i, 0, 0, 0, 0};
    if (first == 0x30) packet[1] = 7;
    memcpy(packet + packet[1] - 2, &i, 4);
    mg_iobuf_add(&c->recv, c->recv.len, packet, packet[1] + 2u);
  }
  long n = (long) c->recv.len;
  s_msgs = 0;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  mg_call(c, MG_EV_READ, &n);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  CHECK(s_msgs == packets && c->recv.len == 0);
  CHECK(c->send.len == (first == 0x30 ? 0 : packets * 4));
  mg_mgr_free(&mgr);
  return ((double) (b.tv_sec - a.tv_sec) + (double) (b.tv_nsec - a.tv_nsec) / 1e9) / packets;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  for (unsigned char qos = 0; qos < 3; qos++) {
    unsigned char first = (unsigned char) (0x30 | qos << 1);
    double few = run(MOST / 50, first), many = run(MOST, first);
    if (getenv("VERBOSE") != NULL) printf("qos %d: %.0f and %.0f ns per packet\n", qos, few * 1e9, many * 1e9);
    // Moving the rest down for every packet would take some fifty times as long.
    if (many > few * 8) printf("qos %d: %.0f and %.0f ns per packet\n", qos, few * 1e9, many * 1e9), exit(1);
  }
  return 0;
}
