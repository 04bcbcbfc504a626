// What else a dashboard serves: its page from the packed files, firmware uploads, handlers of the program.

#include "mongoose.h"

static const char s_page[] = "<h1>page</h1>";
const struct mg_mem_file mg_packed_files[] = {{"/dashboard.html", (const unsigned char *) s_page, sizeof(s_page) - 1, 1700000000}, {NULL, NULL, 0, 0}};
const struct mg_mem_file *mg_mem_files = mg_packed_files;

// Header fields of most answers, shown as (JSON).
static const char *s_json = "Content-Type: application/json\r\nCache-Control: no-cache\r\n";
static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_trace[3000];

bool mg_ota_begin(size_t new_firmware_size) {
  mg_snprintf(s_trace + strlen(s_trace), 50, "begin(%lu) ", (unsigned long) new_firmware_size);
  return new_firmware_size != 4;
}

bool mg_ota_write(const void *buf, size_t len) {
  mg_snprintf(s_trace + strlen(s_trace), 50, "write(%.*s) ", (int) len, buf);
  return true;
}

bool mg_ota_end(void) {
  mg_snprintf(s_trace + strlen(s_trace), 50, "end ");
  return true;
}

static struct mg_dash s_dash;

static void custom(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  mg_snprintf(s_trace + strlen(s_trace), 200, "custom(%d %.*s %.*s data %d) ", ev, (int) hm->uri.len, hm->uri.buf, (int) hm->body.len, hm->body.buf, c->fn_data == &s_dash);
  mg_http_reply(c, 200, "", "custom\n");
}

static void other(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev, (void) ev_data;
  mg_http_reply(c, 200, "", "other\n");
}

static int authenticate(char *user, size_t userlen, const char *pass) {
  (void) userlen;
  mg_snprintf(s_trace + strlen(s_trace), 100, "auth ");
  return strcmp(user, "admin") == 0 && strcmp(pass, "secret") == 0 ? 7 : 0;
}

static void request(const char *label, const char *text) {
  char answer[5000];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  size_t len = 0;
  s_trace[0] = '\0';
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  send(fd, text, strlen(text), MSG_NOSIGNAL);
  for (int i = 0, idle = 0; i < 200 && idle < 5; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, answer + len, sizeof(answer) - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  answer[len] = '\0';
  close(fd);
  for (int i = 0; i < 3; i++) mg_mgr_poll(&s_mgr, 1);
  printf("%s: ", label);
  for (char *p = answer; *p != '\0'; p++) {
    if (strncmp(p, s_json, strlen(s_json)) == 0) printf("(JSON)~"), p += strlen(s_json);
    if (*p == '\n') putchar('~');
    if (*p != '\n' && *p != '\r') putchar(*p);
  }
  printf("\n%s, calls: %s\n", label, s_trace);
}

#define ADMIN "Authorization: Basic YWRtaW46c2VjcmV0\r\n"

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  s_dash.authenticate = authenticate;
  MG_DASH_REGISTER_CUSTOM_HANDLER(&s_dash, "/api/custom/#", custom, NULL);
  MG_DASH_REGISTER_CUSTOM_HANDLER(&s_dash, "/open", custom, NULL);
  MG_DASH_REGISTER_CUSTOM_HANDLER(&s_dash, "/op#", other, NULL);
  MG_DASH_REGISTER_CUSTOM_HANDLER(&s_dash, "/api/hi", other, NULL);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);

  request("page", "GET / HTTP/1.1\r\n\r\n");
  request("page with a query", "GET /?a=b HTTP/1.1\r\n\r\n");
  request("page with POST", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  request("page by name", "GET /dashboard.html HTTP/1.1\r\n\r\n");
  request("two slashes", "GET // HTTP/1.1\r\n\r\n");
  request("page not modified", "GET / HTTP/1.1\r\nIf-None-Match: \"1700000000.13\"\r\n\r\n");
  request("custom, nobody", "GET /api/custom/x HTTP/1.1\r\n\r\n");
  request("custom, admin", "POST /api/custom/x?y HTTP/1.1\r\n" ADMIN "Content-Length: 3\r\n\r\nabc");
  request("open, last registered first", "GET /open HTTP/1.1\r\n\r\n");
  request("open, admin", "GET /open HTTP/1.1\r\n" ADMIN "\r\n");
  request("custom handler of a built-in URI", "GET /api/hi HTTP/1.1\r\n\r\n");
  request("upper case", "GET /API/HI HTTP/1.1\r\n\r\n");
  request("upper case of a protected one", "GET /API/get HTTP/1.1\r\n\r\n");
  request("encoded", "GET /%61pi/get HTTP/1.1\r\n\r\n");
  request("encoded slash", "GET /api%2fget HTTP/1.1\r\n\r\n");
  request("firmware, nobody", "POST /api/ota HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  request("firmware", "POST /api/ota HTTP/1.1\r\n" ADMIN "Content-Length: 5\r\n\r\nhello");
  request("firmware refused", "POST /api/ota HTTP/1.1\r\n" ADMIN "Content-Length: 4\r\n\r\nhell");
  request("firmware with a name", "POST /api/ota/x HTTP/1.1\r\n" ADMIN "Content-Length: 5\r\n\r\nhello");
  request("two requests", "GET /api/hi HTTP/1.1\r\n\r\nGET /api/hi HTTP/1.1\r\n\r\n");
  request("refused, then accepted", "GET /api/get HTTP/1.1\r\n\r\nGET /api/hi HTTP/1.1\r\n\r\n");
  request("refused with a body, then accepted", "POST /api/get HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /api/hi HTTP/1.1\r\n\r\n");
  request("login, then read", "GET /api/login HTTP/1.1\r\nAuthorization: Basic YWRtaW46eA==\r\n\r\nGET /api/get HTTP/1.1\r\n" ADMIN "\r\n");
  request("WebSocket without upgrade", "GET /api/websocket HTTP/1.1\r\n" ADMIN "\r\n");
  mg_mgr_free(&s_mgr);
  return 0;
}
