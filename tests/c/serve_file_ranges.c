// Range requests on a file of ten bytes, on an empty and on a larger one.

#include "mongoose.h"

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
  static char request[1000], answer[200000];
  snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n%s\r\n", headers);
  s_path = path;
  size_t len = talk(request, answer, sizeof(answer));
  char *body = strstr(answer, "\r\n\r\n"), *range = strstr(answer, "Content-Range: "), *length = strstr(answer, "Content-Length: ");
  if (body == NULL || length == NULL) printf("%s: no response\n", label);
  else {
    size_t n = len - (size_t) (body + 4 - answer);
    printf("%s: %.3s, length %d, %s%.*s, %lu bytes %.*s crc %08x\n", label, answer + 9, atoi(length + 16),
           range == NULL ? "no range" : "", range == NULL ? 0 : (int) strcspn(range + 15, "\r"), range == NULL ? "" : range + 15,
           (unsigned long) n, (int) (n > 20 ? 20 : n), body + 4, (unsigned) mg_crc32(0, body + 4, n));
  }
}

static void ten(const char *value) {
  char headers[100], label[100];
  snprintf(headers, sizeof(headers), "Range: %s\r\n", value);
  snprintf(label, sizeof(label), "Range %s", value);
  get(label, "ten.txt", headers);
}

int main(void) {
  static char big[100001];
  mg_log_level = MG_LL_NONE;
  for (size_t i = 0; i < sizeof(big) - 1; i++) big[i] = (char) ('a' + i * 7 % 26 + (i >> 12) % 2);
  put("ten.txt", "0123456789"), put("empty.txt", ""), put("big.txt", big);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  ten("bytes=0-3"), ten("bytes=0-0"), ten("bytes=9-9"), ten("bytes=0-9"), ten("bytes=5-"), ten("bytes=5"), ten("bytes= 1 - 2"), ten("bytes=01-02");
  ten("xxbytes=1-2"), ten("bytes=-3"), ten("bytes=-10"), ten("bytes=-11"), ten("bytes=-0"), ten("bytes=0-1,4-5"), ten("bytes=x-1");
  ten("bytes=0-18446744073709551616"), ten("bytes=1-2-3"), ten("bytes=1-x"), ten("bytes=9-10"), ten("bytes=0-100"), ten("bytes=10-"), ten("bytes=3-2");
  ten("bytes=18446744073709551615-"), ten("bytes=0-18446744073709551615"), ten("bytes="), ten("bytes=-"), ten("bytes=a-b"), ten("bytes=2,3");
  ten("bytes 0-3"), ten("items=0-1"), ten("BYTES=0-1");
  get("empty file, bytes=0-", "empty.txt", "Range: bytes=0-\r\n");
  get("empty file, bytes=-1", "empty.txt", "Range: bytes=-1\r\n");
  get("big file", "big.txt", "");
  get("big file, small part", "big.txt", "Range: bytes=50000-50009\r\n");
  get("big file, large part", "big.txt", "Range: bytes=1000-99998\r\n");
  get("big file, from the middle", "big.txt", "Range: bytes=50001-\r\n");
  get("big file, too long", "big.txt", "Range: bytes=0-100000\r\n");
  get("If-Range with the tag", "ten.txt", "Range: bytes=1-2\r\nIf-Range: \"1000000000.10\"\r\n");
  get("If-Range with another tag", "ten.txt", "Range: bytes=1-2\r\nIf-Range: \"1.10\"\r\n");
  get("If-Range with a date", "ten.txt", "Range: bytes=1-2\r\nIf-Range: Sun, 09 Sep 2001 01:46:40 GMT\r\n");
  get("If-Range without Range", "ten.txt", "If-Range: \"1.10\"\r\n");
  mg_mgr_free(&s_mgr);
  return 0;
}
