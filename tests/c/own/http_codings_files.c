// Which form of a file a client gets, and what validators and ranges refer to.

#include "../loop.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n%s\n", __LINE__, #x, s_head), exit(1); } while (0)

#define TAG "1000000000."

static struct mg_http_serve_opts s_opts = {.root_dir = "www"};
static struct mg_connection *s_listener;
static char s_head[2000], s_body[200000], s_text[60001];
static size_t s_body_len;
static struct mg_http_codings s_codings = {.size = sizeof(s_codings), .siblings = 1};

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &s_opts);
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

// Puts the pieces of a chunked body together.
static void join_chunks(const char *from) {
  s_body_len = 0;
  for (;;) {
    char *data;
    size_t n = strtoul(from, &data, 16);
    CHECK(data != from && strncmp(data, "\r\n", 2) == 0 && s_body_len + n < sizeof(s_body));
    if (n == 0) break;
    memmove(s_body + s_body_len, data + 2, n);
    s_body_len += n;
    CHECK(strncmp(data + 2 + n, "\r\n", 2) == 0);
    from = data + 4 + n;
  }
}

static void ask_for(const char *method, const char *uri, const char *proto, const char *fields) {
  char request[2000];
  static struct answer a;
  int fd = dial(s_listener);
  memset(&a, 0, offsetof(struct answer, text) + 1), a.len = 0, a.closed = false;
  snprintf(request, sizeof(request), "%s %s %s\r\nConnection: close\r\n%s\r\n", method, uri, proto, fields);
  say(fd, request);
  receive(fd, &a, sizeof(a.text) - 1);
  close(fd);
  s_head[0] = '\0';
  CHECK(a.closed);
  char *end = strstr(a.text, "\r\n\r\n");
  CHECK(end != NULL);
  snprintf(s_head, sizeof(s_head), "%.*s", (int) (end + 2 - a.text), a.text);
  s_body_len = a.len - (size_t) (end + 4 - a.text);
  memcpy(s_body, end + 4, s_body_len + 1);
  if (strstr(s_head, "chunked") != NULL && strcmp(method, "HEAD") != 0) join_chunks(end + 4);
  s_body[s_body_len] = '\0';
}

static bool has(const char *line) {
  char with_ends[300];
  snprintf(with_ends, sizeof(with_ends), "\r\n%s\r\n", line);
  return strstr(s_head, with_ends) != NULL;
}

static void get(const char *uri, const char *fields) {
  ask_for("GET", uri, "HTTP/1.1", fields);
}

static int status(void) {
  return atoi(s_head + 9);
}

// True when the response is a file that contains just its own name.
static bool is_file(const char *name, const char *coding) {
  char line[100], tag[100];
  snprintf(line, sizeof(line), "Content-Encoding: %s", coding);
  snprintf(tag, sizeof(tag), "Etag: \"" TAG "%lu%s%s\"", strlen(name), *coding ? "-" : "", coding);
  return status() == 200 && strcmp(s_body, name) == 0 && has(tag) && has("Vary: Accept-Encoding") &&
         (*coding ? has(line) : strstr(s_head, "Content-Encoding") == NULL) && !has("Transfer-Encoding: chunked");
}

static uint32_t little(const char *p) {
  const unsigned char *u = (const unsigned char *) p;
  return (uint32_t) u[0] | (uint32_t) u[1] << 8 | (uint32_t) u[2] << 16 | (uint32_t) u[3] << 24;
}

// True when the response is `s_text`, compressed: gzip ends with checksum and length of the original.
static bool is_compressed(void) {
  return status() == 200 && has("Content-Encoding: gzip") && has("Transfer-Encoding: chunked") && has("Vary: Accept-Encoding") &&
         strstr(s_head, "Content-Length") == NULL && s_body_len < strlen(s_text) &&
         little(s_body + s_body_len - 8) == mg_crc32(0, s_text, strlen(s_text)) &&
         little(s_body + s_body_len - 4) == strlen(s_text);
}

static bool is_plain(void) {
  return status() == 200 && strcmp(s_body, s_text) == 0 && strstr(s_head, "Content-Encoding") == NULL;
}

#define GZIP "Accept-Encoding: gzip\r\n"
#define ALL "Accept-Encoding: gzip, deflate, br, zstd\r\n"

static void test_siblings(void) {
  static const struct { const char *uri, *fields, *file, *coding; } rows[] = {
      {"/a.css", "", "a.css", ""},
      {"/a.css", "Accept-Encoding:\r\n", "a.css", ""},
      {"/a.css", ALL, "a.css.br", "br"},
      {"/a.css", "Accept-Encoding: gzip, zstd\r\n", "a.css.zst", "zstd"},
      {"/a.css", GZIP, "a.css.gz", "gzip"},
      {"/a.css", "Accept-Encoding: X-GZIP\r\n", "a.css.gz", "gzip"},
      {"/a.css", "Accept-Encoding: gzip\r\nAccept-Encoding: br;q=0.9\r\n", "a.css.gz", "gzip"},
      {"/a.css", "Accept-Encoding: gzip;q=0.9, br;q=0.9\r\n", "a.css.br", "br"},
      {"/a.css", "Accept-Encoding: br;q=0, *\r\n", "a.css.zst", "zstd"},
      {"/a.css", "Accept-Encoding: gzip;q=0.5, identity;q=0.6\r\n", "a.css", ""},
      {"/a.css", "Accept-Encoding: *;q=0\r\n", "a.css", ""},
      {"/a.css", "Accept-Encoding: gzip;q=0, br;q=0.0\r\n", "a.css", ""},
      {"/a.css", "Accept-Encoding: br;q=1.1, zstd;x=1, gzip;q=0.1\r\n", "a.css.gz", "gzip"},
      {"/only", ALL, "only.gz", "gzip"},
      {"/only", "Accept-Encoding: identity, gzip;q=0.1\r\n", "only.gz", "gzip"},
      {"/plain", ALL, "plain", ""},
      {"/d/", "Accept-Encoding: br\r\n", "d/index.html.br", "br"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    get(rows[i].uri, rows[i].fields);
    if (!is_file(rows[i].file, rows[i].coding)) printf("%s %s%s", rows[i].uri, rows[i].fields, s_head), exit(1);
    ask_for("HEAD", rows[i].uri, "HTTP/1.1", rows[i].fields);
    char head[sizeof(s_head)];
    strcpy(head, s_head);
    get(rows[i].uri, rows[i].fields);
    CHECK(strcmp(head, s_head) == 0);
  }
  get("/a.css", ALL);
  CHECK(has("Content-Type: text/css; charset=utf-8"));
  ask_for("GET", "/a.css", "HTTP/1.0", ALL);
  CHECK(is_file("a.css.br", "br"));
  get("/only", "");
  CHECK(status() == 404 && has("Vary: Accept-Encoding"));
  get("/d/", "");
  CHECK(status() == 404);
  // The program says that its files are coded in a way of their own.
  s_opts.extra_headers = "Content-Encoding: aes128gcm\r\n";
  get("/a.css", "Accept-Encoding: br\r\n");
  CHECK(status() == 200 && strcmp(s_body, "a.css") == 0 && !has("Content-Encoding: br"));
  s_opts.extra_headers = NULL;
  // A directory is no form of a file.
  get("/e", ALL);
  CHECK(is_file("e", ""));
}

static void test_validators(void) {
  // Each form has its own tag.
  static const struct { const char *coding, *tags; int status; } rows[] = {
      {"br", "\"" TAG "8-br\"", 304},
      {"br", "W/\"" TAG "8-br\"", 304},
      {"br", "\"x\" , W/\"" TAG "8-br\",\"y\"", 304},
      {"br", "*", 304},
      {"br", "\"" TAG "8-gzip\"", 200},
      {"br", "\"" TAG "8\"", 200},
      {"br", "\"" TAG "5\"", 200},
      {"gzip", "\"" TAG "8-gzip\"", 304},
      {"identity", "\"" TAG "5\"", 304},
      {"identity", "\"" TAG "8-br\"", 200},
      {"identity", "", 200},
  };
  char fields[500];
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    snprintf(fields, sizeof(fields), "Accept-Encoding: %s\r\nIf-None-Match: %s\r\n", rows[i].coding, rows[i].tags);
    get("/a.css", fields);
    if (status() != rows[i].status) printf("%s%s", fields, s_head), exit(1);
    CHECK(has("Vary: Accept-Encoding") && strstr(s_head, "\r\nEtag: \"" TAG) != NULL);
    if (status() == 304) CHECK(s_body_len == 0 && strstr(s_head, "Content-") == NULL);
  }
  // Too many tags are not looked at, which is safe.
  int n = snprintf(fields, sizeof(fields), "If-None-Match: ");
  for (int i = 0; i < 30; i++) n += snprintf(fields + n, sizeof(fields) - (size_t) n, "\"%09d\",", i);
  snprintf(fields + n, sizeof(fields) - (size_t) n, "\"" TAG "5\"\r\n");
  get("/a.css", fields);
  CHECK(status() == 200);

  // Ranges are of the form at hand, and end where it ends.
  get("/a.css", "Accept-Encoding: br\r\nRange: bytes=6-\r\n");
  CHECK(status() == 206 && has("Content-Range: bytes 6-7/8") && has("Content-Encoding: br") && strcmp(s_body, "br") == 0);
  get("/a.css", "Range: bytes=2-7\r\n");
  CHECK(status() == 206 && has("Content-Range: bytes 2-4/5") && strcmp(s_body, "css") == 0);
  get("/a.css", "Range: bytes=5-7\r\n");
  CHECK(status() == 416 && has("Content-Range: bytes */5"));
  get("/a.css", "Accept-Encoding: br\r\nRange: bytes=6-\r\nIf-Range: \"" TAG "8-br\"\r\n");
  CHECK(status() == 206);
  get("/a.css", "Accept-Encoding: br\r\nRange: bytes=6-\r\nIf-Range: \"" TAG "8-gzip\"\r\n");
  CHECK(status() == 200);
  get("/a.css", "Accept-Encoding: br\r\nRange: bytes=6-\r\nIf-Range: W/\"" TAG "8-br\"\r\n");
  CHECK(status() == 200);
}

static void test_compression(void) {
  get("/text.txt", GZIP);
  CHECK(is_compressed() && has("Etag: W/\"" TAG "60000-gzip\"") && has("Content-Type: text/plain; charset=utf-8"));
  ask_for("HEAD", "/text.txt", "HTTP/1.1", GZIP);
  CHECK(status() == 200 && has("Content-Encoding: gzip") && has("Transfer-Encoding: chunked") && s_body_len == 0);
  get("/text.txt", GZIP "If-None-Match: W/\"" TAG "60000-gzip\"\r\n");
  CHECK(status() == 304 && has("Vary: Accept-Encoding") && has("Etag: W/\"" TAG "60000-gzip\"") && s_body_len == 0);
  get("/text.txt", GZIP "If-None-Match: \"" TAG "60000\"\r\n");
  CHECK(is_compressed());
  get("/text.txt", "If-None-Match: W/\"" TAG "60000-gzip\"\r\n");
  CHECK(is_plain() && has("Etag: \"" TAG "60000\"") && has("Vary: Accept-Encoding"));
  get("/text.txt", "Accept-Encoding: gzip;q=0\r\n");
  CHECK(is_plain());
  get("/text.txt", "Accept-Encoding: br, zstd\r\n");
  CHECK(is_plain());
  ask_for("GET", "/text.txt", "HTTP/1.0", GZIP);
  CHECK(is_plain() && has("Content-Length: 60000"));
  // Parts are of the file itself.
  get("/text.txt", GZIP "Range: bytes=59990-\r\n");
  CHECK(status() == 206 && has("Content-Range: bytes 59990-59999/60000") && strstr(s_head, "Content-Encoding") == NULL);
  get("/text.txt", GZIP "Range: bytes=0-1\r\nIf-Range: W/\"" TAG "60000-gzip\"\r\n");
  CHECK(is_plain());

  // Short files, and such that do not look like text.
  get("/plain", GZIP);
  CHECK(is_file("plain", ""));
  get("/text.png", GZIP);
  CHECK(is_plain() && (strstr(s_head, "Vary") != NULL) == s_codings.siblings);
  get("/text.woff2", GZIP);
  CHECK(is_plain());
  s_opts.mime_types = "png=text/plain";
  get("/text.png", GZIP);
  CHECK(is_compressed());
  s_opts.mime_types = "txt=application/octet-stream";
  get("/text.txt", GZIP);
  CHECK(is_plain());
  s_opts.mime_types = NULL;

  // The program's own lines.
  s_opts.extra_headers = "Cache-Control: no-transform\r\n";
  get("/text.txt", GZIP);
  CHECK(is_plain());
  s_opts.extra_headers = "Vary: Origin, Accept-Encoding\r\n";
  get("/text.txt", GZIP);
  CHECK(status() == 200 && has("Content-Encoding: gzip") && has("Vary: Origin, Accept-Encoding") && !has("Vary: Accept-Encoding"));
  s_opts.extra_headers = NULL;

  // What stands in for a missing file, and what is there in compressed form.
  s_opts.page404 = "www/text.txt";
  get("/missing", GZIP);
  CHECK(is_compressed());
  s_opts.page404 = NULL;
  get("/a.css", GZIP);
  CHECK(status() == 200 && has("Content-Encoding: gzip") && strcmp(s_body, "a.css.gz") == 0);
}

// A file system of the program, which reads in pieces of its own size.
static size_t read_little(void *fd, void *buf, size_t len) {
  return mg_fs_posix.rd(fd, buf, len < 777 ? len : 777);
}

int main(void) {
  static const char *files[] = {"a.css",   "a.css.br", "a.css.zst",       "a.css.gz", "only.gz",
                                "plain", "d/index.html.br", "e",    NULL};
  char path[100];
  mkdir("www", 0755), mkdir("www/d", 0755), mkdir("www/e.br", 0755), mkdir("www/e.gz", 0755);
  for (int i = 0; files[i] != NULL; i++) snprintf(path, sizeof(path), "www/%s", files[i]), put(path, files[i]);
  for (size_t i = 0; i < sizeof(s_text) - 1; i++) s_text[i] = "hardly random "[i % 14 * i % 13];
  put("www/text.txt", s_text), put("www/text.png", s_text), put("www/text.woff2", s_text);

  start();
  s_listener = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  CHECK(mg_http_set_codings(s_listener, &s_codings));
  test_siblings();
  test_validators();
  get("/text.txt", GZIP);
  CHECK(is_plain());
  s_codings.gzip_level = 6;
  CHECK(mg_http_set_codings(s_listener, &s_codings));
  test_siblings();
  test_validators();
  test_compression();
  s_codings.siblings = 0;
  CHECK(mg_http_set_codings(s_listener, &s_codings));
  test_compression();
  get("/a.css", ALL);
  CHECK(has("Content-Encoding: gzip") && strcmp(s_body, "a.css.gz") == 0);

  struct mg_fs little_fs = mg_fs_posix;
  little_fs.rd = read_little;
  s_opts.fs = &little_fs;
  test_compression();
  s_opts.fs = &mg_fs_packed;
  struct mg_mem_file packed[] = {{"/www/text.txt", (unsigned char *) s_text, sizeof(s_text) - 1, 1000000000}, {NULL, NULL, 0, 0}};
  mg_mem_files = packed;
  s_opts.root_dir = "/www";
  get("/text.txt", GZIP);
  CHECK(is_compressed());

  // Together with other fields of the library.
  CHECK(mg_http_set_fields(s_listener, MG_HTTP_FIELD_DATE | MG_HTTP_FIELD_CONNECTION));
  get("/text.txt", GZIP);
  CHECK(is_compressed() && strstr(s_head, "\r\nDate: ") != NULL && has("Connection: close"));
  get("/text.txt", GZIP "If-None-Match: *\r\n");
  CHECK(status() == 304 && strstr(s_head, "\r\nDate: ") != NULL && has("Connection: close"));

  mg_mgr_free(&mgr);
  return 0;
}
