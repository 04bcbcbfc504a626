// A session of a dashboard ends with logout, with time, with the eleventh user, and with the listener; its WebSockets
// close then. In the reference, logout leaves the session as it is and sends a WebSocket frame behind the HTTP response, and
// the eleventh user is locked out.

#include "mongoose.h"

#define CHECK(x)                                         \
  do {                                                   \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1); \
  } while (0)

static struct mg_mgr s_mgr, s_peers;
static struct mg_connection *s_listener;
static struct mg_dash s_dash;
static char s_answer[3000], s_uri[100];

static int authenticate(char *user, size_t userlen, const char *pass) {
  (void) userlen;
  return strncmp(user, "user", 4) == 0 && strcmp(pass, "pass") == 0 ? 5 : 0;
}

static void poll(int times) {
  for (int i = 0; i < times; i++) mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_peers, 1);
}

// Sends a request, returns the status.
static int request(const char *uri, const char *headers, const char *more) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char text[1000];
  size_t len = 0;
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  mg_snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n%s\r\n%s", uri, headers, more);
  CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t) strlen(text));
  for (int i = 0, idle = 0; i < 500 && idle < 5; i++) {
    poll(1);
    ssize_t n = recv(fd, s_answer + len, sizeof(s_answer) - 1 - len, MSG_DONTWAIT);
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  s_answer[len] = '\0';
  close(fd);
  return len > 12 ? atoi(s_answer + 9) : 0;
}

// Logs in; the header line with the session.
static void login(const char *name, char *cookie, size_t size) {
  char pair[100], code[200], headers[300];
  mg_snprintf(pair, sizeof(pair), "%s:pass", name);
  mg_base64_encode((unsigned char *) pair, strlen(pair), code, sizeof(code));
  mg_snprintf(headers, sizeof(headers), "Authorization: Basic %s\r\n", code);
  CHECK(request("/api/login", headers, "") == 200);
  char *token = strstr(s_answer, "access_token=");
  CHECK(token != NULL);
  mg_snprintf(cookie, size, "Cookie: %.*s\r\n", (int) strcspn(token, ";"), token);
}

struct peer {
  char got[500];
  int open, closed;
};

static void peer(struct mg_connection *c, int ev, void *ev_data) {
  struct peer *p = (struct peer *) c->fn_data;
  if (ev == MG_EV_WS_OPEN) p->open = 1;
  if (ev == MG_EV_CLOSE) p->closed = 1;
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_snprintf(p->got, sizeof(p->got), "%.*s", (int) wm->data.len, wm->data.buf);
  }
}

static void watch(struct peer *p, const char *cookie) {
  memset(p, 0, sizeof(*p));
  mg_ws_connect(&s_peers, s_uri, peer, p, "%s", cookie);
  for (int i = 0; i < 1000 && !p->open; i++) poll(1);
  CHECK(p->open && !p->closed);
}

static void start(void) {
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);
  mg_snprintf(s_uri, sizeof(s_uri), "ws://127.0.0.1:%u/api/websocket", mg_ntohs(s_listener->loc.port));
}

int main(void) {
  char cookie[200], other[200], name[20];
  struct peer browser, bystander;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr), mg_mgr_init(&s_peers);
  s_dash.authenticate = authenticate;
  start();

  // Logout. The connection goes on as HTTP.
  login("user1", cookie, sizeof(cookie)), login("user2", other, sizeof(other));
  CHECK(strcmp(cookie, other) != 0);
  watch(&browser, cookie), watch(&bystander, other);
  CHECK(request("/api/get", cookie, "") == 200);
  CHECK(request("/api/logout", cookie, "GET /api/hi HTTP/1.1\r\n\r\n") == 401);
  char *second = strstr(s_answer, "Unauthorized\nHTTP/1.1 200 OK");
  CHECK(second != NULL);
  for (int i = 0; i < 1000 && !browser.closed; i++) poll(1);
  CHECK(browser.closed && strcmp(browser.got, "{\"method\":\"logout\"}") == 0);
  CHECK(request("/api/get", cookie, "") == 403);
  CHECK(!bystander.closed && bystander.got[0] == '\0');
  CHECK(request("/api/get", other, "") == 200);

  // Ten others come in; the one of all that was not used for the longest time goes.
  for (int i = 10; i < 20; i++) {
    mg_snprintf(name, sizeof(name), "user%d", i);
    login(name, cookie, sizeof(cookie));
    poll(3);
  }
  CHECK(request("/api/get", other, "") == 403);
  CHECK(request("/api/get", cookie, "") == 200);
  for (int i = 0; i < 1000 && !bystander.closed; i++) poll(1);
  CHECK(bystander.closed);

  // Time, which only counts as long as nobody uses the session. What ends with it is noticed when somebody asks.
  s_dash.session_auto_expiration_seconds = 1;
  uint64_t used = mg_millis();
  login("user1", cookie, sizeof(cookie));
  watch(&browser, cookie);
  for (int i = 0; i < 2; i++) {
    while (mg_millis() < used + 600) poll(1);
    uint64_t now = mg_millis();
    // Unless this machine is too slow to be in time.
    CHECK(request("/api/get", cookie, "") == 200 || mg_millis() >= used + 1000);
    used = now;
  }
  for (uint64_t start = mg_millis(); mg_millis() < start + 1100;) poll(1);
  CHECK(request("/api/get", cookie, "") == 403);
  for (int i = 0; i < 1000 && !browser.closed; i++) poll(1);
  CHECK(browser.closed);
  s_dash.session_auto_expiration_seconds = 0;

  // The listener.
  login("user1", cookie, sizeof(cookie));
  watch(&browser, cookie);
  s_listener->is_closing = 1;
  for (int i = 0; i < 1000 && !browser.closed; i++) poll(1);
  CHECK(browser.closed);
  start();
  CHECK(request("/api/get", cookie, "") == 403);
  mg_mgr_free(&s_peers), mg_mgr_free(&s_mgr);
  return 0;
}
