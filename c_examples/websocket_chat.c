// A chat room: what one browser sends, all get. Pings find out who is gone, and who reads too slowly is let go.
//
// Build: make examples        Run: target/examples/websocket_chat http://127.0.0.1:8000 c_examples/websocket_chat.html
// Try:   open http://127.0.0.1:8000 in two windows

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

#define PING_MS 15000
#define MAX_MISSED 3
#define MAX_MESSAGE 4000
#define MAX_QUEUED (1024 * 1024)

static const char *page = "c_examples/websocket_chat.html";
static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void count_guests(struct mg_mgr *mgr, const struct mg_connection *except) {
  unsigned guests = 0;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) guests += c->is_websocket && c != except;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) {
    if (c->is_websocket && c != except) mg_ws_printf(c, WEBSOCKET_OP_TEXT, "{%m:%u}", MG_ESC("guests"), guests);
  }
}

static void say(struct mg_connection *from, struct mg_str text) {
  for (struct mg_connection *c = from->mgr->conns; c != NULL; c = c->next) {
    if (!c->is_websocket) continue;
    // mg_print_esc takes the length 0 for "up to the NUL".
    mg_ws_printf(c, WEBSOCKET_OP_TEXT, "{%m:%lu,%m:%d,%m:%m}", MG_ESC("from"), from->id, MG_ESC("own"), c == from,
                 MG_ESC("text"), mg_print_esc, (int) text.len, text.len > 0 ? text.buf : "");
    if (c->send.len > MAX_QUEUED) c->is_closing = 1;
  }
}

static void ping_all(void *arg) {
  struct mg_mgr *mgr = (struct mg_mgr *) arg;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) {
    if (!c->is_websocket) continue;
    if (c->data[0]++ == MAX_MISSED) c->is_closing = 1;
    mg_ws_send(c, NULL, 0, WEBSOCKET_OP_PING);
  }
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_strcmp(hm->uri, mg_str("/chat")) == 0) {
      mg_ws_upgrade(c, hm, NULL);
    } else if (mg_strcmp(hm->uri, mg_str("/")) == 0) {
      struct mg_http_serve_opts opts;
      memset(&opts, 0, sizeof(opts));
      mg_http_serve_file(c, hm, page, &opts);
    } else {
      mg_http_reply(c, 404, "", "Not here\n");
    }
  } else if (ev == MG_EV_WS_OPEN) {
    count_guests(c->mgr, NULL);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    if (wm->data.len <= MAX_MESSAGE) say(c, wm->data);
  } else if (ev == MG_EV_READ) {
    c->data[0] = 0;  // Whoever says anything, be it a pong, is there.
  } else if (ev == MG_EV_CLOSE && c->is_websocket) {
    count_guests(c->mgr, c);
  }
}

int main(int argc, char *argv[]) {
  const char *url = argc > 1 ? argv[1] : "http://127.0.0.1:8000";
  struct mg_mgr mgr;
  if (argc > 2) page = argv[2];
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, url, handler, NULL);
  if (listener == NULL) return 1;
  mg_timer_add(&mgr, PING_MS, MG_TIMER_REPEAT, ping_all, &mgr);
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
