// The protocol handler runs before the user's; either may be absent; a replaced handler takes effect at once.

#include "mongoose.h"

static char trace[256];

static void note(const char *who, int ev, void *ev_data) {
  size_t n = strlen(trace);
  snprintf(trace + n, sizeof(trace) - n, "%s%s:%d:%s", n > 0 ? " " : "", who, ev, ev_data ? (char *) ev_data : "-");
}

static void other(struct mg_connection *c, int ev, void *ev_data) {
  note("other", ev, ev_data);
  (void) c;
}

static void user(struct mg_connection *c, int ev, void *ev_data) {
  note("user", ev, ev_data);
  if (ev == MG_EV_USER + 1) c->fn = other;
}

static void protocol(struct mg_connection *c, int ev, void *ev_data) {
  note("protocol", ev, ev_data);
  if (ev == MG_EV_USER + 2) c->fn = other;
  if (ev == MG_EV_USER + 3) c->pfn = NULL;
  if (ev == MG_EV_USER + 4) c->fn = NULL;
}

static void run(const char *name, struct mg_connection *c, int ev) {
  trace[0] = '\0';
  mg_call(c, ev, "data");
  mg_call(c, MG_EV_USER, NULL);
  printf("%s: %s\n", name, trace);
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_alloc_conn(&mgr);
  run("no handlers", c, MG_EV_USER);
  c->fn = user;
  run("user handler only", c, MG_EV_USER);
  c->pfn = protocol;
  run("both handlers", c, MG_EV_USER);
  run("user handler replaces itself", c, MG_EV_USER + 1);
  c->fn = user;
  run("protocol handler replaces the user's", c, MG_EV_USER + 2);
  c->fn = user;
  run("protocol handler removes itself", c, MG_EV_USER + 3);
  c->pfn = protocol;
  run("protocol handler removes the user's", c, MG_EV_USER + 4);
  c->fn = NULL;
  run("protocol handler only", c, 1000);
  mg_free(c);
  mg_mgr_free(&mgr);
  return 0;
}
