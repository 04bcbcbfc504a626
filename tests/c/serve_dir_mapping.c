// Which file a URI means: percent-encoding, slashes, ways out, and lists of root directories.

#include "mongoose.h"

static const char *s_root;

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
    opts.root_dir = s_root;
    mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &opts);
  }
}

// Prints the status, and where the client is sent or what it gets.
static void get(const char *label, const char *root, const char *uri) {
  static char request[10000], answer[100000];
  snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n\r\n", uri);
  s_root = root;
  talk(request, answer, sizeof(answer));
  char *body = strstr(answer, "\r\n\r\n"), *location = strstr(answer, "Location: ");
  printf("%s: %.3s ", label, answer + 9);
  if (location != NULL) printf("to %.*s\n", (int) strcspn(location + 10, "\r"), location + 10);
  else if (body != NULL && strstr(body, "Index of ") != NULL)
    printf("list with%s%s%s\n", strstr(body, ">a.txt<") ? " a.txt" : "", strstr(body, ">o.txt<") ? " o.txt" : "",
           strstr(body, ">sub/<") ? " sub" : "");
  else if (body != NULL) printf("%.*s\n", (int) strcspn(body + 4, "\n"), body + 4);
  else printf("no body\n");
}

static void one(const char *uri) {
  get(uri, "www", uri);
}

static void with(const char *root, const char *uri) {
  char label[200];
  snprintf(label, sizeof(label), "root %s %s", root == NULL ? "NULL" : root, uri);
  get(label, root, uri);
}

static void length(const char *label, const char *head, char fill, size_t n, const char *tail) {
  char uri[9000];
  size_t len = strlen(head);
  memcpy(uri, head, len);
  memset(uri + len, fill, n);
  strcpy(uri + len + n, tail);
  get(label, "www", uri);
}

int main(void) {
  static char long_root[4200], absolute[4200];
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("www/sub", 0755), mkdir("www/sp ace", 0755), mkdir("www/empty", 0755), mkdir("other", 0755);
  mkdir("www/idx", 0755), mkdir("www/idx/index.html", 0755), mkdir("www/shtml", 0755), mkdir("www/two", 0755);
  put("www/a.txt", "hello\n"), put("www/sub/index.html", "index\n"), put("www/sp ace/f g.txt", "blank\n");
  put("www/.hidden", "hidden\n"), put("other/o.txt", "other\n"), put("outside.txt", "outside\n"), put("www/p.html", "page\n");
  put("www/shtml/index.shtml", "shtml\n"), put("www/two/index.html", "html\n"), put("www/two/index.shtml", "shtml\n");
  put("www/idx/index.html/inner.txt", "inner\n");
  if (symlink("../outside.txt", "www/link") != 0 || symlink("nowhere", "www/dangling") != 0) return 1;
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);

  one("/a.txt"), one("/%61.txt"), one("/a%2etxt"), one("/a%2Etxt"), one("//a.txt"), one("/./a.txt"), one("/a.txt/"), one("/a.txt?x");
  one("/a.txt//"), one("/a.txt#x"), one("/A.TXT");
  one("/"), one("/?x"), one("//"), one("/./");
  one("/sub"), one("/sub?q=1"), one("/sub%2f"), one("//sub"), one("/."), one("/sub/."), one("/sub/"), one("/sub//"), one("/sub/?q=1");
  one("/sub%2findex.html"), one("/%73ub/index.html");
  one("/empty/"), one("/idx/"), one("/shtml/"), one("/two/");
  one("/.."), one("/../a.txt"), one("/sub/.."), one("/sub/../a.txt"), one("/%2e%2e/a"), one("/.%2e/a"), one("/..%2fa"), one("/...");
  one("/sub/..."), one("/sub\\..\\a"), one("/%5c..%5ca"), one("/a..txt"), one("/a.."), one("/~root"), one("/%252e%252e/a.txt");
  one("/sp+ace/f+g.txt"), one("/sp%20ace/f%20g.txt");
  one("/a.txt%00"), one("/a.txt%00.html"), one("/%00"), one("/sub%00/");
  one("a.txt"), one("*"), one("http://h/a.txt"), one("/nope"), one("/nope/"), one("/a.txt/b"), one("/.hidden"), one("/link"), one("/dangling");
  length("4080 slashes", "/", '/', 4079, "a.txt");
  length("5000 letters", "/", 'x', 5000, "");
  length("4091 letters", "/", 'x', 4091, "");
  length("4092 letters", "/", 'x', 4092, "");

  with("www/", "/a.txt"), with("./www", "/a.txt"), with("www,", "/a.txt"), with(",www", "/a.txt"), with("=www", "/a.txt"), with("=www", "a.txt");
  with("www,/o=other", "/o"), with("www,/o=other", "/o/"), with("www,/o=other", "/o/o.txt"), with("www,/o=other", "/oo.txt");
  with("www,/o=other", "/a.txt"), with("www,/o=other", "/"), with("/o=other,www", "/o/o.txt"), with("/o=other,www", "/a.txt");
  with("www,/o/=other", "/o"), with("www,/o/=other", "/o/"), with("www,/o/=other", "/o/o.txt"), with("www,/a.txt=www/p.html", "/a.txt");
  with("www,/o=other,/o/x=www", "/o/x/a.txt"), with("www,/o/x=www,/o=other", "/o/x/a.txt"), with("www,/%6f=other", "/o/o.txt");
  with("www,/%6f=other", "/%6f/o.txt"), with("www,/o=", "/a.txt"), with(",", "/outside.txt"), with("nowhere", "/a.txt"), with("nowhere", "/");
  with("www/a.txt", "/"), with("www/a.txt", "/a.txt"), with("../www", "/a.txt"), with("~/www", "/a.txt"), with("www/../www", "/a.txt");
  with("/=", "/etc/hosts-that-do-not-exist");
  with(NULL, "/outside.txt"), with(NULL, "/etc/passwd-that-does-not-exist"), with("", "/outside.txt"), with("/o=other", "/a.txt");
  if (getcwd(absolute, sizeof(absolute) - 20) == NULL) return 1;
  strcat(absolute, "/outside.txt");
  get("no root, absolute path", NULL, absolute), get("empty root, absolute path", "", absolute);
  get("no part of the root list matches, absolute path", "/o=other", absolute), get("whole disk", "/=", absolute);
  memset(long_root, 'd', sizeof(long_root) - 1);
  long_root[4093] = '\0', get("root of 4093 bytes", long_root, "/");
  long_root[4093] = 'd', long_root[4094] = '\0', get("root of 4094 bytes", long_root, "/");
  mg_mgr_free(&s_mgr);
  return 0;
}
