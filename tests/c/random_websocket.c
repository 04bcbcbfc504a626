// Random WebSocket frames through a connection: messages in one or several frames, with pings between them, sent in pieces
// of random size. Compared are the events of the server, and the bytes that it sends back.
//
// The frames keep to the protocol; what does not is in own/ws_violations.c. All cases of a block use one connection.

#include "random.h"

static size_t s_received;
static bool s_open;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_OPEN) s_open = true;
  if (ev == MG_EV_WS_MSG || ev == MG_EV_WS_CTL) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    result(ev == MG_EV_WS_MSG ? "message" : "control", wm->flags);
    bytes("data", wm->data.buf, wm->data.len);
    if (ev == MG_EV_WS_MSG) mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
  if (ev == MG_EV_READ && c->is_websocket) s_received += *(size_t *) ev_data;
  if (ev == MG_EV_CLOSE && !c->is_listening) result("closed", 1);
}

static struct mg_mgr s_mgr;
static int s_fd;
static int s_case;

static void connect_client(void) {
  static const char request[] = "GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n";
  char last[4] = "";
  struct mg_connection *l = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int one = 1;
  s_fd = socket(AF_INET, SOCK_STREAM, 0), s_open = false, s_received = 0;
  connect(s_fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(s_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  send(s_fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
  for (int k = 0; k < 500 && !s_open; k++) mg_mgr_poll(&s_mgr, 10);
  for (int k = 0; k < 5; k++) mg_mgr_poll(&s_mgr, 0);
  while (memcmp(last, "\r\n\r\n", 4) != 0) {
    memmove(last, last + 1, 3);
    if (recv(s_fd, last + 3, 1, 0) != 1) exit(1);
  }
}

// Appends a masked frame to the input.
static void frame(uint32_t first, const char *data, size_t size) {
  uint8_t key[4];
  put_byte(first);
  if (size < 126) {
    put_byte(0x80 | (uint32_t) size);
  } else if (size < 65536) {
    put_byte(0x80 | 126), put_byte((uint32_t) size >> 8), put_byte(size & 255);
  } else {
    put_byte(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) put_byte((uint64_t) size >> shift & 255);
  }
  for (int i = 0; i < 4; i++) key[i] = (uint8_t) number(256), put_byte(key[i]);
  for (size_t i = 0; i < size; i++) put_byte((uint8_t) data[i] ^ key[i & 3]);
}

// How long the frame is that carries so much back.
static size_t answer_size(size_t size) {
  return size + (size < 126 ? 2 : size < 65536 ? 4 : 10);
}

// Returns how many bytes answer it, as message() does.
static size_t control(void) {
  char data[125];
  size_t size = one_in(3) ? 0 : number(126);
  bool ping = one_in(2);
  for (size_t i = 0; i < size; i++) data[i] = (char) number(256);
  frame(ping ? 0x89 : 0x8a, data, size);
  return ping ? answer_size(size) : 0;
}

static size_t message(void) {
  static const size_t edges[] = {0, 1, 2, 125, 126, 127, 300, 1000};
  static char data[60000];
  uint32_t op = 1 + number(2), parts = one_in(2) ? 1 : 1 + number(4);
  size_t total = 0, answers = 0;
  for (uint32_t i = 0; i < parts; i++) {
    size_t size = one_in(200) ? number(12000) : one_in(2) ? PICK(edges) : number(60);
    for (size_t j = 0; j < size; j++) data[total + j] = (char) (op == 1 ? ' ' + number(95) : number(256));
    frame((i == 0 ? op : 0) | (i + 1 == parts ? 0x80 : 0), data + total, size);
    total += size;
    if (i + 1 < parts && one_in(3)) answers += control();
  }
  return answers + answer_size(total);
}

static void send_in_pieces(void) {
  for (size_t i = 0, size; i < len; i += size) {
    size = one_in(2) ? len - i : 1 + number(one_in(2) ? 8 : (uint32_t) (len - i));
    if (size > len - i) size = len - i;
    if (send(s_fd, text + i, size, MSG_NOSIGNAL) != (ssize_t) size) exit(1);
    for (int k = 0; k < 500 && s_received < i + size; k++) mg_mgr_poll(&s_mgr, 10);
  }
}

static void exchange(void) {
  static char answer[sizeof(text)];
  size_t expected = 0, got = 0;
  if (s_case++ == 0) connect_client();
  for (uint32_t n = 1 + number(3); n > 0; n--) expected += one_in(4) ? control() : message();
  s_received = 0;
  send_in_pieces();
  for (int k = 0; k < 500 && got < expected; k++) {
    ssize_t n = recv(s_fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT);
    if (n > 0) got += (size_t) n;
    else mg_mgr_poll(&s_mgr, 1);
  }
  bytes("answer", answer, got);
  if (s_case == CASES_PER_BLOCK) {
    close(s_fd);
    for (int k = 0; k < 10; k++) mg_mgr_poll(&s_mgr, 0);
    s_case = 0;
  }
}

int main(int argc, char *argv[]) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  run_blocks(argc, argv, "frames", 20, exchange);
  mg_mgr_free(&s_mgr);
  return 0;
}
