// The list of a directory: status, headers, title and the rows that programs look for. Rows come in the order of the
// file system; they are sorted here.

#include "mongoose.h"

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
static struct mg_http_serve_opts s_opts;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &s_opts);
}

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *) a, *(char *const *) b);
}

static void list(const char *label, const char *method, const char *uri, const char *headers) {
  static char request[1000], answer[100000];
  char *rows[100], *p, *head_end;
  size_t len, n = 0;
  snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\n%s\r\n", method, uri, headers);
  len = talk(request, answer, sizeof(answer));
  head_end = strstr(answer, "\r\n\r\n");
  if (head_end == NULL) {
    printf("%s: no response\n", label);
    return;
  }
  char *length = strstr(answer, "Content-Length: ");
  printf("%s, status: %.*s\n", label, (int) strcspn(answer, "\r"), answer);
  if ((p = strstr(answer, "Content-Type: ")) != NULL) printf("%s, type: %.*s\n", label, (int) strcspn(p, "\r"), p);
  printf("%s, extra: %s\n", label, strstr(answer, "\r\nX-A: 1\r\n") != NULL ? "yes" : "no");
  printf("%s, width of the length: %d\n", label, length == NULL ? 0 : (int) strcspn(length + 16, "\r"));
  printf("%s, body: %s\n", label, head_end[4] == '\0' ? "no" : "yes");
  if (strcmp(method, "HEAD") == 0) return;
  printf("%s, length is right: %d\n", label, length != NULL && (size_t) atoi(length + 16) == len - (size_t) (head_end + 4 - answer));
  if ((p = strstr(head_end, "<h1>")) != NULL) printf("%s, heading: %.*s\n", label, (int) strcspn(p + 4, "\n") > 60 ? (int) (strstr(p, "</h1>") - p - 4) : 0, p + 4);
  for (int i = 0; i < 3; i++) {
    char link[50];
    snprintf(link, sizeof(link), "<a href=\"#\" rel=\"%d\">", i);
    if ((p = strstr(head_end, link)) != NULL) printf("%s, column %d: %.*s\n", label, i, (int) strcspn(p + strlen(link), "<"), p + strlen(link));
  }
  if ((p = strstr(head_end, "<tbody id=\"tb\">\n")) != NULL) {
    for (p = strtok(p + 16, "\n"); p != NULL && strncmp(p, "  <tr>", 6) == 0 && n < 100; p = strtok(NULL, "\n")) rows[n++] = p;
  }
  qsort(rows, n, sizeof(rows[0]), compare);
  for (size_t i = 0; i < n; i++) printf("%s, row %lu: %s\n", label, (unsigned long) i, rows[i]);
}

int main(void) {
  struct timespec times[2] = {{.tv_sec = 1000000007}, {.tv_sec = 1000000007}};
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("www/full", 0755), mkdir("www/empty", 0755), mkdir("www/a&b", 0755), mkdir("www/full/sub", 0755), mkdir("www/full/.hid", 0755);
  put("www/full/a.txt", "hello\n"), put("www/full/a<b>&\"c'.txt", "x"), put("www/full/.hidden", ""), put("www/full/blank name", "12345");
  put("www/full/caf\xc3\xa9.txt", "x"), put("www/full/100%.txt", "x"), put("www/full/~tilde_-.", "x");
  put("www/full/sub/inner.txt", "not listed");
  if (symlink("nowhere", "www/full/dangling") != 0 || symlink("a.txt", "www/full/link") != 0 || symlink("sub", "www/full/linkdir") != 0) return 1;
  utimensat(AT_FDCWD, "www/full/sub", times, 0), utimensat(AT_FDCWD, "www/full/.hid", times, 0);
  s_opts.root_dir = "www";
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  list("full", "GET", "/full/", "");
  list("empty", "GET", "/empty/", "");
  list("escaped", "GET", "/a%26b/?q=1", "");
  list("double slash", "GET", "/empty//", "");
  list("with range", "GET", "/empty/", "Range: bytes=0-1\r\nIf-None-Match: *\r\n");
  list("HEAD", "HEAD", "/empty/", "");
  s_opts.extra_headers = "X-A: 1\r\n";
  list("extra headers", "GET", "/empty/", "");
  mg_mgr_free(&s_mgr);
  return 0;
}
