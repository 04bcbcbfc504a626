// A dashboard changes values of the program: objects with /api/set, elements of arrays with POST, /api/add and
// /api/del.

#include "mongoose.h"

// Header fields of most answers, shown as (JSON).
static const char *s_json = "Content-Type: application/json\r\nCache-Control: no-cache\r\n";
static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_trace[2000];
static int s_writes, s_refuse_write = -1;

static int s_int;
static uint64_t s_big;
static bool s_on;
static double s_ratio;
static char s_text[10], s_raw[60];
static struct mg_field s_fields[] = {
    {"int", MG_VAL_INT, &s_int, sizeof(s_int)},
    {"big", MG_VAL_UINT64, &s_big, sizeof(s_big)},
    {"on", MG_VAL_BOOL, &s_on, sizeof(s_on)},
    {"ratio", MG_VAL_DBL, &s_ratio, sizeof(s_ratio)},
    {"text", MG_VAL_STR, s_text, sizeof(s_text)},
    {NULL, MG_VAL_INT, NULL, 0},
};
// Sizes that are not those of the types, and none at all.
static int s_fixed = 1;
static char s_one[1];
static struct mg_field s_odd_fields[] = {
    {"read only", MG_VAL_INT, &s_fixed, 0},       {"long int", MG_VAL_INT, &s_big, 8},        {"short big", MG_VAL_UINT64, &s_int, 4},
    {"long bool", MG_VAL_BOOL, &s_int, 4},        {"float", MG_VAL_DBL, &s_int, 4},           {"fixed text", MG_VAL_STR, s_text, 0},
    {"one", MG_VAL_STR, s_one, sizeof(s_one)},    {"other", (enum mg_val_type) 77, &s_int, 4}, {"in t", MG_VAL_INT, &s_int, sizeof(s_int)},
    {NULL, MG_VAL_INT, NULL, 0},
};
static struct mg_field s_raw_fields[] = {{"raw", MG_VAL_RAW, s_raw, sizeof(s_raw)}, {"int", MG_VAL_INT, &s_int, sizeof(s_int)}, {NULL, MG_VAL_INT, NULL, 0}};

static void trace(const char *set, enum mg_dash_op op, int index) {
  const char *name = op == MG_DASH_READ ? "read" : op == MG_DASH_WRITE ? "write" : op == MG_DASH_ADD ? "add" : op == MG_DASH_DELETE ? "delete" : "?";
  mg_snprintf(s_trace + strlen(s_trace), 100, "%s.%s(%d) ", set, name, index);
}

static bool plain_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  (void) u;
  trace("plain", op, s_int);
  return op != MG_DASH_WRITE || s_writes++ != s_refuse_write;
}

static int s_index = 3, s_elem, s_values[20] = {10, 11, 12, 13, 14}, s_count = 5, s_moving;
static bool s_flag;
static struct mg_field s_elem_fields[] = {{"val", MG_VAL_INT, &s_elem, sizeof(s_elem)}, {"flag", MG_VAL_BOOL, &s_flag, sizeof(s_flag)}, {NULL, MG_VAL_INT, NULL, 0}};
static bool array_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  (void) u;
  trace("arr", op, s_index);
  if (op == MG_DASH_READ) {
    if (s_index == -1) {
      s_index = s_count;
    } else if (s_index >= s_count) {
      s_index = -1;
    } else {
      s_elem = s_values[s_index], s_index += s_moving;
    }
  } else if (op == MG_DASH_WRITE) {
    if (s_writes++ == s_refuse_write) return false;
    s_values[s_index] = s_elem;
  } else if (op == MG_DASH_ADD) {
    if (s_count >= 7) return false;
    s_values[s_count++] = s_elem;
  } else if (op == MG_DASH_DELETE) {
    if (s_index < 0 || s_index >= s_count) return false;
    for (int i = s_index; i + 1 < s_count; i++) s_values[i] = s_values[i + 1];
    s_count--;
  }
  return true;
}

static int s_bare_index = 4;
static struct mg_field_set s_plain = {.name = "plain", .fields = s_fields, .fn = plain_fn};
static struct mg_field_set s_bare = {.name = "bare", .fields = s_fields};
static struct mg_field_set s_odd = {.name = "odd", .fields = s_odd_fields};
static struct mg_field_set s_raws = {.name = "raws", .fields = s_raw_fields};
static struct mg_field_set s_array = {.name = "arr", .fields = s_elem_fields, .fn = array_fn, .index = &s_index};
static struct mg_field_set s_bare_array = {.name = "barearr", .fields = s_elem_fields, .index = &s_bare_index};
static struct mg_dash s_dash;

static void request(const char *label, const char *method, const char *uri, const char *body) {
  char answer[5000], head[1000];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  size_t len = 0;
  s_trace[0] = '\0', s_writes = 0;
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  mg_snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\n\r\n%s", method, uri, (unsigned long) strlen(body), body);
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
  mg_mgr_poll(&s_mgr, 1);
  printf("%s: ", label);
  for (char *p = answer; *p != '\0'; p++) {
    if (strncmp(p, s_json, strlen(s_json)) == 0) printf("(JSON)~"), p += strlen(s_json);
    if (*p == '\n') putchar('~');
    if (*p != '\n' && *p != '\r') putchar(*p);
  }
  printf("\n%s, calls: %s\n", label, s_trace);
}

static void set(const char *label, const char *body) {
  char text[200];
  s_int = 1, s_big = 2, s_on = false, s_ratio = 0.5, strcpy(s_text, "abc"), strcpy(s_raw, "{}"), s_fixed = 3;
  request(label, "POST", "/api/set", body);
  mg_snprintf(text, sizeof(text), "%d %llu %d %g %m %m %d", s_int, s_big, s_on, s_ratio, MG_ESC(s_text), MG_ESC(s_raw), s_fixed);
  printf("%s, values: %s\n", label, text);
}

static void array(const char *label, const char *method, const char *uri, const char *body) {
  s_index = 3, s_count = 5, s_bare_index = 4, s_elem = 99, s_flag = false;
  for (int i = 0; i < 5; i++) s_values[i] = 10 + i;
  request(label, method, uri, body);
  printf("%s, values: ", label);
  for (int i = 0; i < s_count; i++) printf("%d ", s_values[i]);
  printf("index %d %d flag %d\n", s_index, s_bare_index, s_flag);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  struct mg_field_set *sets[] = {&s_plain, &s_bare, &s_odd, &s_raws, &s_array, &s_bare_array};
  for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) MG_DASH_ADD_FIELD_SET(&s_dash, sets[i]);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);

  set("all types", "{\"plain\":{\"int\":-7,\"big\":7,\"on\":true,\"ratio\":2.345,\"text\":\"hello\"}}");
  set("one", "{\"plain\":{\"on\":true}}");
  set("without a function", "{\"bare\":{\"int\":5,\"on\":true}}");
  set("two sets", "{\"plain\":{\"int\":5},\"bare\":{\"on\":true}}");
  set("set order", "{\"bare\":{\"int\":6},\"plain\":{\"int\":5}}");
  set("twice the same", "{\"plain\":{\"int\":5,\"int\":6}}");
  set("unknown set", "{\"nothing\":{\"int\":5}}");
  set("unknown field", "{\"plain\":{\"nothing\":5}}");
  set("empty set", "{\"plain\":{}}");
  set("set is no object", "{\"plain\":5}");
  set("set is an array", "{\"plain\":[1]}");
  set("fraction", "{\"plain\":{\"int\":1.5,\"big\":1.5}}");
  set("integral", "{\"plain\":{\"int\":2.0,\"big\":3e2}}");
  set("negative", "{\"plain\":{\"int\":-2147483648,\"big\":-1}}");
  set("too large for int", "{\"plain\":{\"int\":2147483648}}");
  set("largest int", "{\"plain\":{\"int\":2147483647}}");
  set("beyond a double", "{\"plain\":{\"big\":9007199254740993}}");
  set("text in UTF-8", "{\"plain\":{\"text\":\"\xc3\xa9\xe2\x82\xac\"}}");
  set("text in UTF-8, cut", "{\"plain\":{\"text\":\"12345678\xc3\xa9\"}}");
  set("text with an escape of Latin-1", "{\"plain\":{\"text\":\"a\\u00e9b\"}}");
  set("text with an escape beyond", "{\"plain\":{\"text\":\"a\\u20acb\"}}");
  set("text with a broken escape", "{\"plain\":{\"text\":\"a\\qb\"}}");
  set("text with a NUL", "{\"plain\":{\"text\":\"a\\u0000b\"}}");
  set("large", "{\"plain\":{\"big\":9007199254740992}}");
  set("wrong types", "{\"plain\":{\"int\":\"5\",\"big\":true,\"on\":1,\"ratio\":\"2\",\"text\":5}}");
  set("null", "{\"plain\":{\"int\":null,\"big\":null,\"on\":null,\"ratio\":null,\"text\":null}}");
  set("ratio is integral", "{\"plain\":{\"ratio\":2}}");
  set("ratio with exponent", "{\"plain\":{\"ratio\":-1.5e3}}");
  set("text of 9", "{\"plain\":{\"text\":\"123456789\"}}");
  set("text of 10", "{\"plain\":{\"text\":\"1234567890\"}}");
  set("text of 20", "{\"plain\":{\"text\":\"12345678901234567890\"}}");
  set("text with escapes", "{\"plain\":{\"text\":\"a\\\"b\\n\\u0041\"}}");
  set("text with escapes, too long", "{\"plain\":{\"text\":\"a\\\"b\\n\\u0041\\u0042\\u0043\\u0044\\u0045\\u0046\"}}");
  set("empty text", "{\"plain\":{\"text\":\"\"}}");
  set("spaces", " { \"plain\" : { \"int\" : 5 , \"on\" : true } } ");
  set("junk", "junk");
  set("no body", "");
  set("empty object", "{}");
  set("array", "[{\"plain\":{\"int\":5}}]");
  set("cut off", "{\"plain\":{\"int\":5,");
  set("odd sizes", "{\"odd\":{\"read only\":5,\"long int\":5,\"short big\":5,\"long bool\":true,\"float\":1.5,\"fixed text\":\"x\",\"other\":5}}");
  set("odd names", "{\"odd\":{\"in t\":5}}");
  set("text of one", "{\"odd\":{\"one\":\"\"}}");
  set("text of one, too long", "{\"odd\":{\"one\":\"ab\"}}");
  set("raw", "{\"raws\":{\"raw\":[1,2],\"x\":3}}");
  set("raw and int", "{\"raws\":{\"int\":8}}");
  set("raw, too long", "{\"raws\":{\"raw\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}");
  set("array element", "{\"arr\":{\"val\":3}}");
  set("array without a function", "{\"barearr\":{\"flag\":true}}");
  s_refuse_write = 0, set("first write refused", "{\"plain\":{\"int\":5}}");
  s_refuse_write = 1, set("second write refused", "{\"plain\":{\"int\":5}}");
  s_refuse_write = -1;
  request("set with GET", "GET", "/api/set", "{\"plain\":{\"int\":5}}");
  request("set with a name", "POST", "/api/set/plain", "{\"int\":5}");

  array("modify", "POST", "/api/get/arr/1", "{\"val\":77}");
  array("modify flag", "POST", "/api/get/arr/1", "{\"flag\":true}");
  array("modify first", "POST", "/api/get/arr/0", "{\"val\":77,\"flag\":true}");
  array("modify behind the end", "POST", "/api/get/arr/5", "{\"val\":77}");
  array("modify with junk", "POST", "/api/get/arr/1", "junk");
  array("modify with nothing", "POST", "/api/get/arr/1", "");
  array("modify bad index", "POST", "/api/get/arr/x", "{\"val\":77}");
  array("modify negative index", "POST", "/api/get/arr/-1", "{\"val\":77}");
  array("modify without index", "POST", "/api/get/arr", "{\"val\":77}");
  array("modify with empty index", "POST", "/api/get/arr/", "{\"val\":77}");
  array("modify range", "POST", "/api/get/arr/1/2", "{\"val\":77}");
  array("modify with PUT", "PUT", "/api/get/arr/1", "{\"val\":77}");
  array("modify object", "POST", "/api/get/plain/1", "{\"int\":77}");
  array("modify unknown", "POST", "/api/get/nothing/1", "{\"int\":77}");
  array("modify without a function", "POST", "/api/get/barearr/1", "{\"val\":77}");
  s_moving = 1, array("modify, index moves", "POST", "/api/get/arr/1", "{\"val\":77}"), s_moving = 0;
  s_refuse_write = 0, array("modify refused", "POST", "/api/get/arr/1", "{\"val\":77}"), s_refuse_write = -1;

  array("add", "POST", "/api/add/arr", "{\"val\":50}");
  array("add with GET", "GET", "/api/add/arr", "{\"val\":50}");
  array("add nothing", "POST", "/api/add/arr", "");
  array("add junk", "POST", "/api/add/arr", "junk");
  array("add unknown field", "POST", "/api/add/arr", "{\"x\":1}");
  array("add to object", "POST", "/api/add/plain", "{\"int\":50}");
  array("add to unknown", "POST", "/api/add/nothing", "{\"int\":50}");
  array("add without a function", "POST", "/api/add/barearr", "{\"val\":50}");
  array("add without name", "POST", "/api/add/", "{\"val\":50}");
  array("add at index", "POST", "/api/add/arr/1", "{\"val\":50}");
  s_count = 7;
  request("add, full", "POST", "/api/add/arr", "{\"val\":50}");

  array("delete first", "POST", "/api/del/arr/0", "");
  array("delete with GET", "GET", "/api/del/arr/1", "");
  array("delete with DELETE", "DELETE", "/api/del/arr/1", "");
  array("delete last", "POST", "/api/del/arr/4", "");
  array("delete behind the end", "POST", "/api/del/arr/5", "");
  array("delete range", "POST", "/api/del/arr/1/3", "");
  array("delete range to behind the end", "POST", "/api/del/arr/3/9", "");
  array("delete range backwards", "POST", "/api/del/arr/3/1", "");
  array("delete without index", "POST", "/api/del/arr", "");
  array("delete with empty index", "POST", "/api/del/arr/", "");
  array("delete bad index", "POST", "/api/del/arr/x", "");
  array("delete bad end", "POST", "/api/del/arr/1/x", "");
  array("delete negative index", "POST", "/api/del/arr/-1", "");
  array("delete of object", "POST", "/api/del/plain/1", "");
  array("delete of unknown", "POST", "/api/del/nothing/1", "");
  array("delete without a function", "POST", "/api/del/barearr/1", "");
  array("delete nothing", "POST", "/api/del", "");
  mg_mgr_free(&s_mgr);
  return 0;
}
