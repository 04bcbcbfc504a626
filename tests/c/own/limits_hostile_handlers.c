// Handlers that do whatever they like when a limit is exceeded, and elsewhere: close themselves and others, change and
// drop limits, send, replace handlers, run the loop. Peers stall, drip, flood and do not read.

#include "../limits.h"

enum { CONNECTIONS = 40, ROUNDS = 1500 };

static struct mg_mgr s_mgr;
static struct mg_connection *s_listeners[3];
static int s_depth;
static unsigned s_errors;
static uint64_t s_seed = 1;

static unsigned rnd(unsigned n) {
  s_seed = s_seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned) (s_seed >> 33) % n;
}

static struct mg_limits any(void) {
  struct mg_limits l = {.size = sizeof(l)};
  if (rnd(2)) l.recv_size = 1 + rnd(20000);
  if (rnd(2)) l.send_size = 1 + rnd(200000);
  if (rnd(2)) l.header_size = 1 + rnd(100);
  if (rnd(4) == 0) l.header_count = 1 + rnd(3);
  if (rnd(2)) l.body_size = 1 + rnd(1000);
  if (rnd(2)) l.message_size = 1 + rnd(200);
  if (rnd(3)) l.connections = 5 + rnd(20);
  if (rnd(2)) l.header_timeout = 1 + rnd(20);
  if (rnd(2)) l.body_timeout = 1 + rnd(20), l.body_rate = rnd(3) * 1000;
  if (rnd(2)) l.write_timeout = 1 + rnd(20);
  if (rnd(2)) l.idle_timeout = 1 + rnd(30);
  if (rnd(20) == 0) l.idle_timeout = l.body_timeout = UINT64_MAX;
  return l;
}

static struct mg_connection *pick(void) {
  int n = 0;
  struct mg_connection *c;
  for (c = s_mgr.conns; c != NULL; c = c->next) n++;
  if (n == 0) return NULL;
  n = (int) rnd((unsigned) n);
  for (c = s_mgr.conns; n > 0; n--) c = c->next;
  return c->is_listening ? NULL : c;
}

static void act(struct mg_connection *c, int ev) {
  static char data[60000];
  struct mg_limits l = any();
  struct mg_connection *other = pick();
  switch (rnd(18)) {
    case 0: mg_close_conn(c); break;
    case 1: if (other != NULL) mg_close_conn(other); break;
    case 2: mg_conn_set_limits(c, &l); break;
    case 3: mg_conn_set_limits(c, NULL); break;
    case 4: if (other != NULL) mg_conn_set_limits(other, &l); break;
    case 5: mg_mgr_set_limits(&s_mgr, rnd(3) ? &l : NULL); break;
    case 6: mg_conn_set_limits(s_listeners[rnd(3)], rnd(3) ? &l : NULL); break;
    case 7: if (s_depth < 3) s_depth++, mg_mgr_poll(&s_mgr, (int) rnd(3)), s_depth--; break;
    case 8: mg_send(c, data, rnd(sizeof(data))); break;
    case 9: if (other != NULL) mg_send(other, data, rnd(sizeof(data))); break;
    case 10: mg_http_reply(c, 200, "", "%.*s", (int) rnd(1000), "text"); break;
    case 11: mg_ws_send(c, data, rnd(1000), WEBSOCKET_OP_BINARY); break;
    case 12: mg_error(c, "enough"); break;
    case 13: c->is_full = rnd(2); break;
    case 14: c->is_draining = 1; break;
    case 15: mg_iobuf_free(&c->recv); break;
    case 16: if (ev == MG_EV_ERROR) c->pfn = NULL; break;
    case 17: mg_conn_get_limits(c, &l); break;
  }
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ERROR) s_errors++;
  if (ev == MG_EV_HTTP_MSG && rnd(4) == 0) {
    mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  } else if (ev == MG_EV_HTTP_MSG && rnd(2)) {
    mg_http_reply(c, 200, "", "ok");
  } else if (ev == MG_EV_ERROR || (ev != MG_EV_POLL && rnd(3) == 0) || rnd(200) == 0) {
    act(c, ev);
  }
}

static void peer(int *fd) {
  static char text[20000];
  static const char *said[] = {"GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 300\r\n\r\nabc", "GET / HT",
                               "\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
                               "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n", "\x30\x04\x00\x01t!", "a: b\r\n",
                               "\x10\x0d\0\x04MQTT\x05\x02\0\x3c\0\0"};
  size_t which = rnd(sizeof(said) / sizeof(said[0]));
  if (*fd < 0) {
    struct mg_connection *l = s_listeners[rnd(3)];
    struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(*fd, (struct sockaddr *) &addr, sizeof(addr));
  }
  switch (rnd(8)) {
    case 0: close(*fd), *fd = -1; break;
    case 1: send(*fd, text, rnd(sizeof(text)), MSG_NOSIGNAL); break;
    case 2: case 3: case 4: send(*fd, said[which], which == 8 ? 15 : strlen(said[which]), MSG_NOSIGNAL); break;
    case 5: if (recv(*fd, text, sizeof(text), 0) == 0) close(*fd), *fd = -1; break;
    default: break;
  }
}

int main(void) {
  int fds[CONNECTIONS];
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listeners[0] = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  s_listeners[1] = mg_mqtt_listen(&s_mgr, "mqtt://127.0.0.1:0", handler, NULL);
  s_listeners[2] = mg_listen(&s_mgr, "tcp://127.0.0.1:0", handler, NULL);
  memset(fds, 0xff, sizeof(fds));
  for (int i = 0; i < ROUNDS; i++) {
    if (i % 50 == 0) {
      struct mg_limits l = any();
      mg_mgr_set_limits(&s_mgr, &l);
      for (int k = 0; k < 3; k++) l = any(), mg_conn_set_limits(s_listeners[k], rnd(2) ? &l : NULL);
    }
    for (int k = 0; k < 5; k++) peer(&fds[rnd(CONNECTIONS)]);
    mg_mgr_poll(&s_mgr, (int) rnd(3));
  }
  CHECK(s_errors > 50);
  for (int i = 0; i < CONNECTIONS; i++) if (fds[i] >= 0) close(fds[i]);
  mg_mgr_set_limits(&s_mgr, NULL);
  for (int k = 0; k < 3; k++) mg_conn_set_limits(s_listeners[k], NULL);
  // The listeners serve on, and everything that was counted is given back.
  struct mg_limits one = {.size = sizeof(one), .connections = 1};
  for (int i = 0; i < 5; i++) {
    for (struct mg_connection *c = s_mgr.conns, *next; c != NULL; c = next) {
      next = c->next;
      if (!c->is_listening) mg_close_conn(c);
    }
    mg_mgr_poll(&s_mgr, 1);
  }
  mg_mgr_set_limits(&s_mgr, &one);
  for (int k = 0; k < 3; k++) {
    s_listeners[k]->fn = note;
    forget();
    int fd = dial(s_listeners[k]);
    WAIT_FOR(&s_mgr, s_seen.accepted == 1);
    close(fd);
    WAIT_FOR(&s_mgr, s_seen.closed == 1);
  }
  mg_mgr_free(&s_mgr);
  return 0;
}
