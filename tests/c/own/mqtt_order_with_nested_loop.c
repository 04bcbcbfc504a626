// Handlers that run the loop receive more packets meanwhile; all of them are delivered once and in order. The reference
// delivers the packet at hand again in the inner loop.

#include "mongoose.h"

#define CHECK(x) ((x) ? (void) 0 : (printf("%d: %s\n", __LINE__, #x), exit(1)))

enum { MOST = 60000 };

static int s_fd, s_depth;
static unsigned s_sent, s_msgs;

// Sends up to `count` numbered packets.
static void send_more(unsigned count) {
  static char buf[9 * MOST];
  size_t len = 0, done = 0;
  for (; count > 0 && s_sent < MOST; count--, s_sent++) {
    memcpy(buf + len, "\x30\x07\x00\x01t", 5), memcpy(buf + len + 5, &s_sent, 4), len += 9;
  }
  while (done < len) {
    ssize_t n = send(s_fd, buf + done, len - done, MSG_NOSIGNAL);
    CHECK(n > 0);
    done += (size_t) n;
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_OPEN && !c->is_listening) c->is_full = 1;
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
  if (ev == MG_EV_MQTT_MSG) {
    CHECK(m->data.len == 4 && memcmp(m->data.buf, &s_msgs, 4) == 0);
    s_msgs++;
  }
  if ((ev == MG_EV_MQTT_MSG || ev == MG_EV_MQTT_CMD) && s_msgs % 500 == 0 && s_depth == 0) {
    s_depth++;
    send_more(700);
    for (int i = 0; i < 2; i++) mg_mgr_poll(c->mgr, 1);
    s_depth--;
  }
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", server, NULL), *c;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(s_fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  for (int k = 0; k < 500 && mgr.conns == l; k++) mg_mgr_poll(&mgr, 10);
  c = mgr.conns;
  CHECK(c != l);
  // Enough in one buffer for the library to set some of it aside.
  for (unsigned i = 0; i < 20000; i++, s_sent++) {
    char packet[9] = "\x30\x07\x00\x01t";
    memcpy(packet + 5, &s_sent, 4);
    mg_iobuf_add(&c->recv, c->recv.len, packet, sizeof(packet));
  }
  c->is_full = 0;
  send_more(1);
  for (int k = 0; k < 5000 && s_msgs < MOST; k++) {
    mg_mgr_poll(&mgr, 1);
    if (s_msgs == s_sent) send_more(3000);
  }
  CHECK(s_msgs == MOST);
  close(s_fd);
  mg_mgr_free(&mgr);
  return 0;
}
