// Files inside the program: lookups, reading, listing, and serving them.

#include "mongoose.h"

static struct mg_http_serve_opts s_opts = {.fs = &mg_fs_packed};

#define FILE_OF(path, text, time) {path, (const unsigned char *) text, sizeof(text) - 1, time}
static const struct mg_mem_file s_files[] = {
    FILE_OF("/a.txt", "hello\n", 1000000001), FILE_OF("/dir/b.txt", "b", 1000000002), FILE_OF("/dir/c.txt", "cc", 1000000003),
    FILE_OF("/dir/sub/d.txt", "ddd", 1000000004), FILE_OF("/dirx", "x", 1000000005), FILE_OF("/empty", "", 1000000006),
    FILE_OF("/zdir/e", "e", 1000000007), {NULL, NULL, 0, 0}};
static const struct mg_mem_file s_web[] = {
    FILE_OF("/web/a.txt", "web\n", 1000000001), FILE_OF("/web/a.txt.gz", "compressed", 1000000002), FILE_OF("/web/index.html", "<index>", 1000000003),
    FILE_OF("/web/list/one.txt", "1", 1000000004), FILE_OF("/web/list/two.txt", "22", 1000000005), FILE_OF("/web/nodata.txt", "", 7),
    {"/web/null.txt", NULL, 5, 1000000006}, {NULL, NULL, 0, 0}};
static unsigned char s_large[300000];
static const struct mg_mem_file s_large_files[] = {{"/large.bin", s_large, sizeof(s_large), 1000000000}, {NULL, NULL, 0, 0}};

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
static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &s_opts);
}

static void st(const char *path) {
  size_t size = 77;
  time_t mtime = 88;
  int flags = mg_fs_packed.st(path, &size, &mtime);
  printf("st [%s]: %d %lu %ld\n", path, flags, (unsigned long) size, (long) mtime);
}

static void name(const char *text, void *param) {
  strcat(strcat((char *) param, " "), text);
}

static void ls(const char *path) {
  char names[1000] = "";
  mg_fs_packed.ls(path, name, names);
  printf("ls [%s]:%s\n", path, names);
}

static void unpacked(const char *path) {
  struct mg_str s = mg_unpacked(path);
  printf("mg_unpacked [%s]: %s %.*s\n", path, s.buf == NULL ? "NULL" : "data", (int) s.len, s.buf == NULL ? "" : s.buf);
}

static void get(const char *root, const char *uri, const char *headers) {
  char request[500], label[200];
  static char answer[20000];
  snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n", uri, headers);
  snprintf(label, sizeof(label), "root [%s] %s%s", root, uri, headers[0] ? ", gzip" : "");
  s_opts.root_dir = root;
  size_t len = talk(request, answer, sizeof(answer));
  if (strstr(answer, "Index of") == NULL) show(label, answer, len);
  else printf("%s: list%s%s%s%s\n", label, strstr(answer, ">a.txt<") ? " a.txt" : "", strstr(answer, ">dir/<") ? " dir" : "",
              strstr(answer, ">two.txt<") ? " two.txt" : "", strstr(answer, ">sub/<") ? " sub" : "");
}

int main(void) {
  char buf[10];
  mg_log_level = MG_LL_NONE;
  printf("mg_mem_files at first: %s\n", mg_mem_files == NULL ? "NULL" : "set");
  printf("without a table: %d %d\n", mg_fs_packed.st("/a.txt", NULL, NULL), mg_unpacked("/a.txt").buf != NULL);
  mg_mem_files = s_files;
  st("/a.txt"), st("a.txt"), st("/"), st(""), st("/dir"), st("/dir/"), st("/di"), st("/dirx"), st("/dir//b.txt"), st("/dir/b.txt"), st("/dir/b.txt/");
  st("/A.TXT"), st("/empty"), st("/dir/sub"), st("/nope");
  printf("st without outputs: %d\n", mg_fs_packed.st("/a.txt", NULL, NULL));
  ls(""), ls("/dir"), ls("/dir/sub"), ls("/nope"), ls("/a.txt"), ls("/"), ls("/dir/"), ls("/di");
  unpacked("/dir/b.txt"), unpacked("/dir"), unpacked("/empty"), unpacked("/nope"), unpacked("");
  for (int flags = 0; flags < 16; flags++) {
    void *fd = mg_fs_packed.op("/a.txt", flags);
    printf("op with flags %d: %s\n", flags, fd == NULL ? "NULL" : "opened");
    mg_fs_packed.cl(fd);
  }
  printf("op of a directory: %d\n", mg_fs_packed.op("/dir", MG_FS_READ) != NULL);
  printf("op of nothing: %d\n", mg_fs_packed.op("/nope", MG_FS_READ) != NULL);
  void *fd = mg_fs_packed.op("/a.txt", MG_FS_READ);
  printf("rd 4: %lu\n", (unsigned long) mg_fs_packed.rd(fd, buf, 4)), show("rd 4 gives", buf, 4);
  printf("rd 10: %lu\n", (unsigned long) mg_fs_packed.rd(fd, buf, 10)), show("rd 10 gives", buf, 2);
  printf("rd at the end: %lu\n", (unsigned long) mg_fs_packed.rd(fd, buf, 10));
  printf("sk 1: %lu\n", (unsigned long) mg_fs_packed.sk(fd, 1));
  printf("rd after sk: %lu\n", (unsigned long) mg_fs_packed.rd(fd, buf, 3)), show("rd after sk gives", buf, 3);
  printf("sk 100: %lu\n", (unsigned long) mg_fs_packed.sk(fd, 100));
  printf("rd after sk 100: %lu\n", (unsigned long) mg_fs_packed.rd(fd, buf, 3));
  printf("wr: %lu\n", (unsigned long) mg_fs_packed.wr(fd, "x", 1));
  mg_fs_packed.cl(fd);
  printf("mv: %d\n", mg_fs_packed.mv("/a.txt", "/b.txt"));
  printf("rm: %d\n", mg_fs_packed.rm("/a.txt"));
  printf("mkd: %d\n", mg_fs_packed.mkd("/newdir"));

  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  get("/", "/a.txt", ""), get("/", "/dir/b.txt", ""), get("/", "/dir", ""), get("/", "/dir/", ""), get("/", "/nope", ""), get("/", "/", ""), get("/", "/..", "");
  get("", "/a.txt", ""), get("", "/dir/sub/d.txt", ""), get("", "/", ""), get("/dir", "/c.txt", "");
  mg_mem_files = s_web;
  get("/web", "/a.txt", ""), get("/web", "/a.txt", "Accept-Encoding: gzip\r\n"), get("/web", "/", ""), get("/web/", "/", ""), get("/web", "/list", "");
  get("/web", "/list/", ""), get("/web", "/list/two.txt", ""), get("web", "/a.txt", ""), get("/web", "/nodata.txt", ""), get("/web", "/null.txt", "");
  static char answer[400000];
  for (size_t i = 0; i < sizeof(s_large); i++) s_large[i] = (unsigned char) (i * 7 + i / 1000);
  mg_mem_files = s_large_files, s_opts.root_dir = "/";
  size_t len = talk("GET /large.bin HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  printf("large file: %d\n", len > sizeof(s_large) && memcmp(answer + len - sizeof(s_large), s_large, sizeof(s_large)) == 0);
  len = talk("GET /large.bin HTTP/1.1\r\nRange: bytes=100000-299999\r\n\r\n", answer, sizeof(answer));
  printf("part of a large file: %d\n", len > 200000 && memcmp(answer + len - 200000, s_large + 100000, 200000) == 0);
  mg_mgr_free(&s_mgr);
  return 0;
}
