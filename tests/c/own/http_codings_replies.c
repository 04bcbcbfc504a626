// Which replies are compressed, for which request, and what they say about it.

#include "../loop.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static const char *s_headers = "";
static int s_status = 200;
static char text[100001];
static bool s_late, s_by_hand;
static struct mg_connection *s_waiting;

static void reply(struct mg_connection *c) {
  if (s_by_hand) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    mg_http_write_chunk(c, text, 5000);
    mg_http_write_chunk(c, "", 0);
  } else if (s_status > 0) {
    mg_http_reply(c, s_status, s_headers, "%s", s_status == 304 ? "" : text);
  } else {
    mg_http_reply_buf(c, 200, s_headers, text, strlen(text));
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  if (s_late) s_waiting = c;
  else reply(c);
}

static uint32_t little(const char *p) {
  const unsigned char *u = (const unsigned char *) p;
  return (uint32_t) u[0] | (uint32_t) u[1] << 8 | (uint32_t) u[2] << 16 | (uint32_t) u[3] << 24;
}

// What a response is: its body, and whether that is the text, compressed.
struct seen {
  char head[1000];
  bool gzip, vary;
  size_t len;
};

// gzip ends with checksum and length of what was compressed, which is compared with the text.
static struct seen look(const char *answer) {
  struct seen s = {.head = ""};
  const char *body = strstr(answer, "\r\n\r\n");
  CHECK(body != NULL);
  snprintf(s.head, sizeof(s.head), "%.*s", (int) (body + 2 - answer), answer);
  body += 4;
  char *length = strstr(s.head, "Content-Length: ");
  s.len = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
  s.gzip = strstr(s.head, "\r\nContent-Encoding: gzip\r\n") != NULL;
  s.vary = strstr(s.head, "\r\nVary: Accept-Encoding\r\n") != NULL;
  if (s.gzip && strncmp(body, "\x1f\x8b\x08", 3) == 0) {
    CHECK(little(body + s.len - 8) == mg_crc32(0, text, strlen(text)) && little(body + s.len - 4) == strlen(text));
    CHECK(s.len < strlen(text));
  } else if (!s.gzip && s.len > 0) {
    CHECK(s.len == strlen(text) && (body[0] == '\0' || memcmp(body, text, s.len) == 0));
  }
  return s;
}

static struct seen get(struct mg_connection *l, const char *start_line, const char *fields) {
  char request[1000];
  int fd = dial(l);
  snprintf(request, sizeof(request), "%s\r\n%s\r\n", start_line, fields);
  say(fd, request);
  struct seen s = look(response(fd));
  close(fd);
  turns(3);
  return s;
}

#define GET "GET / HTTP/1.1"
#define GZIP "Accept-Encoding: gzip\r\n"

int main(void) {
  struct mg_http_codings codings = {.size = sizeof(codings), .gzip_level = 6};
  struct seen s;
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  CHECK(mg_http_set_codings(l, &codings));
  for (size_t i = 0; i < sizeof(text) - 1; i++) text[i] = "hardly random "[i % 14];

  // Exactly what changes: the coding behind the program's own lines, the length, and Vary.
  s_headers = "Content-Type: text/plain\r\nX-A: 1\r\n";
  s = get(l, GET, GZIP);
  CHECK(s.gzip && s.vary && s.len < 1000);
  const char *expected = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: 1\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n"
                         "Content-Length: ";
  CHECK(strncmp(s.head, expected, strlen(expected)) == 0);
  s = get(l, GET, "");
  CHECK(!s.gzip && s.vary && s.len == sizeof(text) - 1);

  // What clients accept.
  static const struct { const char *fields; bool gzip; } clients[] = {
      {"Accept-Encoding: br, gzip\r\n", true},
      {"Accept-Encoding: x-gzip;q=0.1\r\n", true},
      {"accept-encoding: br\r\nACCEPT-ENCODING: GZIP\r\n", true},
      {"Accept-Encoding: *\r\n", true},
      {"Accept-Encoding: identity;q=0, gzip;q=0.5\r\n", true},
      {"Accept-Encoding: gzip;q=0\r\n", false},
      {"Accept-Encoding: gzip\r\nAccept-Encoding: gzip;q=0\r\n", false},
      {"Accept-Encoding: gzip;q=0.5, identity\r\n", false},
      {"Accept-Encoding: gzip;q=x\r\n", false},
      {"Accept-Encoding: br, zstd, deflate\r\n", false},
      {"Accept-Encoding: *;q=0\r\n", false},
      {"Accept-Encoding: \r\n", false},
      {"Content-Encoding: gzip\r\n", false},
  };
  for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
    s = get(l, GET, clients[i].fields);
    if (s.gzip != clients[i].gzip || !s.vary) printf("%s%s", clients[i].fields, s.head), exit(1);
  }
  CHECK(get(l, "GET / HTTP/1.0", GZIP).gzip);
  CHECK(get(l, "POST / HTTP/1.1", GZIP "Content-Length: 0\r\n").gzip);
  s_status = 0;  // mg_http_reply_buf()
  CHECK(get(l, GET, GZIP).gzip);

  // What programs say.
  static const struct { int status; const char *headers; bool gzip, vary; } replies[] = {
      {200, "", true, true},
      {404, "Content-Type: application/problem+json\r\n", true, true},
      {500, "X: y\r\n", true, true},
      {200, "Vary: Origin, accept-encoding\r\n", true, false},
      {200, "Vary: *\r\n", true, false},
      {200, "Vary: Origin\r\n", true, true},
      {200, "Content-Type: image/png\r\n", false, false},
      {200, "Content-Encoding: br\r\n", false, false},
      {200, "CONTENT-ENCODING: identity\r\n", false, false},
      {200, "Cache-Control: private, No-Transform\r\n", false, false},
      {206, "Content-Range: bytes 0-99/1000\r\n", false, false},
      {206, "", false, false},
      {204, "", false, false},
      {304, "", false, true},
      {200, "Content-Type: text/event-stream\r\n", false, false},
  };
  for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
    s_status = replies[i].status, s_headers = replies[i].headers;
    s = get(l, GET, GZIP);
    if (s.gzip != replies[i].gzip || s.vary != replies[i].vary) printf("%d %s%s", s_status, s_headers, s.head), exit(1);
  }

  // Entity tags.
  s_status = 200, s_headers = "etag:  \"v\"\r\nA: \"b\"\r\n";
  CHECK(strstr(get(l, GET, GZIP).head, "\r\netag:  W/\"v\"\r\nA: \"b\"\r\n") != NULL);
  CHECK(strstr(get(l, GET, "").head, "\r\netag:  \"v\"\r\nA: \"b\"\r\n") != NULL);
  s_headers = "A: b\r\nETag: \"v:1\"";
  CHECK(strstr(get(l, GET, GZIP).head, "\r\nA: b\r\nETag: W/\"v:1\"\r\nVary") != NULL);
  s_headers = "ETag: \"v\"";
  CHECK(strstr(get(l, GET, GZIP).head, "\r\nETag: W/\"v\"\r\nVary") != NULL);
  s_headers = "ETag: W/\"v\"";
  CHECK(strstr(get(l, GET, GZIP).head, "\r\nETag: W/\"v\"\r\nVary") != NULL);
  s_status = 304, s_headers = "ETag: \"v\"\r\n";
  s = get(l, GET, GZIP);
  CHECK(strstr(s.head, "\r\nETag: W/\"v\"\r\n") != NULL && s.vary && s.len == 0);
  s_status = 200, s_headers = "";

  // HEAD gets the head of GET.
  char head[1000];
  strcpy(head, get(l, GET, GZIP).head);
  int fd = dial(l);
  static struct answer a;
  say(fd, "HEAD / HTTP/1.1\r\n" GZIP "Connection: close\r\n\r\n");
  receive(fd, &a, sizeof(a.text) - 1);
  CHECK(a.closed && strncmp(a.text, head, strlen(head)) == 0 && strcmp(a.text + strlen(head), "\r\n") == 0);
  close(fd);

  // What does not get smaller is left alone.
  for (size_t i = 0; i < sizeof(text) - 1; i++) {
    uint8_t random;
    mg_random(&random, 1);
    text[i] = (char) (random == 0 ? 1 : random);
  }
  s = get(l, GET, GZIP);
  CHECK(!s.gzip && s.vary && s.len == sizeof(text) - 1);
  memset(text, 'x', sizeof(text) - 1);

  // Nothing else is touched.
  s_by_hand = true;
  CHECK(strstr(get(l, GET, GZIP).head, "Content-Encoding") == NULL);
  s_by_hand = false;

  // Each of pipelined requests has its own Accept-Encoding, also when the replies come from elsewhere.
  s_late = true;
  fd = dial(l);
  say(fd, GET "\r\n" GZIP "\r\n" GET "\r\n\r\n" GET "\r\nAccept-Encoding: br\r\n\r\n" GET "\r\n" GZIP "\r\n");
  for (int i = 0; i < 4; i++) {
    poll_until(s_waiting != NULL);
    CHECK(s_waiting != NULL);
    struct mg_connection *c = s_waiting;
    s_waiting = NULL;
    turns(3);
    CHECK(s_waiting == NULL);
    reply(c);
    s = look(response(fd));
    CHECK(s.gzip == (i == 0 || i == 3) && s.vary);
  }
  close(fd);

  // Outside of a request nothing is known of what the client accepts.
  fd = dial(l);
  say(fd, GET "\r\n" GZIP "\r\n");
  poll_until(s_waiting != NULL);
  reply(s_waiting), reply(s_waiting);
  CHECK(look(response(fd)).gzip);
  turns(5);
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
