// Replies whose body follows in chunks, and header lines without their end. The reference sends Content-Length: 0 with the
// former, and lets the latter run into what follows.

#include "mongoose.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener, *s_conn;
static const char *s_headers, *s_body;
static int s_code, s_requests;

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev != MG_EV_HTTP_MSG) return;
  s_conn = c, s_requests++;
  if (s_body == NULL) {
    struct mg_http_serve_opts opts = {.root_dir = ".", .extra_headers = s_headers};
    mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &opts);
  } else {
    mg_http_reply(c, s_code, s_headers, "%s", s_body);
  }
}

// Reads until `end` has come.
static const char *answer(int fd, const char *end) {
  static char text[10000];
  size_t len = 0;
  for (int i = 0; i < 5000; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, MSG_DONTWAIT);
    if (n > 0) len += (size_t) n;
    text[len] = '\0';
    if (strstr(text, end) != NULL) return text;
    CHECK(n != 0);
  }
  printf("no '%s' in: %s\n", end, text), exit(1);
}

static const char *get(int fd, const char *method, int code, const char *headers, const char *body, const char *end) {
  char request[200];
  s_code = code, s_headers = headers, s_body = body;
  int n = snprintf(request, sizeof(request), "%s / HTTP/1.1\r\nHost: a\r\n\r\n", method);
  CHECK(send(fd, request, (size_t) n, MSG_NOSIGNAL) == n);
  return answer(fd, end);
}

// Two pieces and the end, then another request on the same connection.
static void chunks(int fd) {
  int requests = s_requests;
  CHECK(s_conn->is_resp == 1);
  CHECK(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
  mg_http_write_chunk(s_conn, "hello", 5);
  CHECK(strcmp(answer(fd, "hello\r\n"), "5\r\nhello\r\n") == 0);
  CHECK(s_requests == requests);
  s_code = 200, s_headers = "", s_body = "next";
  mg_http_printf_chunk(s_conn, "%s", "!"), mg_http_write_chunk(s_conn, "", 0);
  const char *text = answer(fd, "next");
  CHECK(strncmp(text, "00000001\r\n!\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n", 35) == 0);
  CHECK(s_requests == requests + 1 && s_conn->is_resp == 0);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  int fd = dial();
  const char *text = get(fd, "GET", 200, "Transfer-Encoding: chunked\r\n", "", "\r\n\r\n");
  CHECK(strcmp(text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") == 0);
  chunks(fd);
  text = get(fd, "GET", 200, "content-type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n", "", "\r\n\r\n");
  CHECK(strcmp(text, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding:  chunked\r\n\r\n") == 0);
  chunks(fd);
  // A body that is there already, another status, and HEAD: whole responses.
  text = get(fd, "GET", 200, "Content-Type: text/event-stream\r\n", "data: 1\n\n", "1\n\n");
  CHECK(strstr(text, "\r\nContent-Length: 9 ") != NULL && s_conn->is_resp == 0);
  text = get(fd, "GET", 500, "Content-Type: text/event-stream\r\n", "", "\r\n\r\n");
  CHECK(strstr(text, "\r\nContent-Length: 0 ") != NULL && s_conn->is_resp == 0);
  text = get(fd, "GET", 204, "Content-Type: text/event-stream\r\n", "", "\r\n\r\n");
  CHECK(strstr(text, "Transfer-Encoding") == NULL && s_conn->is_resp == 0);
  get(fd, "HEAD", 200, "Transfer-Encoding: chunked\r\n", "", "\r\n\r\n");
  CHECK(s_conn->is_resp == 0);
  // A program that does not look at the method sends its chunks nevertheless.
  mg_http_write_chunk(s_conn, "hello", 5), mg_http_printf_chunk(s_conn, "%s", "!"), mg_http_write_chunk(s_conn, "", 0);
  CHECK(s_conn->send.len == 0);
  // The end of the last header line is missing.
  text = get(fd, "GET", 200, "A: 1\r\nB: 2", "body", "body");
  CHECK(strstr(text, "\r\nA: 1\r\nB: 2\r\nContent-Length: 4 ") != NULL);
  FILE *f = fopen("index.html", "w");
  CHECK(f != NULL && fputs("page", f) >= 0 && fclose(f) == 0);
  text = get(fd, "GET", 0, "Cache-Control: max-age=3600", NULL, "page");
  CHECK(strstr(text, "\r\nCache-Control: max-age=3600\r\n\r\npage") != NULL);
  close(fd);
  mg_mgr_free(&s_mgr);
  return 0;
}
