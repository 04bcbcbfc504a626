// Conversations between a client and a server of the library, with a relay between them that splits the stream into segments
// and cuts it. For the tests own/relay_*.c.

#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <netinet/tcp.h>
#include "mongoose.h"
#include "tls_certs.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); complain(); exit(1); } } while (0)

// What one side saw, without READ and WRITE, which come as the stream does.
struct side {
  char trace[4000];
  size_t len;
  int opened, closed, failed;
};

static struct mg_mgr mgr;
static struct side server_side, client_side;
static const char *conversation_name;
static char big[3000];

static struct {
  struct mg_connection *listener;  // Where the client connects to: the relay.
  int client, server;              // Sockets of the relay, or -1.
  int accepting;
  uint16_t port, server_port;
  size_t segment;    // The most that is forwarded at once.
  size_t left;       // Bytes until the relay resets both sides.
  size_t forwarded;  // In both directions.
} relay;

static inline void complain(void) {
  printf("%s, after %lu bytes\n  client: %s\n  server: %s\n", conversation_name, (unsigned long) relay.forwarded, client_side.trace,
         server_side.trace);
}

static inline void add(struct side *side, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  side->len += (size_t) vsnprintf(side->trace + side->len, sizeof(side->trace) - side->len, fmt, ap);
  va_end(ap);
  CHECK(side->len < sizeof(side->trace));
}

static inline void note(struct mg_connection *c, struct side *side, int ev, void *ev_data) {
  if (c->is_listening || c->is_udp) return;
  CHECK(side->closed < side->opened || ev == MG_EV_OPEN);
  if (ev == MG_EV_OPEN) side->opened++;
  if (ev == MG_EV_CLOSE) side->closed++;
  if (ev == MG_EV_ERROR) side->failed++, add(side, "ERROR(%s) ", (char *) ev_data);
  if (ev == MG_EV_TLS_HS) add(side, "TLS_HS ");
  if (ev == MG_EV_HTTP_HDRS || ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    add(side, "%s(%.*s %d", ev == MG_EV_HTTP_MSG ? "MSG" : "HDRS", (int) hm->uri.len, hm->uri.buf, (int) hm->head.len);
    if (ev == MG_EV_HTTP_MSG) add(side, " %lu %x", (unsigned long) hm->body.len, (unsigned) mg_crc32(0, hm->body.buf, hm->body.len));
    add(side, ") ");
  }
  if (ev == MG_EV_WS_OPEN) add(side, "WS_OPEN ");
  if (ev == MG_EV_WS_MSG || ev == MG_EV_WS_CTL) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    add(side, "WS(%x %lu %x) ", wm->flags, (unsigned long) wm->data.len, (unsigned) mg_crc32(0, wm->data.buf, wm->data.len));
  }
  if (ev == MG_EV_MQTT_OPEN) add(side, "MQTT_OPEN(%d) ", *(int *) ev_data);
  if (ev == MG_EV_MQTT_CMD || ev == MG_EV_MQTT_MSG) {
    struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
    add(side, "MQTT(%d %.*s %lu) ", mm->cmd, (int) mm->topic.len, mm->topic.buf, (unsigned long) mm->data.len);
  }
  if (ev == MG_EV_MODBUS_REQ) add(side, "MODBUS(%d) ", ((struct mg_modbus_req *) ev_data)->func);
}

static inline void http_server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, &server_side, ev, ev_data);
  if (c->is_tls && ev == MG_EV_ACCEPT) {
    struct mg_tls_opts opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
    mg_tls_init(c, &opts);
  }
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/stream"), NULL)) {
    mg_http_start_upload(c, hm, mg_str("streamed"), mg_str("."), NULL, NULL);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/ws"), NULL)) {
    mg_ws_upgrade(c, hm, NULL);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/file"), NULL)) {
    struct mg_http_serve_opts opts = {.root_dir = "."};
    mg_http_serve_dir(c, hm, &opts);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/form"), NULL)) {
    struct mg_http_part part;
    for (size_t at = 0; (at = mg_http_next_multipart(hm->body, at, &part)) > 0;) {
      add(&server_side, "PART(%.*s %lu) ", (int) part.name.len, part.name.buf, (unsigned long) part.body.len);
    }
    mg_http_reply(c, 200, "", "form\n");
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    mg_http_printf_chunk(c, "%s", "first");
    mg_http_write_chunk(c, big, 500);
    mg_http_write_chunk(c, "", 0);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT);
  }
}

static inline void http_client(struct mg_connection *c, int ev, void *ev_data) {
  static int messages, wanted;
  note(c, &client_side, ev, ev_data);
  if (ev == MG_EV_CONNECT && c->is_tls) {
    struct mg_tls_opts opts = {.ca = mg_str(CA_CERT)};
    mg_tls_init(c, &opts);
  }
  if (ev == MG_EV_CONNECT) {
    const char *text = (const char *) c->fn_data;
    mg_send(c, text, strlen(text));
    messages = wanted = 0;
    for (const char *at = text; (at = strstr(at, "HTTP/1.1\r\n")) != NULL; at++) wanted++;
  }
  if (ev == MG_EV_HTTP_MSG && ++messages == wanted) c->is_draining = 1;
}

static inline void ws_client(struct mg_connection *c, int ev, void *ev_data) {
  static int messages;
  note(c, &client_side, ev, ev_data);
  if (ev == MG_EV_WS_OPEN) {
    messages = 0;
    mg_ws_send(c, "small", 5, WEBSOCKET_OP_TEXT);
    mg_ws_send(c, "ping", 4, WEBSOCKET_OP_PING);
    mg_ws_send(c, big, 1000, WEBSOCKET_OP_BINARY);
    // Two fragments.
    mg_ws_send(c, "frag", 4, WEBSOCKET_OP_TEXT);
    c->send.buf[c->send.len - 10] &= 0x7f;
    mg_ws_send(c, "ment", 4, WEBSOCKET_OP_CONTINUE);
  }
  if (ev == MG_EV_WS_MSG && ++messages == 3) mg_ws_send(c, "\x03\xe8", 2, WEBSOCKET_OP_CLOSE);
}

static inline void mqtt_broker(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
  note(c, &server_side, ev, ev_data);
  if (ev != MG_EV_MQTT_CMD) return;
  if (mm->cmd == MQTT_CMD_CONNECT) {
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, 3);
    mg_send(c, "\0\0\0", 3);
  } else if (mm->cmd == MQTT_CMD_PUBLISH) {
    struct mg_mqtt_opts opts = {.topic = mm->topic, .message = mm->data, .qos = mm->qos, .version = 5};
    mg_mqtt_pub(c, &opts);
  } else if (mm->cmd == MQTT_CMD_PINGREQ) {
    mg_mqtt_pong(c);
  }
}

static inline void mqtt_client(struct mg_connection *c, int ev, void *ev_data) {
  static unsigned seen;
  struct mg_mqtt_prop props[] = {{.id = MQTT_PROP_USER_PROPERTY, .key = mg_str("k"), .val = mg_str("v")}};
  struct mg_mqtt_opts opts = {.topic = mg_str("topic"), .message = mg_str(big), .version = 5, .props = props, .num_props = 1};
  note(c, &client_side, ev, ev_data);
  if (ev == MG_EV_MQTT_OPEN) {
    seen = 0;
    for (opts.qos = 0; opts.qos < 3; opts.qos++) mg_mqtt_pub(c, &opts), opts.message = mg_str("small");
    mg_mqtt_ping(c);
  }
  // The end is when both messages of QoS 2 are through, and the ping is answered.
  if (ev == MG_EV_MQTT_CMD) {
    unsigned last = 1u << MQTT_CMD_PUBREL | 1u << MQTT_CMD_PUBCOMP | 1u << MQTT_CMD_PINGRESP;
    seen |= 1u << ((struct mg_mqtt_message *) ev_data)->cmd;
    if ((seen & last) == last) mg_mqtt_disconnect(c, &opts), c->is_draining = 1, seen = 0;
  }
}

static inline void modbus_server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, &server_side, ev, ev_data);
}

static inline void modbus_client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, &client_side, ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_send(c, "\0\1\0\0\0\6\1\3\0\0\0\1\0\2\0\0\0\6\1\3\0\0\0\2", 24);
  if (ev == MG_EV_READ && c->recv.len == 11 + 13) {
    add(&client_side, "ANSWERS(%x) ", (unsigned) mg_crc32(0, (char *) c->recv.buf, c->recv.len));
    c->is_draining = 1;
  }
}

// The server of the name server's conversation: the client is the library's resolver.
static inline void name_server(struct mg_connection *c, int ev, void *ev_data) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1};
  uint8_t buf[600];
  size_t len = c->recv.len;
  note(c, &server_side, ev, ev_data);
  if (ev != MG_EV_READ || len < 2 || len < 2u + c->recv.buf[1] || len > 500) return;
  memcpy(buf, c->recv.buf, len);
  memcpy(buf + len, record, sizeof(record));
  c->recv.len = 0;
  buf[4] = 0x81, buf[5] = 0x80, buf[9] = 1, buf[1] = (uint8_t) (buf[1] + sizeof(record));
  add(&server_side, "QUESTION(%lu) ", (unsigned long) len);
  mg_send(c, buf, len + sizeof(record));
}

static inline void resolved(struct mg_connection *c, int ev, void *ev_data) {
  note(c, &client_side, ev, ev_data);
  if (ev == MG_EV_RESOLVE) add(&client_side, "RESOLVE "), c->is_closing = 1;
}

static inline const char *url(const char *scheme, const char *path) {
  static char text[100];
  mg_snprintf(text, sizeof(text), "%s://127.0.0.1:%u%s", scheme, mg_ntohs(relay.port), path);
  return text;
}

static inline void request(const char *text) {
  mg_http_connect(&mgr, url("http", ""), http_client, (void *) text);
}

static inline void start_post(void) {
  request("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello worldGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
}

static inline void start_chunked(void) {
  request("POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n006;a=b\r\n world\r\n0\r\nT: v\r\n\r\n");
}

static inline void start_form(void) {
  request("POST /form HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=xyz\r\nContent-Length: 119\r\n\r\n"
          "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\none\r\n--xyz\r\nContent-Disposition: form-data; name=b\r\n\r\ntwo\r\n--xyz--\r\n\r\n");
}

static inline void start_file(void) {
  request("GET /file HTTP/1.1\r\n\r\n");
}

static inline void start_upload(void) {
  request("POST /stream HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello world");
}

static inline void start_https(void) {
  mg_http_connect(&mgr, url("https", ""), http_client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world");
}

static inline void start_ws(void) {
  mg_ws_connect(&mgr, url("ws", "/ws"), ws_client, NULL, NULL);
}

static inline void start_mqtt(void) {
  struct mg_mqtt_opts opts = {.client_id = mg_str("me"), .user = mg_str("u"), .pass = mg_str("p"), .version = 5, .keepalive = 60};
  mg_mqtt_connect(&mgr, url("mqtt", ""), &opts, mqtt_client, NULL);
}

static inline void start_modbus(void) {
  mg_connect(&mgr, url("tcp", ""), modbus_client, NULL);
}

static inline void start_dns(void) {
  static char server[100];
  snprintf(server, sizeof(server), "%s", url("tcp", ""));
  mgr.dns4.url = server;
  mgr.dnstimeout = 1000;
  mg_connect(&mgr, "tcp://name.example:1", resolved, NULL);
}

static const struct conversation {
  const char *name, *scheme;
  struct mg_connection *(*listen)(struct mg_mgr *, const char *, mg_event_handler_t, void *);
  mg_event_handler_t server;
  void (*start)(void);
  bool kept;  // The library keeps the connection.
} conversations[] = {
    {"request with a body, then another", "http", mg_http_listen, http_server, start_post, false},
    {"chunked request and response", "http", mg_http_listen, http_server, start_chunked, false},
    {"form", "http", mg_http_listen, http_server, start_form, false},
    {"file", "http", mg_http_listen, http_server, start_file, false},
    {"streamed upload", "http", mg_http_listen, http_server, start_upload, false},
    {"websocket", "http", mg_http_listen, http_server, start_ws, false},
    {"MQTT", "mqtt", mg_mqtt_listen, mqtt_broker, start_mqtt, false},
    {"HTTPS", "https", mg_http_listen, http_server, start_https, false},
    {"Modbus", "tcp", mg_modbus_listen, modbus_server, start_modbus, false},
    {"DNS over TCP", "tcp", mg_listen, name_server, start_dns, true},
};

static inline int open_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 200; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static inline void relay_close(int *fd, bool reset) {
  struct linger hard = {1, 0};
  if (*fd < 0) return;
  if (reset) setsockopt(*fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close(*fd);
  *fd = -1;
}

static inline void forward(int *from, int *to) {
  static char buf[1 << 16];
  size_t size = relay.segment < relay.left ? relay.segment : relay.left;
  if (*from < 0 || *to < 0) return;
  ssize_t n = size == 0 ? -1 : recv(*from, buf, size, MSG_DONTWAIT);
  if (n > 0) {
    send(*to, buf, (size_t) n, MSG_NOSIGNAL);
    relay.forwarded += (size_t) n;
    relay.left -= (size_t) n;
  } else if (n == 0 || (n < 0 && size > 0 && errno != EAGAIN)) {
    relay_close(from, false);
    relay_close(to, n < 0);
  }
}

// One step of the relay.
static inline void relay_step(void) {
  if (relay.client < 0 && relay.server < 0 && (relay.client = accept4(relay.accepting, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = relay.server_port};
    int on = 1;
    relay.server = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(relay.server, (struct sockaddr *) &addr, sizeof(addr)) == 0);
    setsockopt(relay.server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(relay.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  if (relay.left == 0) relay_close(&relay.client, true), relay_close(&relay.server, true);
  forward(&relay.client, &relay.server);
  forward(&relay.server, &relay.client);
}

static inline bool over(void) {
  return client_side.opened > 0 && client_side.closed == client_side.opened && server_side.closed == server_side.opened &&
         relay.client < 0 && relay.server < 0;
}

static inline void echo(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
  (void) ev_data;
}

// Runs a conversation to its end, in segments of a size, cut after so many bytes.
static inline void converse(const struct conversation *c, size_t segment, size_t cut) {
  char text[50];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(addr);
  conversation_name = c->name;
  memset(&server_side, 0, sizeof(server_side));
  memset(&client_side, 0, sizeof(client_side));
  mg_mgr_init(&mgr);
  mg_snprintf(text, sizeof(text), "%s://127.0.0.1:0", c->scheme);
  relay.server_port = c->listen(&mgr, text, c->server, NULL)->loc.port;
  addr.sin_port = mg_listen(&mgr, "tcp://127.0.0.1:0", echo, NULL)->loc.port;
  int bystander = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(bystander, (struct sockaddr *) &addr, size) == 0);
  addr.sin_port = 0;
  relay.accepting = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  CHECK(bind(relay.accepting, (struct sockaddr *) &addr, size) == 0 && listen(relay.accepting, 10) == 0);
  getsockname(relay.accepting, (struct sockaddr *) &addr, &size);
  relay.port = addr.sin_port;
  relay.client = relay.server = -1;
  relay.segment = segment, relay.left = cut, relay.forwarded = 0;
  c->start();
  // A poll that waits a little when nothing was forwarded, so that the other ends are heard of.
  for (int idle = 0; idle < 3000 && !over();) {
    size_t before = relay.forwarded;
    relay_step();
    mg_mgr_poll(&mgr, 0);
    if (c->kept && client_side.closed > 0) relay_close(&relay.client, false), relay_close(&relay.server, false);
    mg_mgr_poll(&mgr, relay.forwarded == before && ++idle % 10 == 0 ? 1 : 0);
  }
  CHECK(over());
  char answer[4] = "";
  CHECK(send(bystander, "you", 3, 0) == 3);
  for (int i = 0; i < 200 && recv(bystander, answer, 3, MSG_DONTWAIT) != 3; i++) mg_mgr_poll(&mgr, 1);
  CHECK(strcmp(answer, "you") == 0);
  relay_close(&bystander, false);
  relay_close(&relay.accepting, false);
  mg_mgr_free(&mgr);
  CHECK(mgr.conns == NULL);
}

static inline void relay_setup(void) {
  mg_log_set(MG_LL_NONE);
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();
  memset(big, 'x', sizeof(big) - 1);
  mg_file_write(&mg_fs_posix, "file", big, sizeof(big));
}
