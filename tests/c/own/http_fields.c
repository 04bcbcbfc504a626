// Date and Connection in responses, for programs that ask for them: in which responses they stand, what they say, and that
// the connection does what it says.

#include "../limits.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static const char *s_headers;
static int s_code, s_served;
static bool s_drain;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = ".", .extra_headers = s_headers, .ssi_pattern = "#.shtml"};
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/upload"), NULL)) {
    mg_http_start_upload(c, hm, mg_str("uploaded"), mg_str("."), NULL, NULL);
  }
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/bare"), NULL)) mg_http_set_fields(c, 0);
  if (ev != MG_EV_HTTP_MSG) return;
  s_served++;
  if (s_drain) c->is_draining = 1;
  if (mg_match(hm->uri, mg_str("/reply"), NULL) || mg_match(hm->uri, mg_str("/bare"), NULL)) mg_http_reply(c, s_code, s_headers, "hello");
  else if (mg_match(hm->uri, mg_str("/chunks"), NULL)) {
    mg_http_reply(c, 200, "Transfer-Encoding: chunked\r\n", "");
    mg_http_write_chunk(c, "hello", 5), mg_http_write_chunk(c, "", 0);
  } else if (mg_match(hm->uri, mg_str("/piece"), NULL)) mg_http_upload(c, hm, &mg_fs_posix, ".", 100);
  else if (mg_match(hm->uri, mg_str("/hand"), NULL)) mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  else mg_http_serve_dir(c, hm, &opts);
}

static int count(const char *text, const char *what) {
  int n = 0;
  for (; *text != '\0'; text++) n += strncasecmp(text, what, strlen(what)) == 0;
  return n;
}

// Sends requests, and gives what comes until the connection closes, or there are so many answers.
static const char *ask(const char *requests, bool *closed, int answers) {
  static char text[50000];
  size_t len = 0;
  ssize_t n = -1;
  int fd = dial(s_listener);
  s_served = 0;
  say(fd, requests, strlen(requests));
  for (int turn = 0; turn < 2000 && n != 0; turn++) {
    mg_mgr_poll(&s_mgr, turn > 20 ? 10 : 0);
    if ((n = recv(fd, text + len, sizeof(text) - 1 - len, MSG_DONTWAIT)) > 0) len += (size_t) n;
    text[len] = '\0';
    // A few more turns, in which a connection that closes would do so.
    if (count(text, "HTTP/1.1 ") >= answers && answers > 0 && turn < 1990) turn = 1990;
  }
  *closed = n == 0;
  close(fd);
  for (int turn = 0; turn < 3; turn++) mg_mgr_poll(&s_mgr, 0);
  return text;
}

static void check(int line, const char *requests, int answers, bool closes, const char *connection) {
  bool closed;
  const char *text = ask(requests, &closed, closes ? 0 : answers);
  int options = count(text, "\r\nConnection: "), dates = count(text, "\r\nDate: ");
  bool good = count(text, "HTTP/1.1 ") == answers && closed == closes && dates == answers;
  good = good && (connection == NULL ? options == 0 : options == answers && count(text, connection) == answers);
  // The clock of this program.
  good = good && count(text, "\r\nDate: Sun, 06 Nov 1994 08:4") == answers && count(text, " GMT\r\n") == answers;
  if (!good) printf("line %d: %s\n--- %s\n--- %s\n", line, requests, text, closed ? "closed" : "open"), exit(1);
}

#define KEEPS(requests, answers) check(__LINE__, requests, answers, false, NULL)
#define KEEPS_AND_SAYS_SO(requests, answers) check(__LINE__, requests, answers, false, "\r\nConnection: keep-alive\r\n")
#define CLOSES(requests, answers) check(__LINE__, requests, answers, true, "\r\nConnection: close\r\n")

#define V10 " HTTP/1.0\r\n"
#define V11 " HTTP/1.1\r\nHost: a\r\n"
#define KA "Connection: keep-alive\r\n\r\n"

static void replies(void) {
  KEEPS("GET /reply" V11 "\r\n", 1);
  KEEPS("GET /reply" V11 "\r\nHEAD /reply" V11 "\r\nGET /reply" V11 KA, 3);
  CLOSES("GET /reply" V11 "Connection: close\r\n\r\n", 1);
  CLOSES("GET /reply" V11 "Connection: TE,ClosE \r\n\r\n", 1);
  CLOSES("GET /reply" V11 "Connection: TE\r\nconnection: close\r\n\r\n", 1);
  CLOSES("GET /reply" V11 "Connection: close\r\n\r\nGET /reply" V11 "\r\n", 1);
  CLOSES("GET /reply" V10 "\r\n", 1);
  CLOSES("GET /reply" V10 "\r\nGET /reply" V10 "\r\n", 1);
  CHECK(s_served == 1);
  KEEPS_AND_SAYS_SO("GET /reply" V10 KA, 1);
  KEEPS_AND_SAYS_SO("GET /reply" V10 KA "GET /reply" V10 KA, 2);
  KEEPS_AND_SAYS_SO("HEAD /reply" V10 "Connection: Upgrade, Keep-Alive\r\n\r\n", 1);
  CLOSES("GET /reply" V10 "Connection: keep-alive, close\r\n\r\n", 1);
  // A client that speaks HTTP/1.0 does not see where chunks end.
  CLOSES("GET /chunks" V10 KA, 1);
  KEEPS("GET /chunks" V11 "\r\n", 1);
  s_code = 204;
  KEEPS("GET /reply" V11 "\r\n", 1);
  KEEPS_AND_SAYS_SO("GET /reply" V10 KA, 1);
  s_code = 304;
  KEEPS("GET /reply" V11 "\r\n", 1);
  s_code = 500;
  KEEPS("GET /reply" V11 "\r\n", 1);
  s_code = 200, s_drain = true;
  CLOSES("GET /reply" V11 "\r\n", 1);
  CLOSES("GET /reply" V10 KA, 1);
  s_drain = false;
}

static void fields_of_the_program(void) {
  bool closed;
  s_headers = "Date: Sun, 06 Nov 1994 08:48:00 GMT\r\n";
  KEEPS("GET /reply" V11 "\r\n", 1);
  KEEPS("GET /file" V11 "\r\n", 1);
  s_headers = "X-Date: no\r\nConnection: close\r\n";
  CLOSES("GET /reply" V11 "\r\n", 1);
  CLOSES("GET /file" V11 "\r\n", 1);
  s_headers = "Connection: keep-alive\r\n";
  KEEPS_AND_SAYS_SO("GET /reply" V10 KA, 1);
  s_headers = "Connection: TE\r\n";
  CHECK(count(ask("GET /reply" V10 KA, &closed, 0), "\r\nConnection: ") == 1 && closed);
  s_headers = "";
  // Those that it writes itself are its own; the connection closes as it does without.
  CHECK(count(ask("GET /hand" V10 KA, &closed, 0), "Date") == 0 && closed);
  const char *text = ask("GET /bare" V10 KA, &closed, 0);
  CHECK(closed && strcmp(text, "HTTP/1.1 200 OK\r\nContent-Length: 5          \r\n\r\nhello") == 0);
}

static void files(void) {
  KEEPS("GET /file" V11 "\r\n", 1);
  KEEPS("GET /file" V11 "Range: bytes=1-2\r\n\r\n", 1);
  KEEPS("GET /file" V11 "Range: bytes=100-\r\n\r\n", 1);
  KEEPS_AND_SAYS_SO("GET /file" V10 KA "GET /file" V10 KA, 2);
  CLOSES("GET /file" V11 "Connection: close\r\n\r\n", 1);
  KEEPS("HEAD /file" V11 "\r\n", 1);
  KEEPS("GET /missing" V11 "\r\n", 1);
  CLOSES("GET /missing" V10 "\r\n", 1);
  KEEPS("GET /%zz" V11 "\r\n", 1);
  KEEPS("GET /" V11 "\r\n", 1);
  KEEPS_AND_SAYS_SO("GET /" V10 KA, 1);
  KEEPS("GET /page.shtml" V11 "\r\n", 1);
  KEEPS("GET /folder" V11 "\r\n", 1);
  CLOSES("GET /folder" V10 "\r\n", 1);
  char request[200];
  bool closed;
  const char *tag = strstr(ask("GET /file" V11 "\r\n", &closed, 1), "\r\nEtag: ");
  CHECK(tag != NULL);
  snprintf(request, sizeof(request), "GET /file" V11 "If-None-Match: %.*s\r\n\r\n", (int) strcspn(tag + 8, "\r"), tag + 8);
  KEEPS(request, 1);
}

static void uploads(void) {
  KEEPS("POST /upload" V11 "Content-Length: 3\r\n\r\nabc", 1);
  KEEPS_AND_SAYS_SO("POST /upload HTTP/1.0\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc", 1);
  CLOSES("POST /upload HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 1);
  KEEPS("POST /piece?file=piece" V11 "Content-Length: 3\r\n\r\nabc", 1);
  CLOSES("POST /piece?file=piece" V11 "Connection: close\r\nContent-Length: 3\r\n\r\nabc", 1);
}

static void refusals(void) {
  struct mg_limits limits = {.size = sizeof(limits), .body_size = 10, .header_size = 200, .header_timeout = 1};
  CHECK(mg_conn_set_limits(s_listener, &limits));
  CLOSES("POST /reply" V11 "Content-Length: 11\r\n\r\n", 1);
  CLOSES("GET /reply" V11, 1);
  // No request is understood, so that there is only one who says no.
  CLOSES("HTTP/1.1 200 OK\r\n\r\n", 1);
  CHECK(mg_conn_set_limits(s_listener, NULL));
}

static void choices(void) {
  bool closed;
  CHECK(mg_http_set_fields(s_listener, MG_HTTP_FIELD_DATE));
  const char *text = ask("GET /reply" V10 KA, &closed, 0);
  CHECK(closed && count(text, "\r\nDate: ") == 1 && count(text, "Connection") == 0);
  CHECK(mg_http_set_fields(s_listener, MG_HTTP_FIELD_CONNECTION));
  CHECK(!mg_http_set_fields(s_listener, MG_HTTP_FIELD_DATE | 0x100U) && !mg_http_set_fields(s_listener, 0x80U));
  text = ask("GET /reply" V10 KA, &closed, 1);
  CHECK(!closed && count(text, "Date") == 0 && count(text, "\r\nConnection: keep-alive\r\n") == 1);
  CHECK(mg_http_set_fields(s_listener, 0));
  CHECK(count(ask("GET /reply" V11 "\r\n", &closed, 1), "\r\n") == 3);
  CHECK(!mg_http_set_fields(NULL, MG_HTTP_FIELD_DATE));
  struct mg_connection *udp = mg_listen(s_listener->mgr, "udp://127.0.0.1:0", NULL, NULL);
  CHECK(udp != NULL && !mg_http_set_fields(udp, MG_HTTP_FIELD_DATE));
  mg_close_conn(udp);
  // Interim responses have neither, nor has what is no response to a request.
  CHECK(mg_http_set_fields(s_listener, MG_HTTP_FIELD_DATE | MG_HTTP_FIELD_CONNECTION));
  s_code = 100;
  CHECK(strcmp(ask("GET /reply" V11 "\r\n", &closed, 1), "HTTP/1.1 100 Continue\r\n\r\n") == 0);
}

int main(void) {
  FILE *f = fopen("file", "w"), *page = fopen("page.shtml", "w");
  CHECK(f != NULL && fputs("content", f) >= 0 && fclose(f) == 0);
  CHECK(page != NULL && fputs("page", page) >= 0 && fclose(page) == 0);
  CHECK(mkdir("folder", 0700) == 0);
  mg_log_level = MG_LL_NONE;
  mg_boot_timestamp_ms = 784111777000ULL - mg_millis();  // RFC 9110, 5.6.7
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  s_code = 200, s_headers = "";
  CHECK(mg_http_set_fields(s_listener, MG_HTTP_FIELD_DATE | MG_HTTP_FIELD_CONNECTION));
  replies(), fields_of_the_program(), files(), uploads(), refusals(), choices();
  mg_mgr_free(&s_mgr);
  return 0;
}
