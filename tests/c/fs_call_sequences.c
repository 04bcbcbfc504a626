// In which order the library calls the functions of a program's own file system.

#include "mongoose.h"

static char s_calls[20000];

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
static void note(const char *fmt, ...) {
  va_list ap;
  size_t len = strlen(s_calls);
  va_start(ap, fmt);
  vsnprintf(s_calls + len, sizeof(s_calls) - len, fmt, ap);
  va_end(ap);
}

// Temporary names are random.
static const char *shown(const char *path) {
  static char buf[2][300];
  static int n;
  char *text = buf[n++ % 2], *dots;
  snprintf(text, sizeof(buf[0]), "%s", path);
  if ((dots = strstr(text, "..")) != NULL) strcpy(dots, "..TMP");
  return text;
}

static int st(const char *path, size_t *size, time_t *mtime) {
  note("st(%s%s%s) ", shown(path), size ? ",size" : "", mtime ? ",mtime" : "");
  return mg_fs_posix.st(path, size, mtime);
}

static void ls(const char *path, void (*fn)(const char *, void *), void *param) {
  note("ls(%s) ", path);
  mg_fs_posix.ls(path, fn, param);
}

static void *op(const char *path, int flags) {
  note("op(%s,%d) ", shown(path), flags);
  return mg_fs_posix.op(path, flags);
}

static void cl(void *fd) {
  note("cl ");
  mg_fs_posix.cl(fd);
}

static size_t s_read;

static size_t rd(void *fd, void *buf, size_t len) {
  size_t n = mg_fs_posix.rd(fd, buf, len);
  if (n == 0) note("rd(total %lu) ", (unsigned long) s_read);
  s_read = n == 0 ? 0 : s_read + n;
  return n;
}

static size_t wr(void *fd, const void *buf, size_t len) {
  note("wr(%lu) ", (unsigned long) len);
  return mg_fs_posix.wr(fd, buf, len);
}

static size_t sk(void *fd, size_t offset) {
  note("sk(%lu) ", (unsigned long) offset);
  return mg_fs_posix.sk(fd, offset);
}

static bool mv(const char *from, const char *to) {
  note("mv(%s,%s) ", shown(from), shown(to));
  return mg_fs_posix.mv(from, to);
}

static bool rm(const char *path) {
  note("rm(%s) ", shown(path));
  return mg_fs_posix.rm(path);
}

static bool mkd(const char *path) {
  note("mkd(%s) ", path);
  return mg_fs_posix.mkd(path);
}

static struct mg_fs s_fs = {st, ls, op, cl, rd, wr, sk, mv, rm, mkd};
static struct mg_http_serve_opts s_opts = {.root_dir = "www", .fs = &s_fs};

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/stream"), NULL))
    mg_http_start_upload(c, hm, mg_str("streamed"), mg_str("up"), &s_fs, NULL);
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/upload"), NULL)) mg_http_upload(c, hm, &s_fs, "up", 1000);
  else if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, hm, &s_opts);
}

static void request(const char *label, const char *text) {
  static char answer[200000];
  s_calls[0] = '\0', s_read = 0;
  talk(text, answer, sizeof(answer));
  printf("%s: %.3s %s\n", label, answer + 9, s_calls);
}

static void get(const char *label, const char *uri, const char *headers) {
  char text[500];
  snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n%s\r\n", uri, headers);
  request(label, text);
}

#define GZIP "Accept-Encoding: gzip\r\n"

int main(void) {
  static char large[100001];
  char buf[50] = "";
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("www/sub", 0755), mkdir("www/list", 0755), mkdir("www/gz", 0755), mkdir("up", 0755);
  memset(large, 'x', sizeof(large) - 1);
  put("www/a.txt", "hello\n"), put("www/z.txt", "z"), put("www/z.txt.gz", "z"), put("www/sub/index.html", "i"), put("www/list/one.txt", "1");
  put("www/gz/index.html.gz", "z"), put("404.html", "404"), put("www/large", large);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  get("file", "/a.txt", ""), get("large file", "/large", ""), get("file, gzip", "/a.txt", GZIP), get("compressed file, gzip", "/z.txt", GZIP);
  get("range", "/a.txt", "Range: bytes=1-3\r\n"), get("bad range", "/a.txt", "Range: bytes=9-\r\n");
  get("not modified", "/a.txt", "If-None-Match: \"1000000000.6\"\r\n"), request("HEAD", "HEAD /a.txt HTTP/1.1\r\n\r\n");
  get("missing", "/nope", ""), get("missing, gzip", "/nope", GZIP), get("directory without slash", "/sub", ""), get("directory", "/sub/", "");
  get("directory, gzip", "/sub/", GZIP), get("compressed index", "/gz/", ""), get("compressed index, gzip", "/gz/", GZIP), get("list", "/list/", "");
  get("root", "/", ""), get("insane", "/..", "");
  s_opts.page404 = "404.html";
  get("page404", "/nope", ""), get("page404, gzip", "/nope", GZIP);
  request("upload", "POST /upload?file=f HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  request("upload, second part", "POST /upload?file=f&offset=5 HTTP/1.1\r\nContent-Length: 5\r\n\r\nworld");
  request("upload, wrong offset", "POST /upload?file=f&offset=6 HTTP/1.1\r\nContent-Length: 5\r\n\r\nworld");
  request("upload, too large", "POST /upload?file=f&offset=996 HTTP/1.1\r\nContent-Length: 5\r\n\r\nworld");
  request("streamed upload", "POST /stream HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");

  s_calls[0] = '\0';
  struct mg_str s = mg_file_read(&s_fs, "www/a.txt");
  printf("mg_file_read: %s\n", s_calls), mg_free(s.buf);
  s_calls[0] = '\0', s = mg_file_read(&s_fs, "nope"), printf("mg_file_read, missing: %s\n", s_calls);
  s_calls[0] = '\0', mg_file_write(&s_fs, "up/w", "hello", 5), printf("mg_file_write: %s\n", s_calls);
  s_calls[0] = '\0', mg_file_write(&s_fs, "nope/w", "hello", 5), printf("mg_file_write, no directory: %s\n", s_calls);
  s_calls[0] = '\0', mg_file_printf(&s_fs, "up/w", "%d", 5), printf("mg_file_printf: %s\n", s_calls);
  s_calls[0] = '\0', mg_fs_ls(&s_fs, "up", buf, sizeof(buf)), printf("mg_fs_ls: %s\n", s_calls);
  s_calls[0] = '\0';
  struct mg_fd *fd = mg_fs_open(&s_fs, "up/w", MG_FS_READ);
  mg_fs_close(fd), printf("mg_fs_open and mg_fs_close: %s\n", s_calls);
  mg_mgr_free(&s_mgr);
  return 0;
}
