// mg_http_upload: a request body goes to a file, whole or in parts.

#include "mongoose.h"

static size_t s_max = 100;
static const char *s_dir = "up";
static long s_result;

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

// Sends a request on a new connection and collects what comes back, until nothing more comes. Returns its length.
static size_t talk(const char *request, char *answer, size_t size) {
  int fd = dial(), idle = 0;
  size_t len = 0;
  send(fd, request, strlen(request), MSG_NOSIGNAL);
  for (int i = 0; i < 2000 && idle < 10; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, answer + len, size - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  answer[len] = '\0';
  close(fd);
  mg_mgr_poll(&s_mgr, 1);
  return len;
}
static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) s_result = mg_http_upload(c, (struct mg_http_message *) ev_data, &mg_fs_posix, s_dir, s_max);
}

static void content(const char *label, const char *path) {
  struct mg_str s = mg_file_read(&mg_fs_posix, path);
  printf("%s, content: %s[%.*s]\n", label, s.buf == NULL ? "none " : "", (int) s.len, s.buf == NULL ? "" : s.buf);
  mg_free(s.buf);
}

static void raw(const char *label, const char *request, const char *path) {
  char answer[10000];
  s_result = 12345;
  talk(request, answer, sizeof(answer));
  char *body = strstr(answer, "\r\n\r\n");
  printf("%s: %ld %.3s [%s]\n", label, s_result, answer + 9, body == NULL ? "" : body + 4);
  if (path != NULL) content(label, path);
}

// The whole response, with visible line ends.
static void head(const char *label, const char *request) {
  char answer[10000];
  talk(request, answer, sizeof(answer));
  printf("%s: ", label);
  for (char *p = answer; *p != '\0'; p++) printf(*p == '\r' ? "" : *p == '\n' ? "~" : "%c", *p);
  printf("\n");
}

static void post(const char *label, const char *query, const char *body, const char *path) {
  char request[10000];
  snprintf(request, sizeof(request), "POST /x%s HTTP/1.1\r\nContent-Length: %lu\r\n\r\n%s", query, (unsigned long) strlen(body), body);
  raw(label, request, path);
}

int main(void) {
  char query[6000];
  mg_log_level = MG_LL_NONE;
  mkdir("up", 0755), mkdir("up/sub", 0755);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  head("response", "POST /x?file=head.txt HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  head("response to a name that is refused", "POST /x?file=%3Cb%3E/.. HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  head("response to no name", "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  head("response to another offset", "POST /x?file=%3Cb%3E&offset=3 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  head("response to a bad offset", "POST /x?file=b&offset=-1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  head("response to a name in no directory", "POST /x?file=nope/%3Cb%3E HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  s_max = 4;
  head("response to too much", "POST /x?file=%3Cb%3E HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  s_max = 100;
  post("first part", "?file=a.txt", "hello", "up/a.txt"), post("second part", "?file=a.txt&offset=5", " world", "up/a.txt");
  post("second part again", "?file=a.txt&offset=5", " world", "up/a.txt"), post("beyond the end", "?offset=12&file=a.txt", "x", "up/a.txt");
  post("from the start", "?file=a.txt&offset=0", "bye", "up/a.txt"), post("shorter", "?file=a.txt", "b", "up/a.txt");
  post("empty body", "?file=a.txt", "", "up/a.txt"), post("empty body, no name", "", "", NULL);
  post("no name", "", "x", NULL), post("empty name", "?file=", "x", NULL), post("no query", "?", "x", NULL), post("name of the variable in capitals", "?FILE=b&OFFSET=0", "x", "up/b");
  post("encoded name", "?file=sp%20ace+plus", "x", "up/sp ace plus"), post("in a directory", "?file=sub/c", "x", "up/sub/c"), post("in no directory", "?file=nope/c", "x", NULL);
  post("absolute name", "?file=/abs.txt", "x", "up/abs.txt"), post("way out", "?file=../e", "x", "e"), post("way out inside", "?file=a/../../e", "x", "e");
  post("home", "?file=~/e", "x", NULL), post("backslash", "?file=..%5ce", "x", NULL), post("name with a NUL", "?file=n%00m.txt", "x", "up/n");
  post("directory as name", "?file=sub", "x", NULL);
  post("octal offset", "?file=t&offset=00", "0123456789", "up/t"), post("octal offset, second", "?file=t&offset=012", "x", "up/t");
  post("hexadecimal offset", "?file=t&offset=0xb", "y", "up/t"), post("offset with a sign", "?file=t&offset=-1", "x", "up/t"), post("offset with plus sign", "?file=t&offset=%2b12", "z", "up/t");
  post("offset that is no number", "?file=u&offset=abc", "x", "up/u"), post("offset with rest", "?file=u&offset=1x", "y", "up/u"), post("empty offset", "?file=v&offset=", "x", "up/v");
  s_max = 5;
  post("just small enough", "?file=m", "12345", "up/m"), post("too large", "?file=m", "123456", "up/m"), post("too large with offset", "?file=m&offset=5", "1", "up/m");
  s_max = 100;
  post("huge offset", "?file=m&offset=9223372036854775807", "1", "up/m"), post("absurd offset", "?file=m&offset=99999999999999999999", "1", "up/m");
  raw("chunked", "POST /x?file=ch HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n", "up/ch");
  raw("GET with a body", "GET /x?file=get HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", "up/get");
  s_dir = "nope", post("no such directory", "?file=a", "x", NULL);
  s_dir = "up/", post("directory with a slash", "?file=sl", "x", "up/sl");
  s_dir = "up";
  memset(query, 'n', sizeof(query)), memcpy(query, "?file=", 6), query[306] = '\0';
  post("name that is too long for the host", query, "x", NULL);
  mg_mgr_free(&s_mgr);
  return 0;
}
