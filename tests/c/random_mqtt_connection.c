// Random MQTT 3.1.1 packets through a connection, several at once, sent in pieces of random size: what the server's handler
// sees of each, and what is answered by itself.
//
// All cases of a block use one connection. Payloads of less than two bytes are left out, as in random_mqtt.c, and no message
// has the id of an earlier one: the reference delivers messages of QoS 2 again (mqtt_events_client).

#include "random.h"

static size_t s_received;
static struct mg_mgr s_mgr;
static int s_fd, s_case;
static uint32_t s_id;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_MQTT_CMD || ev == MG_EV_MQTT_MSG) {
    result(ev == MG_EV_MQTT_CMD ? "command" : "message", m->cmd);
    result("id", m->id), result("qos", m->qos);
    bytes("topic", m->topic.buf, m->topic.len), bytes("data", m->data.buf, m->data.len), bytes("packet", m->dgram.buf, m->dgram.len);
  }
  if (ev == MG_EV_READ) s_received += *(size_t *) ev_data;
  if (ev == MG_EV_ERROR || (ev == MG_EV_CLOSE && !c->is_listening)) result("event", ev);
}

static void connect_client(void) {
  struct mg_connection *l = mg_mqtt_listen(&s_mgr, "mqtt://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int one = 1;
  s_id = 0;
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s_fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) exit(1);
  setsockopt(s_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void put16(uint32_t n) {
  put_byte(n >> 8), put_byte(n & 255);
}

static void put_head(uint32_t first, uint32_t size) {
  put_byte(first);
  do put_byte((size & 127) | (size > 127 ? 128 : 0));
  while ((size >>= 7) > 0);
}

// Returns the length of the answer.
static size_t packet(void) {
  static const uint8_t pings[] = {12, 14}, acknowledgements[] = {4, 5, 6, 7};
  if (one_in(3)) {
    uint8_t command = PICK(acknowledgements);
    put_head((uint32_t) command << 4 | (command == 6 ? 2 : 0), 2), put16(1 + number(65535));
    return command == 5 || command == 6 ? 4 : 0;
  }
  if (one_in(6)) {
    put_head((uint32_t) PICK(pings) << 4, 0);
    return 0;
  }
  uint32_t qos = number(3), topic = number(20), size = 2 + number(one_in(50) ? 5000 : 60);
  put_head(0x30 | number(2) << 3 | qos << 1 | number(2), 2 + topic + (qos > 0 ? 2 : 0) + size);
  put16(topic);
  while (topic-- > 0) put_byte((uint8_t) "abc/+#\xc3\xa9"[number(8)]);
  if (qos > 0) put16(++s_id);
  while (size-- > 0) put_byte(number(256));
  return qos > 0 ? 4 : 0;
}

static void exchange(void) {
  char answer[64];
  size_t wanted = 0, got = 0;
  if (s_case++ == 0) connect_client();
  s_received = 0;
  for (uint32_t n = 1 + number(5); n > 0; n--) wanted += packet();
  for (size_t i = 0, size; i < len; i += size) {
    size = one_in(3) ? len - i : 1 + number(one_in(2) ? 6 : (uint32_t) (len - i));
    if (size > len - i) size = len - i;
    if (send(s_fd, text + i, size, MSG_NOSIGNAL) != (ssize_t) size) exit(1);
    for (int k = 0; k < 500 && s_received < i + size; k++) mg_mgr_poll(&s_mgr, 10);
  }
  for (int k = 0; k < 500 && got < wanted; k++) {
    ssize_t n = recv(s_fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT);
    if (n > 0) got += (size_t) n;
    else mg_mgr_poll(&s_mgr, 1);
  }
  result("wanted", (long long) wanted), bytes("answer", answer, got);
  if (s_case == CASES_PER_BLOCK) {
    close(s_fd);
    for (int k = 0; k < 10; k++) mg_mgr_poll(&s_mgr, 1);
    s_case = 0;
  }
}

int main(int argc, char *argv[]) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  run_blocks(argc, argv, "packets", 8, exchange);
  mg_mgr_free(&s_mgr);
  return 0;
}
