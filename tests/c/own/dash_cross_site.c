// A request that changes something is refused when the browser says that another site caused it, with or without a login.
// The reference carries out all of them.

#include "mongoose.h"

#define CHECK(x)                                         \
  do {                                                   \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1); \
  } while (0)

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;
static int s_value, s_index;
static struct mg_field s_fields[] = {{"value", MG_VAL_INT, &s_value, sizeof(s_value)}, {NULL, MG_VAL_INT, NULL, 0}};
static int s_deleted;
static bool array_fn(enum mg_dash_op op, struct mg_dash_user *u) {
  (void) u;
  if (op == MG_DASH_DELETE) s_deleted++;
  return true;
}
static struct mg_field_set s_set = {.name = "set", .fields = s_fields};
static struct mg_field_set s_array = {.name = "arr", .fields = s_fields, .fn = array_fn, .index = &s_index};
static struct mg_dash s_dash;

static int request(const char *method, const char *uri, const char *headers) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char text[1000] = "";
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  mg_snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: device.local:8000\r\nContent-Length: 22\r\n%s\r\n{\"set\":{\"value\":1234}}", method, uri, headers);
  s_value = s_deleted = 0;
  ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);
  CHECK(n == (ssize_t) strlen(text));
  for (n = -1; n < 0;) mg_mgr_poll(&s_mgr, 1), n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
  text[n] = '\0';
  close(fd);
  mg_mgr_poll(&s_mgr, 1);
  return n > 12 ? atoi(text + 9) : 0;
}

static const char *s_foreign[] = {"Sec-Fetch-Site: cross-site\r\n", "Origin: http://evil.example\r\n", "Origin: null\r\n", "Origin: http://device.local\r\n",
  "Sec-Fetch-Site: cross-site\r\nOrigin: http://device.local:8000\r\n"};
static const char *s_own[] = {"", "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n", "Origin: http://device.local:8000\r\n", "Sec-Fetch-Site: same-site\r\nOrigin: http://proxy\r\n"};

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  MG_DASH_ADD_FIELD_SET(&s_dash, &s_set);
  MG_DASH_ADD_FIELD_SET(&s_dash, &s_array);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);
  for (size_t i = 0; i < sizeof(s_foreign) / sizeof(s_foreign[0]); i++) {
    CHECK(request("POST", "/api/set", s_foreign[i]) == 403 && s_value == 0);
    CHECK(request("GET", "/api/set", s_foreign[i]) == 403 && s_value == 0);
    CHECK(request("GET", "/api/del/arr/1", s_foreign[i]) == 403 && s_deleted == 0);
    CHECK(request("POST", "/api/add/arr", s_foreign[i]) == 403);
    CHECK(request("POST", "/api/get/arr/1", s_foreign[i]) == 403);
    CHECK(request("POST", "/api/ota", s_foreign[i]) == 403);
    CHECK(request("GET", "/api/websocket", s_foreign[i]) == 403);
    // The browser does not let the other site see the answer.
    CHECK(request("GET", "/api/get", s_foreign[i]) == 200);
    CHECK(request("GET", "/api/hi", s_foreign[i]) == 200);
  }
  for (size_t i = 0; i < sizeof(s_own) / sizeof(s_own[0]); i++) {
    CHECK(request("POST", "/api/set", s_own[i]) == 200 && s_value == 1234);
    CHECK(request("GET", "/api/del/arr/1", s_own[i]) == 200 && s_deleted == 1);
    CHECK(request("GET", "/api/websocket", s_own[i]) == 426);
  }
  mg_mgr_free(&s_mgr);
  return 0;
}
