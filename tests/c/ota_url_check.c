// mg_ota_url_check: asks a server for the newest version, fetches it, and hands it to the program's mg_ota_begin(),
// mg_ota_write() and mg_ota_end().

#include "mongoose.h"

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static const char *s_metadata, *s_firmware;
static char s_events[4000], s_requests[4000], s_image[2000];
static size_t s_received;
static bool s_begin = true, s_write = true, s_end = true;
static int s_calls;

static void note(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  size_t len = strlen(s_events);
  mg_vsnprintf(s_events + len, sizeof(s_events) - len, fmt, &ap);
  va_end(ap);
}

bool mg_ota_begin(size_t new_firmware_size) {
  note("begin(%lu) ", (unsigned long) new_firmware_size);
  s_received = 0;
  return s_begin;
}

bool mg_ota_write(const void *buf, size_t len) {
  if (len <= sizeof(s_image) - s_received) memcpy(s_image + s_received, buf, len);
  s_received += len;
  return s_write;
}

bool mg_ota_end(void) {
  note("end(%.*s) ", (int) (s_received < 20 ? s_received : 20), s_image);
  return s_end;
}

static void done(const char *error_message) {
  note("done(%s) ", error_message == NULL ? "ok" : error_message);
  s_calls++;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    struct mg_str host = *mg_http_get_header(hm, "Host");
    size_t len = strlen(s_requests), before = (size_t) (host.buf - hm->message.buf), behind = hm->message.len - before - host.len;
    mg_snprintf(s_requests + len, sizeof(s_requests) - len, "%.*sHOST%.*s", (int) before, hm->message.buf, (int) behind, host.buf + host.len);
    const char *answer = mg_match(hm->uri, mg_str("/fw#"), NULL) ? s_firmware : s_metadata;
    mg_send(c, answer, strlen(answer));
    if (answer[0] != '\0') c->is_resp = 0;
  } else if (ev == MG_EV_READ && c->recv.len >= 8 && memcmp(c->recv.buf, "HTTP/1.1", 8) == 0) {
    note("stray ");
  }
}

static void check(const char *label, const char *url) {
  char full[200];
  s_events[0] = s_requests[0] = '\0', s_calls = 0;
  mg_snprintf(full, sizeof(full), url, mg_ntohs(s_listener->loc.port));
  mg_ota_url_check(&s_mgr, full, done);
  for (int i = 0; i < 8000 && s_calls == 0; i++) mg_mgr_poll(&s_mgr, 1);
  for (int i = 0; i < 5000 && (s_mgr.conns != s_listener || s_listener->next != NULL); i++) mg_mgr_poll(&s_mgr, 1);
  // The port differs from run to run.
  mg_snprintf(full, sizeof(full), "%u", mg_ntohs(s_listener->loc.port));
  char *port = strstr(s_events, full);
  if (port != NULL) memset(port, 'P', strlen(full));
  printf("%s: %s\n", label, s_events);
  printf("%s, requests: ", label);
  for (char *p = s_requests; *p != '\0'; p++) {
    if (*p == '\n') putchar('~');
    if (*p != '\n' && *p != '\r') putchar(*p);
  }
  printf("\n");
}

// Both answers are bodies here.
static void update(const char *label, const char *metadata, const char *firmware, size_t announced) {
  static char first[2000], second[2000], body[1000];
  mg_snprintf(body, sizeof(body), metadata, mg_ntohs(s_listener->loc.port));
  mg_snprintf(first, sizeof(first), "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n\r\n%s", (unsigned long) strlen(body), body);
  mg_snprintf(second, sizeof(second), "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n\r\n%s", (unsigned long) announced, firmware);
  s_metadata = first, s_firmware = second;
  check(label, "http://127.0.0.1:%u/meta");
}

int main(void) {
  static const char *good = "{\"version\": \"1.0.1\", \"url\": \"http://127.0.0.1:%u/fw.bin\", \"size\": 6}";
  static char big[1001];
  char text[2000];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);

  update("new version", good, "abcdef", 6);
  update("same version", "{\"version\":\"1.0.0\",\"url\":\"http://127.0.0.1:%u/fw.bin\",\"size\":6}", "abcdef", 6);
  update("older version", "{\"version\":\"0.9\",\"url\":\"http://127.0.0.1:%u/fw.bin\",\"size\":6}", "abcdef", 6);
  update("address with a query", "{\"version\":\"2\",\"url\":\"http://127.0.0.1:%u/fw.bin?a=b\",\"size\":6}", "abcdef", 6);
  update("escapes", "{\"version\":\"2\",\"url\":\"http:\\u002f\\u002f127.0.0.1:%u/fw.bin\",\"size\":6}", "abcdef", 6);
  update("size with a fraction", "{\"version\":\"2\",\"url\":\"http://127.0.0.1:%u/fw.bin\",\"size\":6.7}", "abcdef", 6);
  update("empty version", "{\"version\":\"\",\"url\":\"http://127.0.0.1:%u/fw.bin\",\"size\":6}", "abcdef", 6);
  memset(big, 'x', sizeof(big) - 1);
  mg_snprintf(text, sizeof(text), "{\"version\":\"2\",\"url\":\"http://127.0.0.1:%%u/fw.bin\",\"size\":%lu}", (unsigned long) sizeof(big) - 1);
  update("larger than a block", text, big, sizeof(big) - 1);

  update("no version", "{\"url\":\"http://127.0.0.1:%u/fw.bin\",\"size\":6}", "abcdef", 6);
  update("version is a number", "{\"version\":2,\"url\":\"http://127.0.0.1:%u/fw.bin\",\"size\":6}", "abcdef", 6);
  update("no url", "{\"version\":\"2\",\"size\":6}", "abcdef", 6);
  update("no size", "{\"version\":\"2\",\"url\":\"http://127.0.0.1/fw.bin\"}", "abcdef", 6);
  update("size 0", "{\"version\":\"2\",\"url\":\"http://127.0.0.1/fw.bin\",\"size\":0}", "", 0);
  update("size below 0", "{\"version\":\"2\",\"url\":\"http://127.0.0.1/fw.bin\",\"size\":-6}", "", 0);
  update("size is a string", "{\"version\":\"2\",\"url\":\"http://127.0.0.1/fw.bin\",\"size\":\"6\"}", "", 0);
  update("not JSON", "hello", "", 0);
  update("empty metadata", "", "", 0);
  mg_snprintf(text, sizeof(text), "{\"%.*s\"}", 300, big);
  update("long metadata", text, "", 0);

  update("firmware is shorter", good, "abcde", 5);
  update("firmware is longer", good, "abcdefg", 7);
  s_begin = false, update("begin fails", good, "abcdef", 6), s_begin = true;
  s_write = false, update("write fails", good, "abcdef", 6), s_write = true;
  s_end = false, update("end fails", good, "abcdef", 6), s_end = true;
  update("firmware address with TLS", "{\"version\":\"2\",\"url\":\"https://127.0.0.1:%u/fw.bin\",\"size\":6}", "", 0);

  static char metadata[500];
  mg_snprintf(text, sizeof(text), good, mg_ntohs(s_listener->loc.port));
  mg_snprintf(metadata, sizeof(metadata), "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n\r\n%s", (unsigned long) strlen(text), text);
  s_metadata = metadata, s_firmware = "HTTP/1.1 404 Not Found\r\nContent-Length: 6\r\n\r\nabcdef";
  check("no firmware", "http://127.0.0.1:%u/meta");
  s_firmware = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n";
  check("chunked firmware", "http://127.0.0.1:%u/meta");
  s_firmware = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef";
  check("query", "http://127.0.0.1:%u/meta?x=1");
  check("root", "http://127.0.0.1:%u");
  check("query without a path", "http://127.0.0.1:%u?x=1");
  mg_snprintf(metadata, sizeof(metadata), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%lx\r\n%s\r\n0\r\n\r\n", (unsigned long) strlen(text), text);
  check("chunked metadata", "http://127.0.0.1:%u/meta");
  s_metadata = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry";
  check("no metadata", "http://127.0.0.1:%u/meta");
  s_metadata = "HTTP/1.1 204 No Content\r\n\r\n";
  check("status 204", "http://127.0.0.1:%u/meta");
  check("TLS", "https://127.0.0.1:%u/meta");
  check("nobody listens", "http://127.0.0.1:1/meta");
  s_metadata = "";
  check("no answer", "http://127.0.0.1:%u/meta");

  s_metadata = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry";
  s_events[0] = '\0', s_calls = 0;
  mg_snprintf(text, sizeof(text), "http://127.0.0.1:%u/", mg_ntohs(s_listener->loc.port));
  mg_ota_url_check(&s_mgr, text, done);
  mg_ota_url_check(&s_mgr, text, done);
  for (int i = 0; i < 1000 && s_calls < 2; i++) mg_mgr_poll(&s_mgr, 1);
  printf("twice: %s\n", s_events);
  mg_mgr_free(&s_mgr);
  return 0;
}
