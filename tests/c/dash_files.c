// Directories on a dashboard: listing, download, upload, deletion.

#include "mongoose.h"

// Header fields of most answers, shown as (JSON).
static const char *s_json = "Content-Type: application/json\r\nCache-Control: no-cache\r\n";
static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_trace[3000];

static int s_index = 7;
static char s_name[20];
static uint64_t s_size;
static struct mg_field s_fields[] = {{"name", MG_VAL_STR, s_name, sizeof(s_name)}, {"size", MG_VAL_UINT64, &s_size, sizeof(s_size)}, {NULL, MG_VAL_INT, NULL, 0}};
static bool s_dir_ok = true, s_write_ok = true, s_delete_ok = true;

static bool get_dir(const struct mg_dash_user *u, char *buf, size_t len) {
  mg_snprintf(s_trace + strlen(s_trace), 200, "dir(%s %lu) ", u == NULL ? "nobody" : u->name, (unsigned long) len);
  mg_snprintf(buf, len, "files");
  return s_dir_ok;
}

static struct mg_field_set s_files;
static bool files_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  static const char *names[] = {"read", "write", "delete", "add"};
  mg_snprintf(s_trace + strlen(s_trace), 200, "%s(%s %d %s) ", names[op], u->name, s_index, s_name);
  if (op == MG_DASH_READ) return mg_dash_dir_read(&s_files, u);
  return op == MG_DASH_WRITE ? s_write_ok : op == MG_DASH_DELETE ? s_delete_ok : true;
}

// Without a function; the size is an int.
static int s_bare_index = 5, s_int_size;
static char s_short[8];
static struct mg_field s_bare_fields[] = {{"size", MG_VAL_INT, &s_int_size, sizeof(s_int_size)}, {"name", MG_VAL_STR, s_short, sizeof(s_short)}, {NULL, MG_VAL_INT, NULL, 0}};
static struct mg_field s_nameless_fields[] = {{"size", MG_VAL_INT, &s_int_size, sizeof(s_int_size)}, {NULL, MG_VAL_INT, NULL, 0}};
static int s_nameless_index;

static struct mg_field_set s_files = {.name = "files", .fields = s_fields, .fn = files_fn, .index = &s_index, .get_dir = get_dir};
static struct mg_field_set s_bare = {.name = "bare", .fields = s_bare_fields, .index = &s_bare_index, .get_dir = get_dir};
static struct mg_field_set s_nameless = {.name = "nameless", .fields = s_nameless_fields, .index = &s_nameless_index, .get_dir = get_dir};
static struct mg_field_set s_plain = {.name = "plain", .fields = s_fields};
static struct mg_dash s_dash;

static int authenticate(char *user, size_t userlen, const char *pass) {
  (void) userlen, (void) pass;
  return strcmp(user, "admin") == 0 ? 7 : 0;
}

static const char *s_auth = "Authorization: Basic YWRtaW46c2VjcmV0\r\n";

static void request(const char *label, const char *method, const char *uri, const char *headers, const char *body) {
  char head[2000], answer[5000];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  size_t len = 0;
  s_trace[0] = s_name[0] = '\0', s_size = 0;
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  mg_snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\n%s%s\r\n%s", method, uri, (unsigned long) strlen(body), s_auth, headers, body);
  send(fd, head, strlen(head), MSG_NOSIGNAL);
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
  char *etag = strstr(answer, "Etag: \"");
  if (etag != NULL) memset(etag + 7, 'E', strcspn(etag + 7, "."));
  printf("%s: ", label);
  for (char *p = answer; *p != '\0'; p++) {
    if (strncmp(p, s_json, strlen(s_json)) == 0) printf("(JSON)~"), p += strlen(s_json);
    if (*p == '\n') putchar('~');
    if (*p != '\n' && *p != '\r') putchar(*p);
  }
  printf("\n%s, calls: %s\n", label, s_trace);
  printf("%s, field: %s %d\n", label, s_name, s_index);
  s_index = 7;
}

static void content(const char *label, const char *path) {
  struct mg_str s = mg_file_read(&mg_fs_posix, path);
  printf("%s, %s: %s\n", label, path, s.buf == NULL ? "none" : s.buf);
  mg_free(s.buf);
}

static void dir_read(const char *label, struct mg_field_set *set, int index) {
  struct mg_dash_user user = {.name = "direct", .level = 1, .dash = &s_dash};
  s_trace[0] = s_name[0] = s_short[0] = '\0', s_size = 0, s_int_size = 0;
  *set->index = index;
  bool ok = mg_dash_dir_read(set, &user);
  printf("%s at %d: %d index %d [%s] %llu [%s] %d, calls: %s\n", label, index, ok, *set->index, s_name, (unsigned long long) s_size, s_short, s_int_size, s_trace);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mkdir("files", 0755);
  mg_mgr_init(&s_mgr);
  s_dash.authenticate = authenticate;
  struct mg_field_set *sets[] = {&s_files, &s_bare, &s_nameless, &s_plain};
  for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) MG_DASH_ADD_FIELD_SET(&s_dash, sets[i]);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);

  request("empty directory", "GET", "/api/get/files", "", "");
  request("empty directory, entry", "GET", "/api/get/files/0", "", "");
  request("upload", "POST", "/fs/files/one.txt", "", "hello");
  content("upload", "files/one.txt");
  request("all", "GET", "/api/get", "", "");
  request("number", "GET", "/api/get/files", "", "");
  request("entries", "GET", "/api/get/files/0/5", "", "");
  request("entries without a function", "GET", "/api/get/bare/0/5", "", "");
  request("entry of the nameless", "GET", "/api/get/nameless/0", "", "");
  dir_read("dir_read", &s_files, -1), dir_read("dir_read", &s_files, 0), dir_read("dir_read", &s_files, 1), dir_read("dir_read", &s_files, -2);
  dir_read("dir_read bare", &s_bare, 0), dir_read("dir_read bare", &s_bare, -1), dir_read("dir_read bare", &s_bare, 3);
  dir_read("dir_read nameless", &s_nameless, -1), dir_read("dir_read nameless", &s_nameless, 0);
  s_dir_ok = false, dir_read("dir_read refused", &s_files, -1), dir_read("dir_read refused", &s_files, 0), s_dir_ok = true;

  request("upload with PUT", "PUT", "/fs/files/two.txt", "", "world");
  content("upload with PUT", "files/two.txt");
  request("upload over a file", "POST", "/fs/files/two.txt", "", "w");
  content("upload over a file", "files/two.txt");
  request("upload an encoded name", "POST", "/fs/files/a%20b", "", "x");
  content("upload an encoded name", "files/a b");
  request("upload an encoded slash", "POST", "/fs/files/a%2fb", "", "x");
  request("upload with dots", "POST", "/fs/files/..%2fx", "", "x");
  request("upload plain dots", "POST", "/fs/files/..", "", "x");
  request("upload dot dot slash", "POST", "/fs/files/../x", "", "x");
  request("upload a backslash", "POST", "/fs/files/..%5cx", "", "x");
  request("upload a broken escape", "POST", "/fs/files/a%zz", "", "x");
  request("upload a NUL", "POST", "/fs/files/a%00b", "", "x");
  request("upload without a name", "POST", "/fs/files/", "", "x");
  request("upload without a slash", "POST", "/fs/files", "", "x");
  request("upload below", "POST", "/fs/files/a/b", "", "x");
  request("upload a long name", "POST", "/fs/files/name-of-more-than-twenty-bytes.txt", "", "x");
  request("upload to bare", "POST", "/fs/bare/three", "", "xyz");
  request("upload to bare, a long name", "POST", "/fs/bare/one-that-does-not-fit", "", "xyz");
  request("upload to nameless", "POST", "/fs/nameless/four", "", "xyz");
  request("upload to plain", "POST", "/fs/plain/five", "", "xyz");
  request("upload to unknown", "POST", "/fs/nothing/five", "", "xyz");
  request("upload of nothing", "POST", "/fs/files/empty", "", "");
  s_write_ok = false, request("upload refused", "POST", "/fs/files/no", "", "x"), s_write_ok = true;
  s_dir_ok = false, request("upload without directory", "POST", "/fs/files/no", "", "x"), s_dir_ok = true;
  content("upload refused", "files/no");

  request("download", "GET", "/fs/files/one.txt", "", "");
  request("download a range", "GET", "/fs/files/one.txt", "Range: bytes=1-2\r\n", "");
  request("download missing", "GET", "/fs/files/missing", "", "");
  request("download with dots", "GET", "/fs/files/..%2f..%2fetc%2fpasswd", "", "");
  request("download encoded name", "GET", "/fs/files/a%20b", "", "");
  request("download of bare", "GET", "/fs/bare/one.txt", "", "");
  request("download of plain", "GET", "/fs/plain/one.txt", "", "");
  request("download of unknown", "GET", "/fs/nothing/one.txt", "", "");
  request("download without name", "GET", "/fs/files/", "", "");
  request("download below", "GET", "/fs/files/a/b", "", "");
  s_dir_ok = false, request("download without directory", "GET", "/fs/files/one.txt", "", ""), s_dir_ok = true;
  request("another method", "PATCH", "/fs/files/one.txt", "", "");

  request("delete", "DELETE", "/fs/files/one.txt", "", "");
  content("delete", "files/one.txt");
  request("delete missing", "DELETE", "/fs/files/missing", "", "");
  request("delete with dots", "DELETE", "/fs/files/..%2fx", "", "");
  request("delete of bare", "DELETE", "/fs/bare/three", "", "");
  request("delete of plain", "DELETE", "/fs/plain/one.txt", "", "");
  request("delete of unknown", "DELETE", "/fs/nothing/one.txt", "", "");
  s_delete_ok = false, request("delete refused", "DELETE", "/fs/files/two.txt", "", ""), s_delete_ok = true;
  s_dir_ok = false, request("delete without directory", "DELETE", "/fs/files/two.txt", "", ""), s_dir_ok = true;
  content("delete refused", "files/two.txt");
  request("del of the API", "POST", "/api/del/files/0", "", "");
  request("add of the API", "POST", "/api/add/files", "", "{\"name\":\"x\"}");
  request("set of the API", "POST", "/api/set", "", "{\"files\":{\"name\":\"x\"}}");

  s_auth = "";
  request("nobody uploads", "POST", "/fs/files/x", "", "x");
  request("nobody uploads to plain", "POST", "/fs/plain/x", "", "x");
  request("nobody uploads a bad name", "POST", "/fs/files/..%2fx", "", "x");
  request("nobody downloads", "GET", "/fs/files/two.txt", "", "");
  request("nobody deletes", "DELETE", "/fs/files/two.txt", "", "");
  content("nobody deletes", "files/two.txt");
  mg_mgr_free(&s_mgr);
  return 0;
}
