// Files and streamed bodies on one connection: a file in answer to a request whose body is streamed, from wherever it is served,
// is the only answer, and the connection goes on; a body that is streamed does not become an upload.

#include "../limits.h"
#include <poll.h>

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static const char *s_action;
static size_t s_received;
static int s_done, s_refused;
static char s_error[64];

static bool is(const char *action) {
  return strcmp(s_action, action) == 0;
}

static void serve(struct mg_connection *c, const char *path) {
  struct mg_http_message hm;
  const char *head = "GET / HTTP/1.1\r\n\r\n";
  CHECK(mg_http_parse(head, strlen(head), &hm) > 0);
  mg_http_serve_file(c, &hm, path, NULL);
}

static void piece(struct mg_connection *c, struct mg_str data, void *arg) {
  s_received += data.len;
  (void) c, (void) arg;
}

static void read_done(struct mg_connection *c, const char *error, void *arg) {
  s_done++;
  snprintf(s_error, sizeof(s_error), "%s", error == NULL ? "complete" : error);
  if (is("large in done")) serve(c, "large");
  if (is("small in done")) serve(c, "small");
  (void) arg;
}

static void stored(struct mg_connection *c, const char *error) {
  CHECK(error != NULL);
  s_refused++;
  (void) c;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_HDRS && mg_strcmp(hm->method, mg_str("PUT")) == 0) {
    CHECK(mg_http_read_body(c, hm, piece, read_done, NULL));
    if (is("large at once")) serve(c, "large");
    if (is("medium at once")) serve(c, "medium");
    if (is("upload")) mg_http_start_upload(c, hm, mg_str("stored"), mg_str("."), NULL, stored);
  }
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 202, "", "");
}

// The loop turns only when another one would turn it.
static void turn(void) {
  struct pollfd p = {.fd = mg_mgr_fd(&s_mgr), .events = POLLIN};
  int ms = mg_mgr_timeout(&s_mgr);
  if (poll(&p, 1, ms < 0 || ms > 10 ? 10 : ms) > 0 || mg_mgr_timeout(&s_mgr) == 0) mg_mgr_poll(&s_mgr, 0);
}

static void check(const char *action, const char *file, size_t size, int msgs) {
  static char text[9000000];
  const char *requests = "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
                         "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
  size_t len = 0;
  ssize_t n = -1;
  forget();
  s_action = action, s_received = 0, s_done = s_refused = 0;
  int fd = dial(s_listener);
  say(fd, requests, strlen(requests));
  for (int i = 0; i < 5000 && n != 0; i++) {
    turn();
    while ((n = recv(fd, text + len, sizeof(text) - len, MSG_DONTWAIT)) > 0) len += (size_t) n;
  }
  struct mg_str rest = mg_str_n(text, len);
  if (n != 0) printf("%s: %d bytes, and no end\n", action, (int) len);
  CHECK(n == 0 && s_seen.errors == 0 && s_done == 1 && s_received == 5 && strcmp(s_error, "complete") == 0);
  if (s_seen.msgs != msgs) printf("%s: %d messages\n", action, s_seen.msgs);
  CHECK(s_seen.msgs == msgs);
  if (file != NULL) {
    const char *body = strstr(text, "\r\n\r\n");
    CHECK(begins(rest, "HTTP/1.1 200 OK\r\n") && body != NULL);
    size_t used = (size_t) (body + 4 - text) + size;
    CHECK(len > used);
    rest = mg_str_n(text + used, len - used);
  } else {
    struct mg_http_message hm;
    int head = mg_http_parse(rest.buf, rest.len, &hm);
    CHECK(begins(rest, "HTTP/1.1 202 ") && head > 0);
    rest = mg_str_n(rest.buf + head, rest.len - (size_t) head);
  }
  struct mg_http_message hm;
  CHECK(begins(rest, "HTTP/1.1 202 ") && mg_http_parse(rest.buf, rest.len, &hm) == (int) rest.len);
  close(fd);
}

int main(void) {
  static char large[8000000];
  memset(large, 'x', sizeof(large));
  CHECK(mg_file_write(&mg_fs_posix, "large", large, sizeof(large)) && mg_file_write(&mg_fs_posix, "small", "x", 1));
  CHECK(mg_file_write(&mg_fs_posix, "medium", large, 50000));
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(s_listener != NULL);
  check("small in done", "small", 1, 1);
  check("large in done", "large", sizeof(large), 1);
  check("large at once", "large", sizeof(large), 1);
  check("medium at once", "medium", 50000, 1);
  check("upload", NULL, 0, 2);
  CHECK(s_refused == 1);
  mg_mgr_free(&s_mgr);
  CHECK(remove("large") == 0 && remove("medium") == 0 && remove("small") == 0);
  return 0;
}
