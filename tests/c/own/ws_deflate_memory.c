// What connections that compress cost, as mg_ws_set_deflate() documents it: memory for contexts from the first message on, none
// without contexts, and no more than `memory` says in all.

#include <malloc.h>

#include "mongoose.h"

#define PAIRS 20
#define CHECK(x) check(x, __LINE__, #x)

static struct mg_ws_deflate_opts s_opts;
static const char *s_label;
static int s_open, s_back;
static char s_text[2000];

static void check(bool holds, int line, const char *text) {
  if (!holds) printf("%s: line %d: %s\n", s_label, line, text), exit(1);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_OPEN && c->is_client) CHECK(mg_ws_set_deflate(c, &s_opts));
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_WS_OPEN) CHECK(mg_ws_is_deflating(c)), s_open++;
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    CHECK(wm->data.len == sizeof(s_text));
    if (c->is_client) s_back++;
    else mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT);
  }
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
}

static long in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return (long) (info.uordblks + info.hblkhd);
}

// The same as the counters of the manager have it.
static long told(struct mg_mgr *mgr) {
  struct mg_stats stats = {.size = sizeof(stats)};
  CHECK(mg_mgr_get_stats(mgr, &stats));
  return (long) (stats.buffer_memory + stats.spare_memory);
}

static void exchange(struct mg_mgr *mgr) {
  s_back = 0;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) {
    if (c->is_client) mg_ws_send(c, s_text, sizeof(s_text), WEBSOCKET_OP_TEXT);
  }
  for (int k = 0; k < 1000 && s_back < PAIRS; k++) mg_mgr_poll(mgr, 10);
  CHECK(s_back == PAIRS);
}

// Bytes that one end of a connection has in use after messages were exchanged, beyond what it had when it was open.
static long cost(const char *label) {
  struct mg_mgr mgr;
  char url[50];
  s_label = label, s_open = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(mg_ws_set_deflate(l, &s_opts));
  mg_snprintf(url, sizeof(url), "ws://127.0.0.1:%d/", mg_ntohs(l->loc.port));
  for (int i = 0; i < PAIRS; i++) mg_ws_connect(&mgr, url, handler, NULL, NULL);
  for (int k = 0; k < 1000 && s_open < 2 * PAIRS; k++) mg_mgr_poll(&mgr, 10);
  CHECK(s_open == 2 * PAIRS);
  for (int k = 0; k < 3; k++) mg_mgr_poll(&mgr, 0);
  long before = in_use(), told_before = told(&mgr);
  for (int i = 0; i < 3; i++) exchange(&mgr);
  for (int k = 0; k < 3; k++) mg_mgr_poll(&mgr, 0);
  long after = in_use(), told_after = told(&mgr);
  CHECK(labs((told_after - told_before) - (after - before)) < 2 * PAIRS * 4096);
  mg_mgr_free(&mgr);
  printf("%s: %ld bytes\n", label, (after - before) / (2 * PAIRS));
  return (after - before) / (2 * PAIRS);
}

static void near(long measured, long documented) {
  CHECK(measured <= documented && measured > documented - 4 * 1024);
}

int main(void) {
#ifdef __SANITIZE_ADDRESS__
  return 0;  // Its allocator does not count.
#endif
  mg_log_set(MG_LL_NONE);
  for (size_t i = 0; i < sizeof(s_text); i++) s_text[i] = (char) ('a' + i % 7);
  s_opts.size = sizeof(s_opts);
  near(cost("12 bits"), 1024 * (162 + 47));
  s_opts.send_window_bits = 15;
  near(cost("15 bits"), 1024 * (274 + 47));
  s_opts.send_window_bits = 9;
  near(cost("9 bits"), 1024 * (148 + 47));
  // What the manager keeps is shared by all.
  s_opts.send_no_context = s_opts.recv_no_context = 1;
  CHECK(cost("without contexts") < 1024 * (274 + 47) / PAIRS);
  s_opts.send_no_context = s_opts.recv_no_context = 0, s_opts.memory = 10 * 1024 * (148 + 47);
  CHECK(cost("with a bound") * 2 * PAIRS < (long) s_opts.memory + 1024 * (274 + 47));
  return 0;
}
