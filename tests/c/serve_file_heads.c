// The bytes of responses with files: status line, headers and their order, bodies.

#include "mongoose.h"

static const char *s_path;
static struct mg_http_serve_opts s_opts;

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
// Prints text on one line.
static void show(const char *label, const char *text, size_t len) {
  printf("%s: ", label);
  for (size_t i = 0; i < len; i++) {
    unsigned char ch = (unsigned char) text[i];
    if (ch == '\r') printf("\\r");
    else if (ch == '\n') printf("\\n");
    else if (ch < ' ' || ch > '~' || ch == '\\') printf("\\x%02x", ch);
    else putchar(ch);
  }
  printf("\n");
}
// Makes a file with a fixed time.
static void put(const char *path, const char *content) {
  struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
  FILE *f = fopen(path, "w");
  if (f == NULL) perror(path), exit(1);
  fputs(content, f);
  fclose(f);
  utimensat(AT_FDCWD, path, times, 0);
}
static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_file(c, (struct mg_http_message *) ev_data, s_path, &s_opts);
}

static void get(const char *label, const char *method, const char *path, const char *headers) {
  static char request[1000], answer[100000];
  snprintf(request, sizeof(request), "%s / HTTP/1.1\r\n%s\r\n", method, headers);
  s_path = path;
  show(label, answer, talk(request, answer, sizeof(answer)));
}

static void all(const char *with, const char *extra) {
  static const char *rows[][4] = {
      {"file", "GET", "a.txt", ""},
      {"empty file", "GET", "empty.js", ""},
      {"HEAD", "HEAD", "a.txt", ""},
      {"head in small letters", "head", "a.txt", ""},
      {"another method", "FOO", "a.txt", ""},
      {"range", "GET", "a.txt", "Range: bytes=1-2\r\n"},
      {"range to the end", "GET", "a.txt", "Range: bytes=2-\r\n"},
      {"range that cannot be", "GET", "a.txt", "Range: bytes=7-\r\n"},
      {"range for HEAD", "HEAD", "a.txt", "Range: bytes=1-2\r\n"},
      {"not modified", "GET", "a.txt", "If-None-Match: \"1000000000.6\"\r\n"},
      {"not modified for HEAD", "HEAD", "a.txt", "If-None-Match: \"1000000000.6\"\r\n"},
      {"not modified before range", "GET", "a.txt", "Range: bytes=1-2\r\nIf-None-Match: \"1000000000.6\"\r\n"},
      {"compressed", "GET", "z.txt", "Accept-Encoding: gzip\r\n"},
      {"part of compressed", "GET", "z.txt", "Accept-Encoding: gzip\r\nRange: bytes=1-2\r\n"},
      {"missing", "GET", "nope", ""},
      {"missing for HEAD", "HEAD", "nope", ""},
      {"no path", "GET", NULL, ""},
  };
  s_opts.extra_headers = extra;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char label[100];
    snprintf(label, sizeof(label), "%s, %s", with, rows[i][0]);
    get(label, rows[i][1], rows[i][2], rows[i][3]);
  }
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  put("a.txt", "hello\n"), put("empty.js", ""), put("z.txt.gz", "\x1f\x8b compressed");
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  all("plain", NULL);
  all("extra headers", "X-A: 1\r\nX-B: 2\r\n");
  mg_mgr_free(&s_mgr);
  return 0;
}
