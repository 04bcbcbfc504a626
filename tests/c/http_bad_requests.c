// What a server says to requests that it cannot accept: nothing, or 411. Answers that are queued still arrive.

#include "mongoose.h"

static bool s_closed;
static int s_messages, s_errors;

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_ERROR) s_errors++;
  if (ev == MG_EV_CLOSE) s_closed = true;
  if (ev == MG_EV_HTTP_MSG) s_messages++, mg_http_reply(c, 200, "", "ok");
  (void) ev_data;
}

static void run_bytes(const char *label, const char *request, size_t len) {
  static char answer[4096];
  struct mg_mgr mgr;
  int responses = 0, fin = 0;
  ssize_t n;
  size_t got = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_closed = false, s_messages = s_errors = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, request, len, MSG_NOSIGNAL);
  for (int k = 0; k < 40 && !fin && got < 1000; k++) {
    mg_mgr_poll(&mgr, 5);
    while (got < sizeof(answer) - 1 && (n = recv(fd, answer + got, sizeof(answer) - 1 - got, MSG_DONTWAIT)) >= 0) {
      got += (size_t) n;
      if (n == 0) {
        fin = 1;
        break;
      }
    }
  }
  answer[got] = '\0';
  for (char *p = answer; (p = strstr(p, "HTTP/1.1 ")) != NULL; p++) responses++;
  printf("%s: messages %d errors %d answers %s first [%.*s] %s\n", label, s_messages, s_errors,
         responses > 2 ? "many" : responses == 2 ? "2" : responses == 1 ? "1" : "0", (int) strcspn(answer, "\r"), answer,
         fin ? "closed" : "open");
  close(fd);
  mg_mgr_free(&mgr);
}

#define RUN(label, s) run_bytes(label, s, sizeof(s) - 1)
#define OK "GET / HTTP/1.1\r\n\r\n"

int main(void) {
  static char big[110000];
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  RUN("header without colon", "GET / HTTP/1.1\r\nA\r\n\r\n");
  RUN("header that is only a colon", "GET / HTTP/1.1\r\n:\r\n\r\n");
  RUN("negative length", "POST / HTTP/1.1\r\nContent-Length: -123\r\n\r\n");
  RUN("length of more than 64 bits", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n");
  RUN("two lengths", "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello");
  RUN("length and coding", "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello");
  RUN("chunk without size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n");
  RUN("no version", "GET /\r\n\r\n");
  RUN("NUL byte", "GET / HTTP/1.1\r\nA: \0\r\n\r\n");
  RUN("binary", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
  RUN("good, then bad", OK "garbage\r\n\r\n");
  RUN("bad, then good", "garbage\r\n\r\n" OK);
  RUN("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  RUN("the same host twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
  RUN("folded header", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n");
  RUN("bare carriage return", "GET / HTTP/1.1\rX\r\n\r\n");
  RUN("response 200", "HTTP/1.1 200 OK\r\n\r\n");
  RUN("response 200 without reason", "HTTP/1.1 200\r\n\r\n");
  RUN("response 305", "HTTP/1.1 305\r\n\r\n");
  RUN("response 100", "HTTP/1.1 100\r\n\r\n");
  RUN("response 304", "HTTP/1.1 304\r\n\r\n");
  RUN("response 204", "HTTP/1.1 204\r\n\r\n");
  RUN("response with a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  RUN("POST without length", "POST / HTTP/1.1\r\n\r\n");
  RUN("empty line first", "\r\n" OK);
  int n = sprintf(big, "GET / HTTP/1.1\r\nA: ");
  memset(big + n, 'x', 100000), strcpy(big + n + 100000, "\r\n\r\n");
  run_bytes("header of 100000 bytes", big, strlen(big));
  n = sprintf(big, "GET / HTTP/1.1\r\n");
  for (int i = 0; i < 500; i++) n += sprintf(big + n, "h%d: %d\r\n", i, i);
  strcpy(big + n, "\r\n");
  run_bytes("500 headers", big, strlen(big));
  return 0;
}
