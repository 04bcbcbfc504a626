// MG_EV_ERROR in the middle of what the library does for a connection, because an answer of its own does not fit into
// `send_size`: whatever its handler does, there is one of it, nothing follows MG_EV_CLOSE, and no event brings memory that is gone.

#include "mongoose.h"
#include "../tls_certs.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static enum { NOTHING, FREE_INPUT, CLOSE, REVIVE } s_how;
static int s_errors, s_closes, s_messages;
static char s_error[64];

static uint32_t sum(struct mg_str s) {
  return mg_crc32(0, s.buf, s.len);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  CHECK(s_closes == 0);
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_OPEN) {
    struct mg_limits limits = {.size = sizeof(limits), .send_size = 1};
    CHECK(mg_conn_set_limits(c, &limits));
  }
  if (ev == MG_EV_ERROR) {
    s_errors++;
    snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
    if (s_how == FREE_INPUT || s_how == REVIVE) mg_iobuf_free(&c->recv);
    if (s_how == REVIVE) c->is_closing = 0;
    if (s_how == CLOSE) mg_close_conn(c);
  }
  // The sanitizers see whether this memory is there.
  if (ev == MG_EV_WS_CTL) s_messages += sum(((struct mg_ws_message *) ev_data)->data) != 1;
  if (ev == MG_EV_MQTT_MSG) s_messages += sum(((struct mg_mqtt_message *) ev_data)->data) != 1;
  if (ev == MG_EV_MQTT_CMD) CHECK(sum(((struct mg_mqtt_message *) ev_data)->dgram) != 1);
  if (ev == MG_EV_CLOSE) s_closes++;
}

typedef struct mg_connection *(*listen_t)(struct mg_mgr *, const char *, mg_event_handler_t, void *);

static void run(const char *label, listen_t listen, struct mg_limits limits, const char *first, size_t first_len, const char *text, size_t len, int ms) {
  for (s_how = NOTHING; s_how <= REVIVE; s_how++) {
    struct mg_mgr mgr;
    mg_mgr_init(&mgr);
    limits.size = sizeof(limits);
    CHECK(mg_mgr_set_limits(&mgr, &limits));
    s_errors = s_closes = s_messages = 0;
    struct mg_connection *listener = listen(&mgr, "tcp://127.0.0.1:0", handler, NULL);
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = listener->loc.port};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
    CHECK(send(fd, first, first_len, MSG_NOSIGNAL) == (ssize_t) first_len);
    for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
    CHECK(send(fd, text, len, MSG_NOSIGNAL) == (ssize_t) len);
    for (int i = 0; i < 500 && s_errors == 0; i++) mg_mgr_poll(&mgr, ms);
    for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
    printf("%s, %d: %d errors, the last \"%s\", %d messages, %d closes\n", label, s_how, s_errors, s_error, s_messages, s_closes);
    CHECK(s_errors == 1 || s_how == REVIVE);
    CHECK(strcmp(s_error, "send limit") == 0 || s_how == REVIVE);
    CHECK(s_closes == 1 || s_how == REVIVE);
    close(fd);
    mg_mgr_free(&mgr);
  }
}

#define TEXT(text) text, sizeof(text) - 1

// Encrypted output, of which some has left when the limit is noticed.
static size_t s_got;
static bool s_failed, s_bye;
static struct mg_connection *s_reader;

static void overflowing(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) {
    struct mg_tls_opts opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
    struct mg_limits limits = {.size = sizeof(limits), .send_size = 100000};
    int size = 4096;
    mg_tls_init(c, &opts);
    setsockopt((int) (size_t) c->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    CHECK(mg_conn_set_limits(c, &limits));
  }
  if (ev == MG_EV_READ && !s_failed) {
    static char big[3000000];
    c->recv.len = 0;
    mg_iobuf_add(&c->send, c->send.len, big, sizeof(big));
  }
  if (ev == MG_EV_ERROR) {
    s_failed = true;
    mg_iobuf_free(&c->send);
    c->is_closing = 0;
    mg_send(c, "goodbye", 7);
  }
  (void) ev_data;
}

static void reader(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_tls_init(c, NULL);
  if (ev == MG_EV_TLS_HS) mg_send(c, "hi", 2), c->is_full = 1, s_reader = c;
  if (ev == MG_EV_READ) {
    s_got += c->recv.len;
    if (c->recv.len >= 7 && memcmp(c->recv.buf + c->recv.len - 7, "goodbye", 7) == 0) s_bye = true;
    c->recv.len = 0;
  }
  (void) ev_data;
}

static void tls(void) {
  struct mg_mgr mgr;
  char url[50];
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_listen(&mgr, "tcp://127.0.0.1:0", overflowing, NULL);
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  mg_connect(&mgr, url, reader, NULL);
  for (int i = 0; i < 2000 && !s_failed; i++) mg_mgr_poll(&mgr, 2);
  CHECK(s_failed && s_reader != NULL);
  s_reader->is_full = 0;
  for (int i = 0; i < 2000 && !s_bye; i++) mg_mgr_poll(&mgr, 2);
  printf("TLS: %lu bytes, what the handler sent arrives: %d\n", (unsigned long) s_got, s_bye);
  CHECK(s_bye);
  mg_mgr_free(&mgr);
}

int main(void) {
  const struct mg_limits none = {0}, small = {.send_size = 10};
  struct mg_limits header = small, body = small, time = small;
  header.header_size = 20, body.body_size = 3, time.header_timeout = 20;
  mg_log_set(MG_LL_NONE);
  run("ping", mg_http_listen, none,
      TEXT("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
      TEXT("\x89\x85\0\0\0\0hello"), 1);
  run("bad frame", mg_http_listen, none,
      TEXT("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
      TEXT("\xf9\x85\0\0\0\0hello"), 1);
  struct mg_limits tiny = {.send_size = 1};
  run("QoS 1", mg_mqtt_listen, tiny, TEXT("\x10\x0e\0\4MQTT\4\2\0\74\0\2ab"), TEXT("\x32\x0c\0\3abc\0\7hello"), 1);
  run("QoS 2", mg_mqtt_listen, tiny, TEXT("\x10\x0e\0\4MQTT\4\2\0\74\0\2ab"), TEXT("\x34\x0c\0\3abc\0\7hello"), 1);
  run("PUBREL", mg_mqtt_listen, tiny, TEXT("\x10\x0e\0\4MQTT\4\2\0\74\0\2ab"), TEXT("\x62\2\0\7"), 1);
  run("431", mg_http_listen, header, TEXT(""), TEXT("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), 1);
  run("413", mg_http_listen, body, TEXT(""), TEXT("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde"), 1);
  run("408", mg_http_listen, time, TEXT(""), TEXT("GET / HTTP/1.1\r\nHo"), 5);
  run("Modbus", mg_modbus_listen, small, TEXT(""), TEXT("\0\1\0\0\0\6\1\3\0\0\0\5"), 1);
  tls();
  return 0;
}
