// mg_http_start_upload() with a body in chunks, however it is cut: the content is stored, and the connection goes on. A chunk
// that is none, and more than `body_size`, leave an empty file. Firmware needs a length.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_report[64];
static int s_reports;

static void report(struct mg_connection *c, const char *error) {
  s_reports++;
  snprintf(s_report, sizeof(s_report), "%s", error == NULL ? "stored" : error);
  mg_http_reply(c, error == NULL ? 200 : 400, "", "");
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/ota"), NULL)) mg_http_start_ota(c, hm, report);
  else if (ev == MG_EV_HTTP_HDRS) mg_http_start_upload(c, hm, mg_str("f"), mg_str("."), NULL, report);
}

// Sends a request in pieces of `step` bytes; returns the number of answers until the server has closed.
static int talk(const char *text, size_t len, size_t step, const char *status) {
  int answers = 0;
  forget();
  s_reports = 0;
  int fd = dial(s_listener);
  for (size_t i = 0; i < len; i += step) {
    if (send(fd, text + i, len - i < step ? len - i : step, MSG_NOSIGNAL) < 0) break;
    mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_mgr, 0);
  }
  shutdown(fd, SHUT_WR);
  struct mg_str heard = hear(&s_mgr, fd);
  for (size_t i = 0; i + strlen(status) <= heard.len; i++) answers += memcmp(heard.buf + i, status, strlen(status)) == 0;
  return answers;
}

static struct mg_str stored(void) {
  static char text[100000];
  struct mg_str s = mg_file_read(&mg_fs_posix, "f");
  CHECK(s.buf != NULL && s.len < sizeof(text));
  memcpy(text, s.buf, s.len);
  mg_free(s.buf);
  return mg_str_n(text, s.len);
}

#define HEAD "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"

int main(void) {
  static char text[200000], content[50000];
  size_t len = 0, n = 0;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  len += (size_t) sprintf(text, HEAD);
  for (size_t i = 1; n + i < sizeof(content); i = i * 3 % 1009) {
    len += (size_t) sprintf(text + len, "%lx\r\n", (unsigned long) i);
    for (size_t k = 0; k < i; k++) content[n] = (char) ('a' + (i * 7 + k) % 26), text[len++] = content[n++];
    len += (size_t) sprintf(text + len, "\r\n");
  }
  len += (size_t) sprintf(text + len, "0\r\nTrailer: x\r\n\r\n" HEAD "0\r\n\r\n");
  size_t first = len - strlen(HEAD "0\r\n\r\n");
  for (size_t step = 11; step < 300000; step *= 13) {
    CHECK(talk(text, first, step, "HTTP/1.1 200 ") == 1);
    struct mg_str s = stored();
    CHECK(s_reports == 1 && s.len == n && memcmp(s.buf, content, n) == 0);
    CHECK(talk(text, len, step, "HTTP/1.1 200 ") == 2);
    CHECK(s_reports == 2 && stored().len == 0);
  }
  CHECK(talk(HEAD "3\r\nabcX", strlen(HEAD "3\r\nabcX"), 1000, "HTTP/1.1 400 ") == 1);
  CHECK(s_reports == 1 && strcmp(s_report, "invalid chunk") == 0 && stored().len == 0);
  CHECK(talk(HEAD "3\r\nab", strlen(HEAD "3\r\nab"), 1000, "HTTP/1.1 ") == 0);
  CHECK(s_reports == 1 && strcmp(s_report, "connection closed") == 0);
  struct mg_limits limits = {.size = sizeof(limits), .body_size = 1000};
  CHECK(mg_conn_set_limits(s_listener, &limits));
  CHECK(talk(text, first, 500, "HTTP/1.1 400 ") == 1);
  CHECK(s_reports == 1 && strcmp(s_report, "body limit") == 0 && stored().len == 0);
  // What the headers announce is the program's business.
  CHECK(talk("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi", 41, 99, "HTTP/1.1 200 ") == 1);
  const char *firmware = "POST /ota HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  talk(firmware, strlen(firmware), 100, "");
  CHECK(s_reports == 1 && strcmp(s_report, "chunked not supported") == 0);
  mg_mgr_free(&s_mgr);
  return 0;
}
