// Entity tags and If-None-Match.

#include "mongoose.h"

char *mg_http_etag(char *buf, size_t len, size_t size, time_t mtime);

static const char *s_path;

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
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_file(c, (struct mg_http_message *) ev_data, s_path, NULL);
}

static void get(const char *label, const char *path, const char *headers) {
  static char request[2000], answer[10000];
  snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n%s\r\n", headers);
  s_path = path;
  talk(request, answer, sizeof(answer));
  char *tag = strstr(answer, "Etag: ");
  printf("%s: %.3s %.*s\n", label, answer + 9, tag == NULL ? 6 : (int) strcspn(tag, "\r"), tag == NULL ? "no tag" : tag);
}

static void match(const char *label, const char *value) {
  char headers[1500];
  snprintf(headers, sizeof(headers), "If-None-Match: %s\r\n", value);
  get(label, "a.txt", headers);
}

static void tag(const char *label, size_t len, size_t size, time_t mtime) {
  char buf[100] = "untouched";
  printf("%s: %s\n", label, mg_http_etag(buf, len, size, mtime));
}

int main(void) {
  static char long_tag[1000];
  struct timespec before_1970[2] = {{.tv_sec = -5}, {.tv_sec = -5}};
  mg_log_level = MG_LL_NONE;
  put("a.txt", "hello\n"), put("b.txt", ""), put("a.txt.gz", "compressed"), put("old.txt", "x");
  utimensat(AT_FDCWD, "old.txt", before_1970, 0);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  get("tag of a file", "a.txt", ""), get("tag of an empty file", "b.txt", ""), get("tag of an old file", "old.txt", "");
  get("tag of a compressed file", "a.txt", "Accept-Encoding: gzip\r\n");
  match("the tag", "\"1000000000.6\""), match("without quotes", "1000000000.6"), match("weak", "W/\"1000000000.6\""), match("any", "*");
  match("list", "\"x\", \"1000000000.6\""), match("another", "\"1000000000.7\""), match("blanks around", "  \"1000000000.6\"  "), match("empty", "");
  get("the tag of the compressed file", "a.txt", "Accept-Encoding: gzip\r\nIf-None-Match: \"1000000000.10\"\r\n");
  get("the tag of the other file", "a.txt", "Accept-Encoding: gzip\r\nIf-None-Match: \"1000000000.6\"\r\n");
  get("date only", "a.txt", "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n");
  memset(long_tag, '9', sizeof(long_tag) - 1);
  match("a thousand digits", long_tag);
  tag("mg_http_etag", 50, 5, 10), tag("mg_http_etag, zero", 50, 0, 0), tag("mg_http_etag, negative time", 50, 1, -1);
  tag("mg_http_etag, cut", 8, 5, 987654321), tag("mg_http_etag, room for nothing", 1, 5, 10);
  mg_mgr_free(&s_mgr);
  return 0;
}
