// Messages as large as the receive buffer may become, and larger ones, whole and in fragments.

#include "mongoose.h"

static size_t s_len, s_parts;
static uint32_t s_sum;
static int s_msgs;
static bool s_closed, s_open;
static char s_error[100];

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_OPEN) s_open = true;
  if (ev == MG_EV_WS_CTL) s_parts++;
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE) s_closed = true;
  if (ev != MG_EV_WS_MSG) return;
  s_msgs++, s_len = wm->data.len, s_sum = 0;
  for (size_t i = 0; i < wm->data.len; i++) s_sum = s_sum * 31 + (uint8_t) wm->data.buf[i];
}

// Sends a message of `size` bytes, each frame of at most `fragment` bytes.
static void run(const char *label, size_t size, size_t fragment) {
  static const char request[] = "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n";
  struct mg_mgr mgr;
  struct mg_iobuf out = {NULL, 0, 0, 1 << 20};
  size_t sent = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_len = s_sum = s_parts = 0, s_msgs = 0, s_open = s_closed = false, s_error[0] = '\0';
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
  for (int k = 0; k < 500 && !s_open; k++) mg_mgr_poll(&mgr, 10);
  for (size_t at = 0; at < size;) {
    size_t n = size - at < fragment ? size - at : fragment;
    uint8_t header[14] = {0x02, 0xff};
    if (at > 0) header[0] = 0;
    if (at + n == size) header[0] |= 0x80;
    for (int i = 0; i < 8; i++) header[2 + i] = (uint8_t) ((uint64_t) n >> (56 - 8 * i));
    for (int i = 0; i < 4; i++) header[10 + i] = (uint8_t) (i * 50 + 3);
    mg_iobuf_add(&out, out.len, header, sizeof(header));
    size_t start = out.len;
    mg_iobuf_add(&out, out.len, NULL, n);
    for (size_t i = 0; i < n; i++) out.buf[start + i] = (uint8_t) ((at + i) * 7) ^ header[10 + (i & 3)];
    at += n;
  }
  for (int idle = 0; idle < 2000 && !s_closed && s_msgs == 0; idle++) {
    ssize_t n;
    while ((n = send(fd, out.buf + sent, out.len - sent, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) sent += (size_t) n, idle = 0;
    mg_mgr_poll(&mgr, 1);
  }
  printf("%s: messages %d of %lu bytes, sum %08x, continuations %lu, error [%s], closed %d\n", label, s_msgs,
         (unsigned long) s_len, s_sum, (unsigned long) s_parts, s_error, s_closed);
  close(fd);
  mg_iobuf_free(&out);
  mg_mgr_free(&mgr);
}

int main(void) {
  enum { MAX = 3 * 1024 * 1024, HEADER = 14 };
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  run("1 MB", 1000000, MAX);
  run("1 MB in fragments of 10000", 1000000, 10000);
  run("frame as large as the buffer", MAX - HEADER, MAX);
  run("frame larger by 1", MAX - HEADER + 1, MAX);
  run("frame of 5 MB", 5000000, MAX * 2);
  run("3 MB in fragments of 100000", 3000000, 100000);
  run("4 MB in fragments of 100000", 4000000, 100000);
  return 0;
}
