// Users of a dashboard: credentials in every form, session tokens, refusals, logout.

#include "mongoose.h"

// Header fields of most answers, shown as (JSON).
static const char *s_json = "Content-Type: application/json\r\nCache-Control: no-cache\r\n";
static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_trace[3000], s_answer[5000], s_token[100], s_other_token[100];

static int s_value = 1;
static struct mg_field s_fields[] = {{"value", MG_VAL_INT, &s_value, sizeof(s_value)}, {NULL, MG_VAL_INT, NULL, 0}};
static bool set_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  mg_snprintf(s_trace + strlen(s_trace), 200, "%s(%s %d) ", op == MG_DASH_READ ? "read" : "write", u->name, u->level);
  return op == MG_DASH_READ || u->level >= 5;
}
static struct mg_field_set s_set = {.name = "set", .fields = s_fields, .fn = set_fn};

static int authenticate(char *user, size_t userlen, const char *pass) {
  mg_snprintf(s_trace + strlen(s_trace), 200, "auth(%s %lu %s) ", user, (unsigned long) userlen, pass);
  if (strcmp(user, "admin") == 0 && strcmp(pass, "secret") == 0) return 7;
  if (strcmp(user, "guest") == 0 && strcmp(pass, "guest") == 0) return 1;
  if (strcmp(user, "zero") == 0) return 0;
  if (strcmp(user, "below") == 0) return -1;
  if (strcmp(pass, "api-key") == 0 && user[0] == '\0') return mg_snprintf(user, userlen, "robot"), 3;
  if (strcmp(user, "alias") == 0) return mg_snprintf(user, userlen, "admin"), 2;
  if (strncmp(user, "user", 4) == 0) return 4;
  return 0;
}

static struct mg_dash s_dash, s_open_dash;

// Replaces what is random.
static void hide(char *text, const char *token, const char *by) {
  for (char *p = token[0] == '\0' ? NULL : strstr(text, token); p != NULL; p = strstr(p, token)) {
    memmove(p + strlen(by), p + strlen(token), strlen(p + strlen(token)) + 1);
    memcpy(p, by, strlen(by));
  }
}

static void request(const char *label, const char *uri, const char *headers, const char *body) {
  char head[3000];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  size_t len = 0;
  s_trace[0] = '\0';
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  mg_snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\n%s\r\n%s", uri, (unsigned long) strlen(body), headers, body);
  send(fd, head, strlen(head), MSG_NOSIGNAL);
  for (int i = 0, idle = 0; i < 200 && idle < 5; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, s_answer + len, sizeof(s_answer) - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  memset(s_answer + len, 0, sizeof(s_answer) - len);
  close(fd);
  mg_mgr_poll(&s_mgr, 1);
  char shown[sizeof(s_answer)];
  memcpy(shown, s_answer, sizeof(shown));
  hide(shown, s_token, "TOKEN"), hide(s_trace, s_token, "TOKEN");
  hide(shown, s_other_token, "OTHER"), hide(s_trace, s_other_token, "OTHER");
  // A token that nobody asked for.
  char *token = strstr(shown, "access_token=");
  if (token != NULL && strspn(token + 13, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 19) memset(token + 13, '*', 19);
  printf("%s: ", label);
  for (char *p = shown; *p != '\0'; p++) {
    if (strncmp(p, s_json, strlen(s_json)) == 0) printf("(JSON)~"), p += strlen(s_json);
    if (*p == '\n') putchar('~');
    if (*p != '\n' && *p != '\r') putchar(*p & 0x7f);
  }
  printf("\n%s, calls: %s\n", label, s_trace);
}

// Logs in and keeps the token of the answer, so that the next lines do not show it.
static void login(const char *label, const char *headers, char *token) {
  request(label, "/api/login", headers, "");
  char *p = strstr(s_answer, "access_token=");
  if (p != NULL) snprintf(token, 100, "%.*s", (int) strcspn(p + 13, ";"), p + 13);
  size_t letters = strspn(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  printf("%s, token: %lu letters and digits of %lu bytes\n", label, (unsigned long) letters, (unsigned long) strlen(token));
}

#define ADMIN "Authorization: Basic YWRtaW46c2VjcmV0\r\n"
#define GUEST "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"

int main(void) {
  char text[300];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  MG_DASH_ADD_FIELD_SET(&s_dash, &s_set);
  s_dash.authenticate = authenticate;
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);

  request("nobody logs in", "/api/login", "", "");
  request("nobody reads", "/api/get", "", "");
  request("nobody writes", "/api/set", "", "{\"set\":{\"value\":2}}");
  request("nobody asks for an unknown one", "/api/nothing", "", "");
  request("nobody elsewhere", "/elsewhere", "", "");
  request("nobody at the root", "/", "", "");
  request("nobody says hi", "/api/hi", "", "");
  request("nobody opens a WebSocket", "/api/websocket", "", "");
  request("nobody updates", "/api/ota", "", "abc");
  request("nobody logs out", "/api/logout", "", "");
  request("wrong password", "/api/login", "Authorization: Basic YWRtaW46d3Jvbmc=\r\n", "");
  request("no password", "/api/login", "Authorization: Basic YWRtaW46\r\n", "");
  request("level 0", "/api/login", "Authorization: Basic emVybzp4\r\n", "");
  request("level below 0", "/api/login", "Authorization: Basic YmVsb3c6eA==\r\n", "");
  request("broken credentials", "/api/login", "Authorization: Basic !!!\r\n", "");
  request("another scheme", "/api/login", "Authorization: Digest abc\r\n", "");

  login("admin", ADMIN, s_token);
  login("guest", GUEST, s_other_token);
  request("guest again", "/api/get", GUEST, "");
  request("basic reads", "/api/get", ADMIN, "");
  request("basic writes", "/api/set", ADMIN, "{\"set\":{\"value\":2}}");
  request("guest may not write", "/api/set", GUEST, "{\"set\":{\"value\":3}}");
  snprintf(text, sizeof(text), "Cookie: access_token=%s\r\n", s_token);
  request("cookie reads", "/api/get", text, "");
  request("cookie logs in", "/api/login", text, "");
  request("cookie writes", "/api/set", text, "{\"set\":{\"value\":4}}");
  snprintf(text, sizeof(text), "Cookie: a=b; access_token=%s; c=d\r\n", s_token);
  request("cookie among others", "/api/get", text, "");
  snprintf(text, sizeof(text), "Cookie: access_token=%s\r\n", s_other_token);
  request("cookie of the other", "/api/login", text, "");
  snprintf(text, sizeof(text), "/api/login?access_token=%s", s_token);
  request("token in the query", text, "", "");
  snprintf(text, sizeof(text), "Authorization: Bearer %s\r\n", s_token);
  request("token as bearer", "/api/login", text, "");
  snprintf(text, sizeof(text), "Cookie: access_token=%s\r\nAuthorization: Basic YWRtaW46d3Jvbmc=\r\n", s_token);
  request("good cookie and wrong password", "/api/login", text, "");
  request("unknown cookie", "/api/login", "Cookie: access_token=abcdefghijklmnopqrs\r\n", "");
  request("empty cookie", "/api/login", "Cookie: access_token=\r\n", "");
  request("key as bearer", "/api/login", "Authorization: Bearer api-key\r\n", "");
  request("key as cookie", "/api/login", "Cookie: access_token=api-key\r\n", "");
  request("key in the query", "/api/login?access_token=api-key", "", "");
  request("key as cookie once more", "/api/get", "Cookie: access_token=api-key\r\n", "");
  request("alias", "/api/get", "Authorization: Basic YWxpYXM6eA==\r\n", "");
  snprintf(text, sizeof(text), "Cookie: access_token=%s\r\n", s_token);
  request("cookie after alias", "/api/get", text, "");
  request("long name", "/api/get", "Authorization: Basic dXNlcjAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODk6eA==\r\n", "");
  request("very long name", "/api/get", "Authorization: Basic "
    "dXNlcjAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTp4\r\n", "");
  request("logout", "/api/logout", text, "");
  request("logout with a body", "/api/logout", text, "abc");
  request("basic after logout", "/api/get", ADMIN, "");
  mg_mgr_free(&s_mgr);

  // Without a function everybody is a guest.
  mg_mgr_init(&s_mgr);
  s_token[0] = s_other_token[0] = '\0';
  s_set.next = NULL;
  MG_DASH_ADD_FIELD_SET(&s_open_dash, &s_set);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_open_dash);
  request("open, login", "/api/login", "", "");
  request("open, login with a name", "/api/login", ADMIN, "");
  request("open, read", "/api/get", "", "");
  request("open, logout", "/api/logout", "", "");
  mg_mgr_free(&s_mgr);
  return 0;
}
