// The program's own page for what does not exist.

#include "mongoose.h"

static struct mg_http_serve_opts s_opts;
static bool s_dir;

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
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_MSG && s_dir) mg_http_serve_dir(c, hm, &s_opts);
  if (ev == MG_EV_HTTP_MSG && !s_dir) mg_http_serve_file(c, hm, "nope", &s_opts);
}

static void get(const char *label, const char *uri, const char *headers) {
  char request[1000], answer[10000];
  snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n", uri, headers);
  show(label, answer, talk(request, answer, sizeof(answer)));
}

static void all(const char *page, const char *name) {
  char label[100];
  s_opts.page404 = page;
  for (int i = 0; i < 2; i++) {
    const char *how = i == 0 ? "file" : "dir";
    s_dir = i == 1;
    snprintf(label, sizeof(label), "%s, %s", name, how), get(label, "/nope", "");
    snprintf(label, sizeof(label), "%s, %s, client takes gzip", name, how), get(label, "/nope", "Accept-Encoding: gzip\r\n");
    snprintf(label, sizeof(label), "%s, %s, range", name, how), get(label, "/nope", "Range: bytes=1-2\r\n");
    snprintf(label, sizeof(label), "%s, %s, not modified", name, how), get(label, "/nope", "If-None-Match: \"1000000000.5\"\r\n");
    snprintf(label, sizeof(label), "%s, %s, existing", name, how), get(label, "/a.txt", "");
    snprintf(label, sizeof(label), "%s, %s, insane", name, how), get(label, "/..", "");
    snprintf(label, sizeof(label), "%s, %s, below a file", name, how), get(label, "/a.txt/x", "");
  }
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("dir", 0755), put("www/a.txt", "hello"), put("404.html", "<404>"), put("404.html.gz", "never sent"), put("404.png", "image");
  s_opts.root_dir = "www", s_opts.extra_headers = "X-A: 1\r\n";
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  all(NULL, "no page"), all("404.html", "page"), all("404.png", "image"), all("missing.html", "missing page"), all("", "empty name");
  mg_mgr_free(&s_mgr);
  return 0;
}
