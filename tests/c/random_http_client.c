// Random responses to a client: one to three of them at once, with bodies of known length, chunked or none, sent in pieces
// of random size. Compared are the messages that the client gets, and the bytes that are left.
//
// As in random_http_connection.c, chunked ones are not cut, and all cases of a block use one connection.

#include "random.h"

static size_t s_received;
static struct mg_mgr s_mgr;
static int s_fd, s_case;

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    struct mg_str *field = mg_http_get_header(hm, "X");
    result("status", mg_http_status(hm)), bytes("proto", hm->method.buf, hm->method.len), bytes("reason", hm->proto.buf, hm->proto.len);
    bytes("body", hm->body.buf, hm->body.len);
    if (field != NULL) bytes("field", field->buf, field->len);
  }
  if (ev == MG_EV_READ) s_received += *(size_t *) ev_data;
  if (ev == MG_EV_ERROR || ev == MG_EV_CLOSE) result("event", ev), result("left", (long long) c->recv.len);
}

static void connect_client(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof(addr);
  char url[60];
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (bind(listener, (struct sockaddr *) &addr, size) != 0 || listen(listener, 1) != 0) exit(1);
  getsockname(listener, (struct sockaddr *) &addr, &size);
  snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(addr.sin_port));
  mg_http_connect(&s_mgr, url, client, NULL);
  s_fd = accept(listener, NULL, NULL);
  setsockopt(s_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  close(listener);
  for (int k = 0; k < 5; k++) mg_mgr_poll(&s_mgr, 1);
}

static void content(uint32_t size) {
  while (size-- > 0) put_byte(one_in(4) ? (uint8_t) "\r\n0;"[number(4)] : number(256));
}

static void put_size(const char *fmt, uint32_t size) {
  char line[40];
  snprintf(line, sizeof(line), fmt, (unsigned) size);
  put(line);
}

static void response(bool chunked) {
  static const char *heads[] = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\n", "HTTP/1.1 201 Created\r\n", "HTTP/1.1 500 \r\n",
                                "HTTP/1.1 302 a b c\r\n"};
  static const char *sizes[] = {"%x\r\n", "%X\r\n", "%04x\r\n"};
  put(PICK(heads));
  if (one_in(2)) put("X: "), put_from("abc =;,", 20), put("\r\n");
  if (!chunked) {
    uint32_t size = one_in(50) ? number(8000) : one_in(3) ? 0 : number(60);
    put_size("Content-Length: %u\r\n\r\n", size), content(size);
    return;
  }
  put("Transfer-Encoding: chunked\r\n\r\n");
  for (uint32_t n = number(5); n > 0; n--) {
    uint32_t size = 1 + number(one_in(20) ? 300 : 30);
    put_size(PICK(sizes), size), content(size), put("\r\n");
  }
  put("0\r\n\r\n");
}

static void exchange(bool chunked) {
  if (s_case++ == 0) connect_client();
  s_received = 0;
  for (uint32_t n = 1 + number(3); n > 0; n--) response(chunked);
  for (size_t i = 0, size; i < len; i += size) {
    size = chunked || one_in(3) ? len - i : 1 + number(one_in(2) ? 20 : (uint32_t) (len - i));
    if (size > len - i) size = len - i;
    if (send(s_fd, text + i, size, MSG_NOSIGNAL) != (ssize_t) size) exit(1);
    for (int k = 0; k < 500 && s_received < i + size; k++) mg_mgr_poll(&s_mgr, 10);
  }
  if (s_case == CASES_PER_BLOCK) {
    close(s_fd);
    for (int k = 0; k < 10; k++) mg_mgr_poll(&s_mgr, 1);
    s_case = 0;
  }
}

static void with_length(void) {
  exchange(false);
}

static void chunked(void) {
  exchange(true);
}

int main(int argc, char *argv[]) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  run_blocks(argc, argv, "responses", 4, with_length);
  run_blocks(argc, argv, "chunked", 4, chunked);
  mg_mgr_free(&s_mgr);
  return 0;
}
