// Directories without the slash at the end: the bytes of the response, and the connection goes on.

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
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_serve_opts opts = {.root_dir = "www,/o=other", .extra_headers = "X-A: 1\r\n"};
    mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &opts);
  }
}

static void get(const char *label, const char *request) {
  char answer[10000];
  show(label, answer, talk(request, answer, sizeof(answer)));
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("www/sub", 0755), mkdir("www/sp ace", 0755), mkdir("other", 0755), put("www/a.txt", "hello\n"), mkdir("www/.git", 0755);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  get("directory", "GET /sub HTTP/1.1\r\n\r\n"), get("query", "GET /sub?a=b&c HTTP/1.1\r\n\r\n"), get("HEAD", "HEAD /sub HTTP/1.1\r\n\r\n");
  get("POST", "POST /sub HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"), get("encoded", "GET /sp%20ace HTTP/1.1\r\n\r\n"), get("dot", "GET /. HTTP/1.1\r\n\r\n");
  get("mapped", "GET /o HTTP/1.1\r\n\r\n"), get("hidden", "GET /.git HTTP/1.1\r\n\r\n"), get("two slashes", "GET //sub HTTP/1.1\r\n\r\n");
  get("three slashes", "GET ///sub HTTP/1.1\r\n\r\n"), get("slashes inside", "GET /.//sub HTTP/1.1\r\n\r\n");
  get("then a file", "GET /sub HTTP/1.1\r\n\r\nGET /a.txt HTTP/1.1\r\n\r\n");
  get("Connection: close", "GET /sub HTTP/1.1\r\nConnection: close\r\n\r\nGET /a.txt HTTP/1.1\r\n\r\n");
  mg_mgr_free(&s_mgr);
  return 0;
}
