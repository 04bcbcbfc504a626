// Malformed escapes in a URI are refused. The reference decodes them into memory that it did not initialise and
// serves whatever path stood there.

#include "mongoose.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

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
  struct mg_http_serve_opts opts = {.root_dir = "www,/=www,/sub%=www"};
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &opts);
}

int main(void) {
  static const char *uris[] = {"/%zz", "/%zz/", "/a.txt%", "/a.txt%2", "/su%zz", "/%", "/%%", "/%u0041", "/a%0", "/sub%/%zz"};
  char request[100], answer[10000];
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("www/sub", 0755), put("www/a.txt", "a"), put("www/sub/index.html", "index");
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
    talk("GET /sub/index.html HTTP/1.1\r\n\r\n", answer, sizeof(answer));
    CHECK(strcmp(strstr(answer, "\r\n\r\n") + 4, "index") == 0);
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n\r\n", uris[i]);
    talk(request, answer, sizeof(answer));
    CHECK(strncmp(answer, "HTTP/1.1 400 Bad Request\r\n", 26) == 0);
    CHECK(strcmp(strstr(answer, "\r\n\r\n") + 4, "Invalid path") == 0);
  }
  mg_mgr_free(&s_mgr);
  return 0;
}
