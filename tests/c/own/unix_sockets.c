// Unix domain sockets: HTTP over a path and over an abstract name, and what becomes of the socket's file.

#include "mongoose.h"
#include <sys/stat.h>
#include <sys/un.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static char dir[] = "/tmp/mg-unix-XXXXXX";
static char events[256];

static char *url_of(const char *format, const char *name) {
  static char text[8][400];
  static int turn;
  char *url = text[turn++ % 8];
  mg_snprintf(url, sizeof(text[0]), format, dir, name);
  return url;
}

static void note(const char *text) {
  strncat(events, text, sizeof(events) - strlen(events) - 1);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) {
    CHECK(c->rem.port == 0 && c->loc.port == 0 && !c->rem.is_ip6);
    note(c->is_tls ? "accept-tls " : "accept ");
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    mg_http_reply(c, 200, "", "%.*s", (int) hm->uri.len, hm->uri.buf);
    c->is_draining = 1;
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_RESOLVE) note("resolve ");
  if (ev == MG_EV_CONNECT) {
    note("connect ");
    mg_printf(c, "GET /over/unix HTTP/1.0\r\n\r\n");
  }
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    CHECK(mg_strcmp(hm->body, mg_str("/over/unix")) == 0);
    note("reply ");
  }
  if (ev == MG_EV_ERROR) note((char *) ev_data), note(" ");
  if (ev == MG_EV_CLOSE) *(int *) c->fn_data = 1;
}

static void talk(struct mg_mgr *mgr, const char *url, const char *expected) {
  int closed = 0;
  events[0] = '\0';
  CHECK(mg_http_connect(mgr, url, client, &closed) != NULL || closed);
  for (int i = 0; i < 500 && !closed; i++) mg_mgr_poll(mgr, 10);
  if (strcmp(events, expected) != 0) printf("%s: %s\n", url, events), exit(1);
}

static bool exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

static void files(struct mg_mgr *mgr) {
  char *path = url_of("%s/%s", "a.sock");
  struct stat st;
  struct mg_connection *c = mg_http_listen(mgr, url_of("unix://%s/%s?mode=0640", "a.sock"), server, NULL);
  CHECK(c != NULL);
  CHECK(stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0640);
  talk(mgr, url_of("unix://%s/%s", "a.sock"), "resolve connect accept reply ");

  // In use: the second listener fails and leaves the first one alone.
  CHECK(mg_http_listen(mgr, url_of("unix://%s/%s", "a.sock"), server, NULL) == NULL);
  talk(mgr, url_of("http+unix://%s/%s", "a.sock"), "resolve connect accept reply ");

  // The file goes with the listener.
  c->is_closing = 1;
  mg_mgr_poll(mgr, 0);
  CHECK(!exists(path));
  talk(mgr, url_of("unix://%s/%s", "a.sock"), "connect: 2 ");
}

static void stale_file(struct mg_mgr *mgr) {
  char *path = url_of("%s/%s", "stale.sock");
  struct sockaddr_un sun = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  memcpy(sun.sun_path, path, strlen(path) + 1);
  CHECK(bind(fd, (struct sockaddr *) &sun, sizeof(sun)) == 0);
  close(fd);
  CHECK(exists(path));
  talk(mgr, url_of("unix://%s/%s", "stale.sock"), "connect: 111 ");
  struct mg_connection *c = mg_http_listen(mgr, url_of("unix://%s/%s", "stale.sock"), server, NULL);
  CHECK(c != NULL);
  talk(mgr, url_of("unix://%s/%s", "stale.sock"), "resolve connect accept reply ");

  // A file that took the socket's place is not ours to remove.
  CHECK(unlink(path) == 0);
  fclose(fopen(path, "w"));
  c->is_closing = 1;
  mg_mgr_poll(mgr, 0);
  CHECK(exists(path));

  // Nor is one that is no socket replaced.
  CHECK(mg_http_listen(mgr, url_of("unix://%s/%s", "stale.sock"), server, NULL) == NULL);
  CHECK(exists(path));
  unlink(path);
}

static void abstract_name(struct mg_mgr *mgr) {
#ifdef __linux__
  char url[64];
  mg_snprintf(url, sizeof(url), "unix://@mg-test-%d", (int) getpid());
  struct mg_connection *c = mg_http_listen(mgr, url, server, NULL);
  CHECK(c != NULL);
  talk(mgr, url, "resolve connect accept reply ");
  CHECK(mg_http_listen(mgr, url, server, NULL) == NULL);
  c->is_closing = 1;
  mg_mgr_poll(mgr, 0);
  talk(mgr, url, "connect: 111 ");
#else
  (void) mgr;
#endif
}

static void bad_urls(struct mg_mgr *mgr) {
  static const char *urls[] = {"unix:", "unix://", "unix://@", "unix:///a?mode=9", "unix:///no/such/folder/a.sock"};
  char longest[200];
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) CHECK(mg_listen(mgr, urls[i], server, NULL) == NULL);
  mg_snprintf(longest, sizeof(longest), "unix:///tmp/%0120d", 1);
  CHECK(mg_listen(mgr, longest, server, NULL) == NULL);
  talk(mgr, "unix://", "invalid URL ");
  talk(mgr, "unix://@", "invalid URL ");
  talk(mgr, "fd://0", "invalid URL ");
}

static void tls_scheme(struct mg_mgr *mgr) {
  // No handler starts TLS, so it is plain text after all; the flag is there for the handler to see.
  struct mg_connection *c = mg_http_listen(mgr, url_of("https+unix://%s/%s", "tls.sock"), server, NULL);
  CHECK(c != NULL && c->is_tls);
  talk(mgr, url_of("unix://%s/%s", "tls.sock"), "resolve connect accept-tls reply ");
}

int main(void) {
  struct mg_mgr mgr;
  CHECK(mkdtemp(dir) != NULL);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  files(&mgr);
  stale_file(&mgr);
  abstract_name(&mgr);
  bad_urls(&mgr);
  tls_scheme(&mgr);
  mg_mgr_free(&mgr);
  CHECK(rmdir(dir) == 0);
  return 0;
}
