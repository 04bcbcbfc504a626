// Server-side includes. The reference library is built without them.

#include "mongoose.h"

static struct mg_http_serve_opts s_opts = {.root_dir = "www", .ssi_pattern = "#.shtml"};
static const struct mg_mem_file s_packed[] = {{"/www/p.shtml", (const unsigned char *) "<<!--#include file=\"q\"-->>", 26, 1}, {"/www/q", (const unsigned char *) "packed", 6, 1}, {NULL, NULL, 0, 0}};
static bool s_direct;

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
  if (ev == MG_EV_HTTP_MSG && s_direct) mg_http_serve_ssi(c, "www", "www/page.shtml");
  else if (ev == MG_EV_HTTP_MSG) mg_http_serve_dir(c, (struct mg_http_message *) ev_data, &s_opts);
}

static void page(const char *text, const char *expected) {
  char answer[10000];
  put("www/page.shtml", text);
  for (s_direct = false;; s_direct = true) {
    talk("GET /page.shtml HTTP/1.1\r\n\r\n", answer, sizeof(answer));
    char *body = strstr(answer, "\r\n\r\n");
    CHECK(body != NULL);
    if (strcmp(body + 4, expected) != 0) printf("%s\ngives %s\ninstead of %s\n", text, body + 4, expected), exit(1);
    CHECK(strncmp(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ", 73) == 0);
    CHECK(atoi(answer + 73) == (int) strlen(expected));
    if (s_direct) break;
  }
  s_direct = false;
}

int main(void) {
  char answer[10000];
  mg_log_level = MG_LL_NONE;
  mkdir("www", 0755), mkdir("www/d", 0755);
  put("www/inc.txt", "INC"), put("www/d/inner.txt", "[<!--#include file=\"deep.txt\" -->]"), put("www/d/deep.txt", "deep"), put("www/empty.txt", "");
  put("www/self.shtml", "x<!--#include file=\"self.shtml\"-->y"), put("secret.txt", "secret"), put("www/plain.html", "<!--#include file=\"inc.txt\"-->");
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);

  page("A <!--#include file=\"inc.txt\" --> B", "A INC B");
  page("A <!--#include virtual=\"/inc.txt\" --> B", "A INC B");
  page("<!--#include file=\"d/inner.txt\" -->", "[deep]");
  page("<!--#include virtual=\"/d/inner.txt\" --><!--#include file=\"inc.txt\"-->", "[deep]INC");
  page("A <!--#include file=\"nope.txt\" --> B", "A  B");
  page("A <!--#include file=\"../secret.txt\" --> B", "A  B");
  page("A <!--#include virtual=\"/../secret.txt\" --> B", "A  B");
  page("<!--#echo var=\"X\" -->", "<!--#echo var=\"X\" -->");
  page("<!--#INCLUDE file=\"inc.txt\" -->", "<!--#INCLUDE file=\"inc.txt\" -->");
  page("<!--#include file=inc.txt -->", "<!--#include file=inc.txt -->");
  page("<!-- a comment --> <!--#include file=\"inc.txt\"", "<!-- a comment --> <!--#include file=\"inc.txt\"");
  page("<!--#include file=\"empty.txt\" -->", "");
  page("", "");

  talk("GET /self.shtml HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  CHECK(strcmp(strstr(answer, "\r\n\r\n") + 4, "xxxxxxyyyyyy") == 0);
  // Other pages are not expanded.
  talk("GET /plain.html HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  CHECK(strcmp(strstr(answer, "\r\n\r\n") + 4, "<!--#include file=\"inc.txt\"-->") == 0);
  talk("GET /nope.shtml HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  CHECK(strncmp(answer, "HTTP/1.1 404", 12) == 0);
  talk("HEAD /self.shtml HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  CHECK(strstr(answer, "Content-Length: 12 ") != NULL && strstr(answer, "\r\n\r\n")[4] == '\0');
  // A page that would grow without end.
  char *bomb = (char *) calloc(1, 40 * 64 + 1);
  for (int i = 0; i < 64; i++) strcat(bomb, "<!--#include file=\"bomb.shtml\"-->");
  put("www/bomb.shtml", bomb), free(bomb);
  talk("GET /bomb.shtml HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  CHECK(strncmp(answer, "HTTP/1.1 500", 12) == 0);
  // Index pages, and the file system of the options.
  put("www/d/index.shtml", "<<!--#include file=\"deep.txt\"-->>");
  talk("GET /d/ HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  CHECK(strcmp(strstr(answer, "\r\n\r\n") + 4, "<deep>") == 0);
  mg_mem_files = s_packed, s_opts.fs = &mg_fs_packed, s_opts.root_dir = "/www";
  talk("GET /p.shtml HTTP/1.1\r\n\r\n", answer, sizeof(answer));
  CHECK(strcmp(strstr(answer, "\r\n\r\n") + 4, "<packed>") == 0);
  mg_mgr_free(&s_mgr);
  return 0;
}
