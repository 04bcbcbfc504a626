// Content types by file extension, and the program's own list of them.

#include "mongoose.h"

static const char *s_path, *s_types;

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
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_serve_opts opts;
    memset(&opts, 0, sizeof(opts));
    opts.mime_types = s_types;
    mg_http_serve_file(c, (struct mg_http_message *) ev_data, s_path, &opts);
  }
}

static void get(const char *path, const char *types, const char *headers) {
  char request[200], answer[5000], label[200];
  put(path, "x");
  s_path = path, s_types = types;
  snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n%s\r\n", headers);
  snprintf(label, sizeof(label), "%s with %s%s", path, types == NULL ? "no list" : types, headers[0] ? ", compressed" : "");
  talk(request, answer, sizeof(answer));
  char *type = strstr(answer, "Content-Type: ");
  printf("%s: [%.*s]\n", label, type == NULL ? 0 : (int) strcspn(type + 14, "\r"), type == NULL ? "" : type + 14);
}

int main(void) {
  static const char *names[] = {
      "a.html", "a.htm", "a.shtml", "a.css", "a.js", "a.mjs", "a.gif", "a.png", "a.jpg", "a.jpeg", "a.woff", "a.ttf", "a.svg", "a.txt", "a.avi",
      "a.csv", "a.doc", "a.exe", "a.gz", "a.ico", "a.json", "a.mov", "a.mp3", "a.mp4", "a.mpeg", "a.pdf", "a.webp", "a.zip", "a.3gp", "a.wav",
      "a.tgz", "a.woff2", "a.xml", "a.wasm", "a.md", "a.bin", "noext", "png", "a.", ".html", "a.b.png", "a.png.b", "d.js/noext", "a.HTML", "a.Png",
      "a.a-very-long-extension-indeed"};
  mg_log_level = MG_LL_NONE;
  mkdir("d.js", 0755);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) get(names[i], NULL, "");
  get("a.txt", "txt=a/b", ""), get("a.txt", "*=x/y", ""), get("a.txt", "TXT=a/b", ""), get("a.txt", ".txt=a/b", ""), get("a.txt", " txt=a/b", "");
  get("a.txt", "html=a/b;c=d,txt=q", ""), get("a.html", "html=a/b;c=d,txt=q", ""), get("a.txt", "foo=a/b,txt=c/d", ""), get("a.txt", "*=a/b,txt=c/d", "");
  get("a.txt", "txt=c/d,*=a/b", ""), get("a.png", "txt=a/b", ""), get("a.txt", "txt", ""), get("a.txt", "txt=", ""), get("a.txt", "", "");
  get("a.txt", ",,txt=a/b", ""), get("a.txt", "txt =a/b", ""), get("a.txt", "txt= a/b", ""), get("noext", "noext=a/b", ""), get("a.TXT", "TXT=a/b", "");
  get("a.TXT", "txt=a/b", ""), get("d.js/noext", "js/noext=a/b", "");
  put("c.css.gz", "x"), get("c.css", NULL, "Accept-Encoding: gzip\r\n");
  mg_mgr_free(&s_mgr);
  return 0;
}
