// Browsers that watch a dashboard through a WebSocket are told what changed.

#include "mongoose.h"

static struct mg_mgr s_mgr, s_peers;
static struct mg_connection *s_listener;
static char s_trace[3000];

static int s_int = 5;
static char s_text[20] = "a\"b";
static struct mg_field s_fields[] = {{"int", MG_VAL_INT, &s_int, sizeof(s_int)}, {"text", MG_VAL_STR, s_text, sizeof(s_text)}, {NULL, MG_VAL_INT, NULL, 0}};
static int s_index = 3, s_elem = 1, s_count = 4;
static struct mg_field s_elem_fields[] = {{"val", MG_VAL_INT, &s_elem, sizeof(s_elem)}, {NULL, MG_VAL_INT, NULL, 0}};
static int s_file_index = 9, s_bad_index = 2;
static char s_file_name[20];
static struct mg_field s_file_fields[] = {{"name", MG_VAL_STR, s_file_name, sizeof(s_file_name)}, {NULL, MG_VAL_INT, NULL, 0}};

static void trace(const char *set, enum mg_dash_op op, struct mg_dash_user *u, int index) {
  static const char *names[] = {"read", "write", "delete", "add"};
  mg_snprintf(s_trace + strlen(s_trace), 100, "%s.%s(%s %d) ", set, names[op], u->name, index);
}

static bool plain_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("plain", op, u, 0);
  return true;
}

// Only admin sees this one.
static bool secret_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("secret", op, u, 0);
  return u->level > 5;
}

static bool array_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("arr", op, u, s_index);
  if (op == MG_DASH_READ && s_index < 0) s_index = s_count;
  if (op == MG_DASH_READ && s_index >= s_count && s_index != s_count) s_index = -1;
  if (op == MG_DASH_ADD) s_count++;
  if (op == MG_DASH_DELETE) return s_index < s_count-- ? true : (s_count++, false);
  return true;
}

static bool bad_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("bad", op, u, s_bad_index);
  return false;
}

static bool get_dir(const struct mg_dash_user *u, char *buf, size_t len) {
  (void) u;
  mg_snprintf(buf, len, "files");
  return true;
}

static struct mg_field_set s_plain = {.name = "pl\"ain", .fields = s_fields, .fn = plain_fn};
static struct mg_field_set s_simple = {.name = "simple", .fields = s_fields};
static struct mg_field_set s_secret = {.name = "secret", .fields = s_fields, .fn = secret_fn};
static struct mg_field_set s_array = {.name = "arr", .fields = s_elem_fields, .fn = array_fn, .index = &s_index};
static struct mg_field_set s_bad = {.name = "bad", .fields = s_elem_fields, .fn = bad_fn, .index = &s_bad_index};
static struct mg_field_set s_files = {.name = "files", .fields = s_file_fields, .index = &s_file_index, .get_dir = get_dir};
static struct mg_dash s_dash;

static int authenticate(char *user, size_t userlen, const char *pass) {
  (void) userlen, (void) pass;
  return strcmp(user, "admin") == 0 ? 7 : strcmp(user, "guest") == 0 ? 3 : 0;
}

struct peer {
  char got[3000];
  bool open, closed;
  struct mg_connection *c;
};

static void peer(struct mg_connection *c, int ev, void *ev_data) {
  struct peer *p = (struct peer *) c->fn_data;
  if (ev == MG_EV_WS_OPEN) p->open = true;
  if (ev == MG_EV_CLOSE) p->closed = true, p->c = NULL;
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_snprintf(p->got + strlen(p->got), 500, "%x %.*s ", wm->flags, (int) wm->data.len, wm->data.buf);
  }
}

static void poll(int times) {
  for (int i = 0; i < times; i++) mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_peers, 1);
}

static void watch(struct peer *p, const char *headers) {
  char url[100];
  mg_snprintf(url, sizeof(url), "ws://127.0.0.1:%u/api/websocket", mg_ntohs(s_listener->loc.port));
  memset(p, 0, sizeof(*p));
  p->c = mg_ws_connect(&s_peers, url, peer, p, "%s", headers);
  for (int i = 0; i < 1000 && !p->open && !p->closed; i++) poll(1);
}

static struct peer s_admin, s_guest, s_none;

static void show(const char *label) {
  poll(10);
  printf("%s, admin: %s%s\n", label, s_admin.got, s_admin.closed ? "closed" : "");
  printf("%s, guest: %s%s\n", label, s_guest.got, s_guest.closed ? "closed" : "");
  printf("%s, calls: %s\n", label, s_trace);
  printf("%s, indices: %d %d %d\n", label, s_index, s_bad_index, s_file_index);
  s_trace[0] = s_admin.got[0] = s_guest.got[0] = '\0';
  s_index = 3, s_count = 4, s_bad_index = 2, s_file_index = 9;
}

static void request(const char *label, const char *method, const char *uri, const char *body) {
  char head[2000], answer[1000];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  ssize_t n = -1;
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  mg_snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\nAuthorization: Basic YWRtaW46c2VjcmV0\r\n\r\n%s", method, uri, (unsigned long) strlen(body), body);
  send(fd, head, strlen(head), MSG_NOSIGNAL);
  for (int i = 0; i < 1000 && n < 0; i++) poll(1), n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
  close(fd);
  answer[n > 0 ? n : 0] = '\0';
  printf("%s, status: %.3s\n", label, n > 9 ? answer + 9 : "");
  show(label);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mkdir("files", 0755);
  mg_mgr_init(&s_mgr), mg_mgr_init(&s_peers);
  struct mg_field_set *sets[] = {&s_plain, &s_simple, &s_secret, &s_array, &s_bad, &s_files};
  for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) MG_DASH_ADD_FIELD_SET(&s_dash, sets[i]);
  s_dash.authenticate = authenticate;
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);

  watch(&s_none, "");
  printf("nobody: open %d closed %d\n", s_none.open, s_none.closed);
  watch(&s_admin, "Authorization: Basic YWRtaW46c2VjcmV0\r\n");
  watch(&s_guest, "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n");
  printf("users: open %d %d closed %d %d\n", s_admin.open, s_guest.open, s_admin.closed, s_guest.closed);
  show("at first");

  mg_dash_send_change(&s_mgr, &s_plain), show("plain");
  mg_dash_send_change(&s_mgr, &s_simple), show("simple");
  mg_dash_send_change(&s_mgr, &s_secret), show("secret");
  mg_dash_send_change(&s_mgr, &s_array), show("element");
  s_index = 0, mg_dash_send_change(&s_mgr, &s_array), show("first element");
  s_index = 99, mg_dash_send_change(&s_mgr, &s_array), show("element behind the end");
  s_index = -1, mg_dash_send_change(&s_mgr, &s_array), show("number of elements");
  mg_dash_send_change(&s_mgr, &s_bad), show("refused element");
  s_bad_index = -1, mg_dash_send_change(&s_mgr, &s_bad), show("refused number");
  mg_dash_send_change(&s_mgr, &s_files), show("file");
  s_file_index = -1, mg_dash_send_change(&s_mgr, &s_files), show("number of files");

  request("set", "POST", "/api/set", "{\"simple\":{\"int\":6}}");
  request("set two", "POST", "/api/set", "{\"pl\\\"ain\":{\"int\":7},\"secret\":{\"text\":\"x\"}}");
  request("set nothing", "POST", "/api/set", "{\"simple\":{}}");
  request("set an element", "POST", "/api/set", "{\"arr\":{\"val\":7}}");
  request("modify", "POST", "/api/get/arr/1", "{\"val\":8}");
  request("add", "POST", "/api/add/arr", "{\"val\":9}");
  request("delete", "POST", "/api/del/arr/1/2", "");
  request("delete nothing", "POST", "/api/del/arr/9", "");
  request("upload", "POST", "/fs/files/one", "hello");
  request("upload failed", "POST", "/fs/nothing/one", "hello");
  request("delete a file", "DELETE", "/fs/files/one", "");
  request("read", "GET", "/api/get", "");

  mg_ws_send(s_admin.c, "hello", 5, WEBSOCKET_OP_TEXT), show("text of a browser");
  mg_ws_send(s_admin.c, "hello", 5, WEBSOCKET_OP_PING), show("ping of a browser");
  mg_ws_send(s_guest.c, "", 0, WEBSOCKET_OP_CLOSE), show("guest leaves");
  mg_dash_send_change(&s_mgr, &s_simple), show("after that");
  mg_mgr_free(&s_peers);
  mg_mgr_free(&s_mgr);
  return 0;
}
