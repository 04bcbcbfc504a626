// The frames that mg_ws_send(), mg_ws_printf(), mg_ws_vprintf() and mg_ws_wrap() make, byte for byte,
// on server and client connections. Client frames are shown unmasked; their masking keys must differ.

#include "mongoose.h"

static struct mg_connection s_conn;

static void print_hex(const char *label, const uint8_t *p, size_t n) {
  printf("%s: %zu bytes", label, n);
  for (size_t i = 0; i < n && i < 24; i++) printf(" %02x", p[i]);
  if (n > 24) {
    uint32_t sum = 0;
    for (size_t i = 24; i < n; i++) sum = sum * 31 + p[i];
    printf(" ... %08x", sum);
  }
  printf("\n");
}

// Prints what is in the send buffer from `start` on as one frame, unmasked, with zeros for the key.
static void show(const char *label, size_t start) {
  uint8_t *p = s_conn.send.buf + start, key[4] = {0};
  size_t n = s_conn.send.len - start, header = 2;
  if (n < 2) {
    print_hex(label, p, n);
    return;
  }
  if ((p[1] & 127) == 126) header = 4;
  if ((p[1] & 127) == 127) header = 10;
  if (p[1] & 128) {
    memcpy(key, p + header, 4), memset(p + header, 0, 4), header += 4;
    for (size_t i = header; i < n; i++) p[i] ^= key[(i - header) & 3];
  }
  print_hex(label, p, n);
}

static size_t vprint(int op, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t n = mg_ws_vprintf(&s_conn, op, fmt, &ap);
  va_end(ap);
  return n;
}

static void reset(bool client) {
  mg_iobuf_free(&s_conn.send);
  memset(&s_conn, 0, sizeof(s_conn));
  s_conn.is_client = client;
}

static void each(const char *role, bool client) {
  static char data[200000];
  char label[100];
  const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 200000};
  const int ops[] = {0, 1, 2, 8, 9, 10, 3, 15, 16, 0x41, 0x80, 0x81, 0x101, -1};
  for (size_t i = 0; i < sizeof(data); i++) data[i] = (char) (i * 7 + (i >> 8));
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    reset(client);
    size_t n = mg_ws_send(&s_conn, data, sizes[i], WEBSOCKET_OP_BINARY);
    snprintf(label, sizeof(label), "%s sends %zu bytes, returns %zu", role, sizes[i], n);
    show(label, 0);
    reset(client);
    mg_send(&s_conn, "before", 6), mg_send(&s_conn, data, sizes[i]);
    n = mg_ws_wrap(&s_conn, sizes[i], WEBSOCKET_OP_TEXT);
    snprintf(label, sizeof(label), "%s wraps %zu bytes, returns %zu", role, sizes[i], n);
    show(label, 6);
    snprintf(label, sizeof(label), "%s wraps %zu bytes, in front", role, sizes[i]);
    print_hex(label, s_conn.send.buf, 6);
    reset(client);
    n = mg_ws_printf(&s_conn, WEBSOCKET_OP_TEXT, "%.*s", (int) sizes[i], "text");
    snprintf(label, sizeof(label), "%s prints at most %zu characters, returns %zu", role, sizes[i], n);
    show(label, 0);
  }
  for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
    reset(client);
    size_t n = mg_ws_send(&s_conn, "hello", 5, ops[i]);
    snprintf(label, sizeof(label), "%s opcode %d, returns %zu", role, ops[i], n);
    show(label, 0);
  }
  reset(client);
  size_t n = mg_ws_printf(&s_conn, WEBSOCKET_OP_TEXT, "{%m:%d,%m:%g}", MG_ESC("a"), 5, MG_ESC("b"), 0.5);
  snprintf(label, sizeof(label), "%s prints JSON, returns %zu", role, n), show(label, 0);
  reset(client);
  n = vprint(WEBSOCKET_OP_BINARY, "%s-%c-%x", "text", 'c', 255);
  snprintf(label, sizeof(label), "%s prints from a list, returns %zu", role, n), show(label, 0);
  reset(client);
  n = mg_ws_printf(&s_conn, WEBSOCKET_OP_PING, "%s", "");
  snprintf(label, sizeof(label), "%s prints nothing, returns %zu", role, n), show(label, 0);
  reset(client);
  n = mg_ws_send(&s_conn, NULL, 0, WEBSOCKET_OP_PONG);
  snprintf(label, sizeof(label), "%s sends NULL, returns %zu", role, n), show(label, 0);

  // Fragments, as programs make them: the first byte of a frame is overwritten.
  reset(client);
  size_t start = s_conn.send.len;
  mg_ws_send(&s_conn, "AB", 2, WEBSOCKET_OP_TEXT);
  s_conn.send.buf[start] = WEBSOCKET_OP_TEXT;
  snprintf(label, sizeof(label), "%s first fragment", role), show(label, start);
  start = s_conn.send.len;
  mg_ws_send(&s_conn, "CD", 2, WEBSOCKET_OP_CONTINUE);
  snprintf(label, sizeof(label), "%s last fragment", role), show(label, start);

  // Each frame starts where mg_ws_wrap() said that the one before ended.
  reset(client);
  mg_printf(&s_conn, "one"), start = mg_ws_wrap(&s_conn, 3, WEBSOCKET_OP_TEXT);
  mg_printf(&s_conn, "three"), n = mg_ws_wrap(&s_conn, s_conn.send.len - start, WEBSOCKET_OP_TEXT);
  snprintf(label, sizeof(label), "%s second of two wrapped, at %zu of %zu", role, start, n), show(label, start);
}

// The payload comes from the buffer that the frame goes to.
static void own_buffer(bool client) {
  reset(client);
  mg_send(&s_conn, "0123456789abcdef", 16);
  size_t n = mg_ws_send(&s_conn, s_conn.send.buf + 4, 12, WEBSOCKET_OP_TEXT);
  printf("%s payload from the send buffer: returns %zu, sent %zu\n", client ? "client" : "server", n, s_conn.send.len);
}

static void keys(void) {
  static uint8_t seen[1000][4];
  int equal = 0, zero = 0;
  reset(true);
  for (size_t i = 0; i < 1000; i++) {
    mg_ws_send(&s_conn, "", 0, WEBSOCKET_OP_TEXT);
    memcpy(seen[i], s_conn.send.buf + i * 6 + 2, 4);
    zero += memcmp(seen[i], "\0\0\0\0", 4) == 0;
    for (size_t k = 0; k < i; k++) equal += memcmp(seen[i], seen[k], 4) == 0;
  }
  printf("keys of 1000 frames: %s\n", equal < 3 && zero < 3 ? "all different" : "repeated");
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  each("server", false);
  each("client", true);
  own_buffer(false), own_buffer(true);
  keys();
  reset(false);
  return 0;
}
