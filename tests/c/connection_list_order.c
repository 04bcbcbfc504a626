// Who is visited when: newest first, what a handler adds comes next time, what it closes closes by position.

#include "mongoose.h"

static char trace[512];
static struct mg_connection *target;
static int action;  // 1: add a connection, 2: close the target

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  size_t n = strlen(trace);
  if (ev != MG_EV_POLL && ev != MG_EV_CLOSE) return;
  snprintf(trace + n, sizeof(trace) - n, "%s%lu%s", n > 0 ? " " : "", c->id, ev == MG_EV_CLOSE ? "closed" : "");
  if (ev == MG_EV_POLL && c->fn_data == &action) {
    if (action == 1) mg_connect(c->mgr, "udp://127.0.0.1:9", fn, NULL);
    if (action == 2) target->is_closing = 1;
    action = 0;
  }
  (void) ev_data;
}

static void run(struct mg_mgr *mgr, const char *name) {
  trace[0] = '\0';
  mg_mgr_poll(mgr, 0);
  printf("%s, this iteration: %s\n", name, trace);
  trace[0] = '\0';
  mg_mgr_poll(mgr, 0);
  printf("%s, next iteration: %s\n", name, trace);
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c[5];
  mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  for (int i = 0; i < 5; i++) c[i] = mg_listen(&mgr, "udp://127.0.0.1:0", fn, i == 2 ? &action : NULL);
  run(&mgr, "five listeners");
  action = 1;
  run(&mgr, "a handler connects");
  action = 2, target = c[0];
  run(&mgr, "a handler closes a later one");
  action = 2, target = c[4];
  run(&mgr, "a handler closes an earlier one");
  action = 2, target = c[2];
  run(&mgr, "a handler closes itself");
  mg_mgr_free(&mgr);
  return 0;
}
