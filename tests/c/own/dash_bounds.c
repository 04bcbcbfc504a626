// What a client can make grow has an end: a browser that does not read, an array without one, a directory that is
// listed once for all of its entries, and long credentials, which the reference cuts and accepts.

#include "mongoose.h"

#define CHECK(x)                                         \
  do {                                                   \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1); \
  } while (0)

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_text[60000];
static struct mg_field s_fields[] = {{"text", MG_VAL_STR, s_text, sizeof(s_text)}, {NULL, MG_VAL_INT, NULL, 0}};
static int s_index, s_lists;
static char s_name[20];
static uint64_t s_size;
static struct mg_field s_file_fields[] = {{"name", MG_VAL_STR, s_name, sizeof(s_name)}, {"size", MG_VAL_UINT64, &s_size, sizeof(s_size)}, {NULL, MG_VAL_INT, NULL, 0}};
static int s_deletions;
static bool endless(enum mg_dash_op op, struct mg_dash_user *u) {
  (void) u;
  if (op == MG_DASH_DELETE) s_deletions++;
  return true;
}
static bool get_dir(const struct mg_dash_user *u, char *buf, size_t len) {
  (void) u;
  mg_snprintf(buf, len, "/dir");
  return true;
}
static struct mg_field_set s_set = {.name = "set", .fields = s_fields};
static struct mg_field_set s_array = {.name = "arr", .fields = s_fields, .fn = endless, .index = &s_index};
static struct mg_field_set s_dir = {.name = "dir", .fields = s_file_fields, .index = &s_index, .get_dir = get_dir};

static int fs_st(const char *path, size_t *size, time_t *mtime) {
  (void) path;
  if (size != NULL) *size = 7;
  if (mtime != NULL) *mtime = 0;
  return MG_FS_READ;
}
static void fs_ls(const char *path, void (*fn)(const char *, void *), void *param) {
  (void) path;
  s_lists++;
  for (int i = 0; i < 3000; i++) {
    char name[20];
    mg_snprintf(name, sizeof(name), "f%d", i);
    fn(name, param);
  }
}
static struct mg_fs s_fs = {.st = fs_st, .ls = fs_ls};
static char s_pass[300];
static int authenticate(char *user, size_t userlen, const char *pass) {
  (void) userlen;
  mg_snprintf(s_pass, sizeof(s_pass), "%s", pass);
  return user[0] == 'u' || strlen(pass) > 100 ? 5 : 0;
}
static struct mg_dash s_dash = {.authenticate = authenticate, .upload_fs = &s_fs};

static int dial(const char *request) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  CHECK(send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t) strlen(request));
  return fd;
}

static char s_answer[5000000];
static size_t talk(const char *request) {
  int fd = dial(request);
  size_t len = 0;
  for (int i = 0, idle = 0; i < 20000 && idle < 20; i++) {
    mg_mgr_poll(&s_mgr, len == 0 ? 1 : 0);
    ssize_t n = recv(fd, s_answer + len, sizeof(s_answer) - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  s_answer[len] = '\0';
  close(fd);
  return len;
}

static int watchers(void) {
  int n = 0;
  for (struct mg_connection *c = s_mgr.conns; c != NULL; c = c->next) n += c->is_websocket;
  return n;
}

#define USER "Authorization: Basic dTp4\r\n"

// A browser that watches.
static int watch(void) {
  int fd = dial("GET /api/websocket HTTP/1.1\r\n" USER
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  for (int i = 0; i < 1000 && watchers() == 0; i++) mg_mgr_poll(&s_mgr, 1);
  CHECK(watchers() == 1);
  return fd;
}

int main(void) {
  char text[1000];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  MG_DASH_ADD_FIELD_SET(&s_dash, &s_set);
  MG_DASH_ADD_FIELD_SET(&s_dash, &s_array);
  MG_DASH_ADD_FIELD_SET(&s_dash, &s_dir);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);
  memset(s_text, 'x', sizeof(s_text) - 1);

  // A browser that does not read.
  int fd = watch();
  for (int i = 0; i < 2000 && watchers() > 0; i++) {
    mg_dash_send_change(&s_mgr, &s_set);
    mg_mgr_poll(&s_mgr, 0);
    for (struct mg_connection *c = s_mgr.conns; c != NULL; c = c->next) CHECK(c->send.len < 1200000);
  }
  CHECK(watchers() == 0);
  close(fd);

  // One message tells a browser of a set, however often the request names it.
  fd = watch();
  static char body[20000] = "{", often[20200];
  for (int i = 0; i < 500; i++) snprintf(body + strlen(body), 40, "%s\"set\":{\"text\":\"%03d\"}", i == 0 ? "" : ",", i);
  strcat(body, "}");
  snprintf(often, sizeof(often), "POST /api/set HTTP/1.1\r\n" USER "Content-Length: %d\r\n\r\n%s", (int) strlen(body), body);
  CHECK(talk(often) > 0 && strstr(s_answer, "\r\n\r\n500\n") != NULL);
  CHECK(watchers() == 1);
  ssize_t got = recv(fd, s_answer, sizeof(s_answer) - 1, MSG_DONTWAIT);
  CHECK(got > 0);
  s_answer[got] = '\0';
  const char *told = strstr(s_answer, "{\"text\":\"499\"}");
  CHECK(told != NULL && strstr(s_answer, "498") == NULL && strstr(told + 9, "text") == NULL);
  close(fd);
  for (int i = 0; i < 1000 && watchers() > 0; i++) mg_mgr_poll(&s_mgr, 1);

  // An array whose function always finds another element.
  CHECK(talk("GET /api/get/arr/0/2147483647 HTTP/1.1\r\n" USER "\r\n") > 0 && strncmp(s_answer, "HTTP/1.1 500", 12) == 0);
  s_index = 4;
  CHECK(talk("GET /api/del/arr/0/2147483647 HTTP/1.1\r\n" USER "\r\n") > 0 && strstr(s_answer, "\r\n\r\n65536\n") != NULL);
  CHECK(s_deletions <= 65537);

  // A directory is listed once.
  s_lists = 0;
  CHECK(talk("GET /api/get/dir/0/9999 HTTP/1.1\r\n" USER "\r\n") > 3000 * 20 && strstr(s_answer, "{\"name\":\"f2999\",\"size\":7}]") != NULL);
  CHECK(s_lists == 1);

  // Passwords and tokens arrive whole or not at all.
  mg_snprintf(text, sizeof(text), "GET /api/get HTTP/1.1\r\nAuthorization: Bearer %0200d\r\n\r\n", 7);
  CHECK(talk(text) > 0 && strlen(s_pass) == 200 && strncmp(s_answer, "HTTP/1.1 200", 12) == 0);
  static char large[10000];
  size_t n = mg_snprintf(large, sizeof(large), "GET /api/get HTTP/1.1\r\nAuthorization: Bearer ");
  memset(large + n, 'a', 9000), strcpy(large + n + 9000, "\r\n\r\n");
  s_pass[0] = '\0';
  CHECK(talk(large) > 0 && s_pass[0] == '\0' && strncmp(s_answer, "HTTP/1.1 403", 12) == 0);
  // No header line gets into the cookie.
  CHECK(talk("GET /api/login?access_token=a%0d%0aX-Evil:%20" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n\r\n") > 0);
  CHECK(strstr(s_answer, "Set-Cookie: access_token=") != NULL && strstr(s_answer, "X-Evil") == NULL);
  mg_mgr_free(&s_mgr);
  return 0;
}
