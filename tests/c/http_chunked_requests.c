// Which chunked bodies a server accepts, whole and cut in two at every place.

#include "mongoose.h"

static bool s_closed, s_done;
static int s_messages, s_errors;
static char s_body[300], s_error[64];
static size_t s_read, s_message_len;

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening || s_done) return;
  if (ev == MG_EV_READ) s_read += *(size_t *) ev_data;
  if (ev == MG_EV_ERROR) s_errors++, snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  if (ev == MG_EV_CLOSE) s_closed = true;
  if (ev == MG_EV_HTTP_MSG) {
    s_messages++;
    s_message_len = hm->message.len;
    snprintf(s_body, sizeof(s_body), "%.*s", (int) hm->body.len, hm->body.buf);
    for (char *p = s_body; *p != '\0'; p++) *p = *p == '\r' || *p == '\n' ? '~' : *p;
    mg_http_reply(c, 200, "", "ok");
  }
}

static void exchange(const char *head, const char *body, size_t cut) {
  struct mg_mgr mgr;
  size_t sent = 0, len = strlen(body);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  s_closed = s_done = false, s_messages = s_errors = 0, s_read = 0, s_body[0] = s_error[0] = '\0', s_message_len = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  for (int i = 0; i < 2 && !s_closed; i++) {
    char buf[6000];
    size_t n = (size_t) snprintf(buf, sizeof(buf), "%s%.*s", i == 0 ? head : "", (int) (i == 0 ? cut : len - cut), i == 0 ? body : body + cut);
    send(fd, buf, n, MSG_NOSIGNAL);
    sent += n;
    for (int k = 0; k < 300 && s_read < sent && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  }
  for (int k = 0; k < 4; k++) mg_mgr_poll(&mgr, 0);
  s_done = true;
  close(fd);
  mg_mgr_free(&mgr);
}

#define HEAD "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

static void run(const char *label, const char *body) {
  exchange(HEAD, body, strlen(body));
  printf("%s: messages %d [%s] message %zu error [%s]\n", label, s_messages, s_body, s_message_len, s_error);
}

static void run_cut(const char *label, const char *body) {
  size_t ok = 0, len = strlen(body);
  for (size_t cut = 0; cut <= len; cut++) {
    exchange(HEAD, body, cut);
    ok += s_messages == 1 && s_errors == 0;
  }
  printf("%s, accepted when cut in two: %s\n", label, ok == len + 1 ? "always" : ok == 0 ? "never" : "sometimes");
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  run("two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  run("leading zeros", "0005\r\nhello\r\n0A\r\n0123456789\r\n000\r\n\r\n");
  run("many leading zeros", "000000000005\r\nhello\r\n0\r\n\r\n");
  run("digits in both cases", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n");
  run("no chunks", "0\r\n\r\n");
  run("line ends inside data", "6\r\n\r\n0\r\n\r\r\n0\r\n\r\n");
  run("an extension", "5;a=b\r\nhello\r\n0\r\n\r\n");
  run("a trailer", "5\r\nhello\r\n0\r\nA: b\r\n\r\n");
  run("bare line feeds", "5\nhello\n0\n\n");
  run("blank before the size", " 5\r\nhello\r\n0\r\n\r\n");
  run("blank behind the size", "5 \r\nhello\r\n0\r\n\r\n");
  run("no size", "\r\nhello\r\n0\r\n\r\n");
  run("0x", "0x5\r\nhello\r\n0\r\n\r\n");
  run("plus", "+5\r\nhello\r\n0\r\n\r\n");
  run("minus", "-5\r\nhello\r\n0\r\n\r\n");
  run("size 7fffffff", "7fffffff\r\nhello\r\n0\r\n\r\n");
  run("size 80000000", "80000000\r\nhello\r\n0\r\n\r\n");
  run("nine digits", "FFFFFFFFF\r\nhello\r\n0\r\n\r\n");
  run("seventeen digits", "10000000000000005\r\nhello\r\n0\r\n\r\n");
  run("data too long", "5\r\nhello!\r\n0\r\n\r\n");
  run("data without line end", "5\r\nhello0\r\n\r\n");
  run("data with a line feed", "5\r\nhello\n0\r\n\r\n");
  run("bad end", "5\r\nhello\r\n0\r\nxx");
  run("garbage", "xyz\r\n");
  run("unfinished", "5\r\nhello\r\n3\r\nab");
  run_cut("two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  run_cut("sixteen bytes", "10\r\n0123456789abcdef\r\n0\r\n\r\n");
  exchange("POST /c HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", "0\r\n\r\n", 5);
  printf("Chunked: messages %d error [%s]\n", s_messages, s_error);
  exchange("POST /c HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "0\r\n\r\n", 5);
  printf("gzip, chunked: messages %d error [%s]\n", s_messages, s_error);
  exchange("POST /c HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", "", 0);
  printf("identity: messages %d error [%s]\n", s_messages, s_error);
  exchange("POST /c HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", 5);
  printf("HTTP/1.0: messages %d error [%s]\n", s_messages, s_error);
  exchange("GET /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", 15);
  printf("GET: messages %d [%s] error [%s]\n", s_messages, s_body, s_error);
  return 0;
}
