// A packet that memory does not suffice for gives MG_EV_ERROR "OOM", and nothing of it is sent. The reference sends its
// first parts.

#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(x) ((x) ? (void) 0 : (printf("%d: %s\n", __LINE__, #x), exit(1)))

static char s_error[100], s_big[64 * 1024 * 1024];

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  (void) c;
}

static size_t address_space(void) {
  size_t pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f != NULL && fscanf(f, "%zu", &pages) == 1);
  fclose(f);
  return pages * (size_t) sysconf(_SC_PAGESIZE);
}

int main(void) {
  struct mg_mgr mgr;
  struct rlimit limit;
#ifdef __SANITIZE_ADDRESS__
  return 0;  // the sanitizer reserves more address space than any limit that would matter here
#endif
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", handler, NULL);
  struct mg_mqtt_opts opts = {.topic = mg_str("t"), .message = mg_str("small"), .qos = 1};
  CHECK(mg_mqtt_pub(c, &opts) == 1);
  size_t len = c->send.len;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = address_space() + 16 * 1024 * 1024;
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  opts.message = mg_str_n(s_big, sizeof(s_big));
  CHECK(mg_mqtt_pub(c, &opts) == 0);
  CHECK(strcmp(s_error, "OOM") == 0 && c->is_closing && c->send.len == len && mgr.mqtt_id == 1);
  // Small packets go on.
  c->is_closing = 0;
  opts.message = mg_str("small");
  CHECK(mg_mqtt_pub(c, &opts) == 2 && c->send.len == 2 * len && !c->is_closing);
  mg_mgr_free(&mgr);
  return 0;
}
