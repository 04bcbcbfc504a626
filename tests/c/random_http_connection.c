// Random requests through a connection: one to four of them at once, with bodies of known length or chunked, sent in pieces
// of random size. Compared are the messages that the server gets, and the bytes that it sends back.
//
// Chunked requests are not cut: the reference takes a size line that arrives in two reads for an error
// (http_chunked_requests). All cases of a block use one connection.

#include "random.h"

static size_t s_received, s_answers;
static struct mg_mgr s_mgr;
static int s_fd, s_case;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    struct mg_str *field = mg_http_get_header(hm, "X");
    bytes("message", hm->method.buf, hm->method.len), bytes("uri", hm->uri.buf, hm->uri.len);
    bytes("query", hm->query.buf, hm->query.len), bytes("body", hm->body.buf, hm->body.len);
    if (field != NULL) bytes("field", field->buf, field->len);
    mg_http_reply(c, 200, "A: b\r\n", "%d", (int) hm->body.len % 10);
    s_answers++;
  }
  if (ev == MG_EV_READ) s_received += *(size_t *) ev_data;
  if (ev == MG_EV_ERROR || (ev == MG_EV_CLOSE && !c->is_listening)) result("event", ev);
}

static void connect_client(void) {
  struct mg_connection *l = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int one = 1;
  s_fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s_fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) exit(1);
  setsockopt(s_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void content(uint32_t size) {
  while (size-- > 0) put_byte(one_in(4) ? (uint8_t) "\r\n0;"[number(4)] : number(256));
}

static void put_size(const char *fmt, uint32_t size) {
  char line[40];
  snprintf(line, sizeof(line), fmt, (unsigned) size);
  put(line);
}

static void request(bool chunked) {
  static const char *methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
  put(PICK(methods)), put(" /"), put_from("abc/%.", 12), put(one_in(3) ? "?q=1" : ""), put(" HTTP/1.1\r\nHost: a\r\n");
  if (one_in(2)) put("X: "), put_from("abc =;,", 20), put("\r\n");
  if (!chunked) {
    uint32_t size = one_in(50) ? number(8000) : one_in(3) ? 0 : number(60);
    put_size("Content-Length: %u\r\n\r\n", size), content(size);
    return;
  }
  static const char *sizes[] = {"%x\r\n", "%X\r\n", "%03x\r\n"};
  put("Transfer-Encoding: chunked\r\n\r\n");
  for (uint32_t n = number(5); n > 0; n--) {
    uint32_t size = 1 + number(one_in(20) ? 300 : 30);
    put_size(PICK(sizes), size), content(size), put("\r\n");
  }
  put("0\r\n\r\n");
}

static void exchange(size_t wanted, bool chunked) {
  static char answer[4096];
  const size_t answer_size = strlen("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1          \r\n\r\n0");
  size_t got = 0;
  if (s_case++ == 0) connect_client();
  s_received = s_answers = 0;
  for (size_t i = 0; i < wanted; i++) request(chunked);
  for (size_t i = 0, size; i < len; i += size) {
    size = chunked || one_in(3) ? len - i : 1 + number(one_in(2) ? 20 : (uint32_t) (len - i));
    if (size > len - i) size = len - i;
    if (send(s_fd, text + i, size, MSG_NOSIGNAL) != (ssize_t) size) exit(1);
    for (int k = 0; k < 500 && s_received < i + size; k++) mg_mgr_poll(&s_mgr, 10);
  }
  for (int k = 0; k < 500 && got < wanted * answer_size; k++) {
    ssize_t n = recv(s_fd, answer + got, sizeof(answer) - got, MSG_DONTWAIT);
    if (n > 0) got += (size_t) n;
    else mg_mgr_poll(&s_mgr, 1);
  }
  result("answers", (long long) s_answers), bytes("answer", answer, got);
  if (s_case == CASES_PER_BLOCK) {
    close(s_fd);
    for (int k = 0; k < 10; k++) mg_mgr_poll(&s_mgr, 0);
    s_case = 0;
  }
}

static void with_length(void) {
  exchange(1 + number(4), false);
}

static void chunked(void) {
  exchange(1 + number(2), true);
}

int main(int argc, char *argv[]) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  run_blocks(argc, argv, "requests", 6, with_length);
  run_blocks(argc, argv, "chunked", 20, chunked);
  mg_mgr_free(&s_mgr);
  return 0;
}
