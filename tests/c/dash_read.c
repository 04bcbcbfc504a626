// A dashboard shows the values of the program as JSON: objects, arrays, single elements.

#include "mongoose.h"

// Header fields of most answers, shown as (JSON).
static const char *s_json = "Content-Type: application/json\r\nCache-Control: no-cache\r\n";
static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static char s_trace[2000];

// All field types, and one that does not exist.
static int s_int = -5;
static uint64_t s_big = 18446744073709551615ULL;
static bool s_on = true;
static double s_ratio = 1.005, s_huge = 1e20;
static char s_text[20] = "hi\"x\\\n\t/", s_raw[30] = "[1, {\"a\": null}]", s_empty[5];
static struct mg_field s_fields[] = {
    {"int", MG_VAL_INT, &s_int, sizeof(s_int)},          {"big", MG_VAL_UINT64, &s_big, sizeof(s_big)},
    {"on", MG_VAL_BOOL, &s_on, sizeof(s_on)},            {"ratio", MG_VAL_DBL, &s_ratio, sizeof(s_ratio)},
    {"huge", MG_VAL_DBL, &s_huge, 0},                    {"text", MG_VAL_STR, s_text, sizeof(s_text)},
    {"raw", MG_VAL_RAW, s_raw, sizeof(s_raw)},           {"empty", MG_VAL_STR, s_empty, sizeof(s_empty)},
    {"other", (enum mg_val_type) 77, &s_int, sizeof(s_int)}, {"na\"me", MG_VAL_INT, &s_int, sizeof(s_int)},
    {NULL, MG_VAL_INT, NULL, 0},
};
static struct mg_field s_no_fields[] = {{NULL, MG_VAL_INT, NULL, 0}};

static const char *op_name(enum mg_dash_op op) {
  return op == MG_DASH_READ ? "read" : op == MG_DASH_WRITE ? "write" : op == MG_DASH_ADD ? "add" : op == MG_DASH_DELETE ? "delete" : "?";
}

static void trace(const char *set, enum mg_dash_op op, struct mg_dash_user *u, int index) {
  mg_snprintf(s_trace + strlen(s_trace), 100, "%s.%s(%s %d %d) ", set, op_name(op), u == NULL ? "nobody" : u->name, u == NULL ? 0 : u->level, index);
}

static bool plain_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("plain", op, u, 0);
  return true;
}

static bool hidden_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("hidden", op, u, 0);
  return false;
}

static int s_index = 3, s_elem, s_values[] = {10, 11, 12, 13, 14}, s_gap = -1;
static struct mg_field s_elem_fields[] = {{"val", MG_VAL_INT, &s_elem, sizeof(s_elem)}, {"at", MG_VAL_INT, &s_index, 0}, {NULL, MG_VAL_INT, NULL, 0}};
static bool array_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("arr", op, u, s_index);
  if (s_index == -1) {
    s_index = 5;
  } else if (s_index < 0 || s_index == s_gap) {
    return false;
  } else if (s_index >= 5) {
    s_index = -1;
  } else {
    s_elem = s_values[s_index];
  }
  return true;
}

static int s_bad_index = 7;
static bool bad_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("bad", op, u, s_bad_index);
  return false;
}

static int s_negative_index = 2;
static bool negative_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  trace("negative", op, u, s_negative_index);
  return true;
}

static int s_bare_index = 4;

static struct mg_field_set s_plain = {.name = "plain", .fields = s_fields, .fn = plain_fn};
static struct mg_field_set s_bare = {.name = "bare", .fields = s_no_fields};
static struct mg_field_set s_hidden = {.name = "hidden", .fields = s_fields, .fn = hidden_fn};
static struct mg_field_set s_array = {.name = "arr", .fields = s_elem_fields, .fn = array_fn, .index = &s_index};
static struct mg_field_set s_bad = {.name = "bad", .fields = s_elem_fields, .fn = bad_fn, .index = &s_bad_index};
static struct mg_field_set s_negative = {.name = "negative", .fields = s_elem_fields, .fn = negative_fn, .index = &s_negative_index};
static struct mg_field_set s_bare_array = {.name = "barearr", .fields = s_elem_fields, .index = &s_bare_index};
static struct mg_dash s_dash;

static void request(const char *method, const char *uri) {
  char answer[5000], head[300];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  size_t len = 0;
  s_trace[0] = '\0';
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  mg_snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", method, uri);
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
  printf("%s %s: ", method, uri);
  for (char *p = answer; *p != '\0'; p++) {
    if (strncmp(p, s_json, strlen(s_json)) == 0) printf("(JSON)~"), p += strlen(s_json);
    if (*p == '\n') putchar('~');
    if (*p != '\n' && *p != '\r') putchar(*p);
  }
  printf("\n%s %s, calls: %s\n", method, uri, s_trace);
  printf("%s %s, indices: %d %d %d %d\n", method, uri, s_index, s_bad_index, s_negative_index, s_bare_index);
  s_index = 3, s_bad_index = 7, s_negative_index = 2, s_bare_index = 4;
}

int main(void) {
  static const char *uris[] = {
      "/api/get", "/api/get/", "/api/get/plain", "/api/get/plain/", "/api/get/plain/1", "/api/get/plain/1/2", "/api/get/bare", "/api/get/bare/0",
      "/api/get/hidden", "/api/get/hidden/0", "/api/get/nothing", "/api/get/nothing/1", "/api/get/arr", "/api/get/arr/", "/api/get/arr/0",
      "/api/get/arr/4", "/api/get/arr/5", "/api/get/arr/99", "/api/get/arr/-1", "/api/get/arr/-2", "/api/get/arr/x", "/api/get/arr/2x", "/api/get/arr/1/3",
      "/api/get/arr/3/1", "/api/get/arr/0/99", "/api/get/arr/2/2", "/api/get/arr/-1/2", "/api/get/arr/0/-1", "/api/get/arr/1/x", "/api/get/arr/1/2/3",
      "/api/get/arr/2147483647", "/api/get/arr/4294967295", "/api/get/arr/4294967296", "/api/get/arr/0x2", "/api/get/arr/02", "/api/get/arr/3/4294967295", "/api/get/arr/%32", "/api/get/arr/+2", "/api/get/bad", "/api/get/bad/0", "/api/get/bad/0/1", "/api/get/negative", "/api/get/negative/1", "/api/get/barearr",
      "/api/get/barearr/1", "/api/get/barearr/1/2", "/api/get/PLAIN", "/api/get/plai", "/api/get/plainx", "/api/get/%70lain", "/api/get?x=y", "/api/get/arr/1?x", "/api/get/arr//2",
      "/api/getx", "/api/hi", "/api/hi/", "/api/", "/api", "/api/nothing",
  };
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  struct mg_field_set *sets[] = {&s_plain, &s_bare, &s_hidden, &s_array, &s_bad, &s_negative, &s_bare_array};
  for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) MG_DASH_ADD_FIELD_SET(&s_dash, sets[i]);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);
  for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) request("GET", uris[i]);
  request("PUT", "/api/get/plain"), request("DELETE", "/api/get/plain"), request("HEAD", "/api/get/plain");
  s_ratio = 0.0 / 1.0, s_big = 0, s_on = false, s_int = 2147483647, strcpy(s_text, "\xc3\xa9\x7f<&>"), s_raw[0] = '\0';
  request("PUT", "/api/get/plain/0");
  strcpy(s_text, "a\x01" "b"), strcpy(s_raw, "1"), s_ratio = 2;
  request("GET", "/api/get/plain?control");
  s_gap = 2;
  request("GET", "/api/get/arr/1/4?gap"), request("GET", "/api/get/arr/2?gap");
  mg_mgr_free(&s_mgr);
  return 0;
}
