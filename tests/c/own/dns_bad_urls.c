// Name server URLs and names that nothing can be done with. The reference reads through NULL, recurses until its stack
// ends, or sends malformed queries.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s [%s]\n", __FILE__, __LINE__, #expr, message); exit(1); } } while (0)

bool mg_dnsc_init(struct mg_mgr *mgr, struct mg_dns *dnsc);

static char message[64];

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(message, sizeof(message), "%s", (char *) ev_data);
  (void) c;
}

static struct mg_mgr mgr;

static const char *error_of(const char *url) {
  message[0] = '\0';
  struct mg_connection *c = mg_connect(&mgr, url, fn, NULL);
  if (c == NULL) return "NULL";
  if (!c->is_closing) return "waiting";
  return message;
}

static bool fails(const char *name) {
  char url[700], expected[400];
  snprintf(url, sizeof(url), "tcp://%s:1", name);
  snprintf(expected, sizeof(expected), "%s DNS lookup failed", name);
  expected[63] = '\0';
  return strcmp(error_of(url), expected) == 0;
}

int main(void) {
  static const char *urls[] = {NULL, "", "udp://ns.example:53", "tcp://ns.example:53", "ns.example", "udp://1.2.3:53"};
  char label[80], name[400];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
    mgr.dns4.url = urls[i];
    CHECK(strcmp(error_of("tcp://foo.example:1"), "resolver") == 0);
    CHECK(!mg_dnsc_init(&mgr, &mgr.dns4));
    CHECK(mgr.dns4.c == NULL);
  }
  CHECK(!mg_dnsc_init(&mgr, NULL));
  CHECK(!mg_dnsc_init(NULL, &mgr.dns4));

  mgr.dns4.url = "udp://127.0.0.1:9";
  CHECK(mg_dnsc_init(&mgr, &mgr.dns4));
  struct mg_connection *c = mgr.dns4.c;
  CHECK(c != NULL && c->is_udp && mgr.conns == c);
  CHECK(mg_dnsc_init(&mgr, &mgr.dns4));
  CHECK(mgr.dns4.c == c && mgr.conns == c);

  CHECK(fails("a..b"));
  CHECK(fails(".a"));
  CHECK(fails("."));
  CHECK(fails(".."));
  memset(label, 'a', sizeof(label)), label[63] = '\0';
  snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
  CHECK(strlen(name) == 253);
  char url[500];
  snprintf(url, sizeof(url), "tcp://%s:1", name);
  CHECK(strcmp(error_of(url), "waiting") == 0);
  strcat(name, "a");
  CHECK(fails(name));
  label[63] = 'a', label[64] = '\0';
  CHECK(fails(label));
  CHECK(strcmp(error_of("tcp://trailing.dot.:1"), "waiting") == 0);
  mg_mgr_free(&mgr);
  return 0;
}
