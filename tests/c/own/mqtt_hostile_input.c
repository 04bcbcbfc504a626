// Hostile packets: absurd lengths end the connection at once with an error, malformed ones end it, everything arrives
// whole in any segmentation, and nothing is read beyond a packet. The reference buffers 3 MB first.

#include "mongoose.h"

#define CHECK(x) ((x) ? (void) 0 : (printf("%s, %d: %s\n", s_label, __LINE__, #x), exit(1)))

static const char *s_label = "";
static char s_error[100];
static int s_msgs, s_cmds, s_closes;
static size_t s_bytes;
static bool s_v5;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_OPEN) c->is_mqtt5 = s_v5;
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE) s_closes++;
  if (ev == MG_EV_MQTT_MSG) s_msgs++, s_bytes += m->data.len;
  if (ev == MG_EV_MQTT_CMD) {
    struct mg_mqtt_prop p;
    size_t sum = 0, ofs = 0;
    s_cmds++;
    for (size_t i = 0; i < m->dgram.len; i++) sum += (unsigned char) m->dgram.buf[i];
    for (size_t i = 0; i < m->topic.len; i++) sum += (unsigned char) m->topic.buf[i];
    CHECK(m->props_start + m->props_size <= m->dgram.len);
    while ((ofs = mg_mqtt_next_prop(m, &p, ofs)) > 0) {
      CHECK(ofs <= m->props_size);
      for (size_t i = 0; i < p.val.len; i++) sum += (unsigned char) p.val.buf[i];
      for (size_t i = 0; i < p.key.len; i++) sum += (unsigned char) p.key.buf[i];
    }
    mg_mqtt_send_header(c, MQTT_CMD_PINGRESP, 0, (uint32_t) (sum & 1));
    if (sum & 1) mg_send(c, "", 1);
  }
}

// Sends bytes in segments of `step`, until all was taken or the connection was closed.
static void feed(const char *label, bool v5, const char *bytes, size_t len, size_t step) {
  struct mg_mgr mgr;
  char answer[1000];
  int one = 1;
  ssize_t n;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_label = label, s_v5 = v5, s_msgs = s_cmds = s_closes = 0, s_bytes = 0, s_error[0] = '\0';
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  size_t sent = 0;
  for (int k = 0; k < 100000 && sent < len && s_closes == 0; k++) {
    n = send(fd, bytes + sent, len - sent < step ? len - sent : step, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += (size_t) n;
    mg_mgr_poll(&mgr, n > 0 ? 0 : 1);
    while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0) (void) 0;
  }
  for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 0);
  if (s_closes > 0) CHECK(mgr.conns == l);
  close(fd);
  for (int k = 0; k < 500 && s_closes == 0; k++) mg_mgr_poll(&mgr, 1);
  CHECK(s_closes == 1);
  mg_mgr_free(&mgr);
}

#define FEED(label, v5, bytes) feed(label, v5, bytes, sizeof(bytes) - 1, 100)
#define TOO_LARGE "MQTT packet exceeds MG_MAX_RECV_SIZE"

static size_t put_header(char *p, unsigned char first, size_t len) {
  size_t n = 0;
  p[n++] = (char) first;
  do p[n++] = (char) ((len & 127) | (len > 127 ? 128 : 0)), len >>= 7;
  while (len > 0);
  return n;
}

static unsigned s_random = 1;

static unsigned next_random(void) {
  s_random = s_random * 1103515245u + 12345u;
  return s_random >> 16;
}

int main(void) {
  static char big[MG_MAX_RECV_SIZE + 100];
  mg_log_level = MG_LL_NONE;
  // Remaining-length bombs.
  FEED("256 MB", false, "\x30\xff\xff\xff\x7f"), CHECK(strcmp(s_error, TOO_LARGE) == 0 && s_cmds == 0);
  FEED("256 MB connect", false, "\x10\xff\xff\xff\x7f\x00\x04MQTT"), CHECK(strcmp(s_error, TOO_LARGE) == 0 && s_cmds == 0);
  FEED("256 MB, version 5, behind a packet", true, "\xc0\x00\x30\xff\xff\xff\x7f"), CHECK(strcmp(s_error, TOO_LARGE) == 0 && s_cmds == 1);
  size_t n = put_header(big, 0x30, sizeof(big) - 5);
  feed("as large as the limit and 100 bytes", false, big, n, 100), CHECK(strcmp(s_error, TOO_LARGE) == 0 && s_cmds == 0);
  n = put_header(big, 0x30, MG_MAX_RECV_SIZE - 4);
  CHECK(n == 5);
  feed("one byte above the limit", false, big, MG_MAX_RECV_SIZE + 1, 65536), CHECK(strcmp(s_error, TOO_LARGE) == 0 && s_cmds == 0);
  n = put_header(big, 0x30, MG_MAX_RECV_SIZE - 5);
  memcpy(big + n, "\0\1t", 3);
  feed("as large as the limit", false, big, MG_MAX_RECV_SIZE, 65536);
  CHECK(s_error[0] == '\0' && s_msgs == 1 && s_bytes == MG_MAX_RECV_SIZE - 5 - 3);
  // Malformed packets close without MG_EV_ERROR; nothing behind them counts.
  FEED("length of five bytes", false, "\x30\x80\x80\x80\x80\x01\xc0\x00"), CHECK(s_cmds == 0 && s_error[0] == '\0');
  FEED("length of five bytes, all ones", true, "\xc0\xff\xff\xff\xff\xff\xc0\x00"), CHECK(s_cmds == 0);
  FEED("publish without body", false, "\xc0\x00\x30\x00\xc0\x00"), CHECK(s_cmds == 1 && s_msgs == 0);
  FEED("topic longer than the packet", false, "\x30\x04\xff\xff" "ab\xc0\x00"), CHECK(s_cmds == 0);
  FEED("id cut off", false, "\x32\x04\x00\x01" "a\x00\xc0\x00"), CHECK(s_cmds == 0);
  FEED("qos 3", false, "\x36\x06\x00\x01" "a\x00\x01x\xc0\x00"), CHECK(s_cmds == 0);
  FEED("properties longer than the packet", true, "\x30\x06\x00\x01" "a\x7f\x01\x01\xc0\x00"), CHECK(s_cmds == 0);
  FEED("properties' length cut off", true, "\x30\x04\x00\x01" "a\x80\xc0\x00"), CHECK(s_cmds == 0);
  FEED("puback without id", false, "\x40\x00\xc0\x00"), CHECK(s_cmds == 0);
  FEED("connack without code", false, "\x20\x01\x00\xc0\x00"), CHECK(s_cmds == 0);
  // Odd, and harmless.
  FEED("topic and message empty", false, "\x30\x02\x00\x00\xc0\x00"), CHECK(s_cmds == 2 && s_msgs == 1);
  FEED("id 0", false, "\x32\x05\x00\x01" "a\x00\x00\xc0\x00"), CHECK(s_cmds == 2 && s_msgs == 1);
  FEED("properties cut off inside", true, "\x30\x07\x00\x01" "a\x03\x26\x00\x05\xc0\x00"), CHECK(s_cmds == 2 && s_msgs == 1);
  FEED("connect that says nothing", false, "\x10\x00\x10\x02\xff\xff\x10\x06\x00\x04MQTT"), CHECK(s_cmds == 3);
  // Packets in segments of one byte.
  n = 0;
  for (int i = 0; i < 200; i++) {
    size_t len = (size_t) i;
    n += put_header(big + n, 0x32, len + 5);
    memcpy(big + n, "\0\1t\0\1", 5), memset(big + n + 5, 'x', len);
    n += len + 5;
  }
  feed("segments of 1 byte", false, big, n, 1), CHECK(s_msgs == 200 && s_cmds == 200 && s_bytes == 199 * 200 / 2);
  feed("segments of 7 bytes", false, big, n, 7), CHECK(s_msgs == 200 && s_cmds == 200 && s_bytes == 199 * 200 / 2);
  // Good packets with some bytes changed.
  for (int round = 0; round < 300; round++) {
    static const char good[] =
        "\x10\x12\x00\x04MQTT\x05\x02\x00\x3c\x05\x11\x00\x00\x00\x0a\x00\x00" "\x82\x09\x00\x01\x02\x0b\x05\x00\x01" "a\x01"
        "\x32\x12\x00\x01" "a\x00\x05\x0b\x26\x00\x01k\x00\x01v\x03\x00\x01tx" "\x34\x08\x00\x01" "a\x00\x06\x00xy" "\x62\x02\x00\x06" "\xe0\x04\x00\x02\x01\x01";
    char bytes[sizeof(good)];
    memcpy(bytes, good, sizeof(good));
    for (unsigned i = round == 0 ? 0 : 1 + next_random() % 4; i > 0; i--) bytes[next_random() % sizeof(good)] = (char) next_random();
    feed("random", round % 2 == 1, bytes, sizeof(bytes) - 1, 1 + next_random() % 80);
    if (round == 0) CHECK(s_cmds == 6 && s_msgs == 2);
  }
  return 0;
}
