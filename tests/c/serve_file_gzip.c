// Which clients get the compressed variant of a file.

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
  char request[1000], answer[10000];
  snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n%s\r\n", headers);
  s_path = path;
  talk(request, answer, sizeof(answer));
  char *body = strstr(answer, "\r\n\r\n");
  printf("%s: %.3s%s%s %s\n", label, answer + 9, strstr(answer, "Content-Encoding: gzip") ? " gzip" : "",
         strstr(answer, "Content-Type: text/css") ? " css" : "", body == NULL ? "" : strtok(body + 4, "\n"));
}

static void accepts(const char *value) {
  char headers[200], label[200];
  snprintf(headers, sizeof(headers), "Accept-Encoding: %s\r\n", value);
  snprintf(label, sizeof(label), "Accept-Encoding %s", value);
  get(label, "both.css", headers);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  put("both.css", "plain"), put("both.css.gz", "compressed"), put("only.css.gz", "compressed"), put("plain.css", "plain"), mkdir("plain.css.gz", 0755);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  get("no header", "both.css", "");
  accepts("gzip"), accepts("deflate, gzip;q=1.0"), accepts("x-gzip"), accepts("gzip;q=0.5"), accepts("br,gzip"), accepts("GZIP"), accepts("br");
  accepts("*"), accepts("identity"), accepts("x/gzip"), accepts("a/b gzip"), accepts("gzip;q=0"), accepts("gzip;q=0.0, br"), accepts("gzipped");
  get("only compressed, client takes it", "only.css", "Accept-Encoding: gzip\r\n");
  get("only compressed, client does not take it", "only.css", "");
  get("the compressed file itself", "both.css.gz", "");
  get("the compressed file itself, client takes it", "both.css.gz", "Accept-Encoding: gzip\r\n");
  get("a directory in the place of the compressed file", "plain.css", "Accept-Encoding: gzip\r\n");
  mg_mgr_free(&s_mgr);
  return 0;
}
