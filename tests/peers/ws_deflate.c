// A WebSocket peer that compresses, for the tests: sends every message back. `ws_deflate listen URL [OPTION=NUMBER ...]`
// is a server and prints its port, `ws_deflate connect URL [OPTION=NUMBER ...]` a client that connects again whenever its
// connection is gone. Options are the members of struct mg_ws_deflate_opts; `off=1` leaves compression out. To the text
// "agreed?" it answers whether compression is agreed on.

#include <signal.h>

#include "mongoose.h"

static volatile sig_atomic_t s_stopped;
static bool s_gone = true, s_off;
static uint64_t s_again;  // mg_millis
static struct mg_ws_deflate_opts s_opts = {.size = sizeof(s_opts)};

static void stop(int signal_number) {
  s_stopped = signal_number;
}

static void set(struct mg_connection *c) {
  if (!s_off && !mg_ws_set_deflate(c, &s_opts)) fprintf(stderr, "options refused\n"), exit(1);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_OPEN && c->is_client) {
    set(c);
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    if (wm->flags & 0x70) abort();
    if (mg_strcmp(wm->data, mg_str("agreed?")) == 0) {
      mg_ws_printf(c, WEBSOCKET_OP_TEXT, "%s", mg_ws_is_deflating(c) ? "yes" : "no");
    } else {
      mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
    }
  } else if (ev == MG_EV_ERROR && c->is_client) {
    fprintf(stderr, "%s\n", (char *) ev_data);
  } else if (ev == MG_EV_CLOSE && c->is_client) {
    s_gone = true, s_again = mg_millis() + 20;
  }
}

static void option(const char *text) {
  static const char *names[] = {"level", "send_window_bits", "recv_window_bits", "send_no_context", "recv_no_context"};
  int *members[] = {&s_opts.level, &s_opts.send_window_bits, &s_opts.recv_window_bits, &s_opts.send_no_context,
                    &s_opts.recv_no_context};
  size_t n = strcspn(text, "=");
  long value = atol(text + n + 1);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (strlen(names[i]) == n && memcmp(names[i], text, n) == 0) *members[i] = (int) value;
  }
  if (strncmp(text, "off", n) == 0) s_off = value != 0;
  if (strncmp(text, "min_size", n) == 0) s_opts.min_size = (size_t) value;
  if (strncmp(text, "message_size", n) == 0) s_opts.message_size = (size_t) value;
  if (strncmp(text, "memory", n) == 0) s_opts.memory = (size_t) value;
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  if (argc < 3) return 2;
  signal(SIGINT, stop), signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  for (int i = 3; i < argc; i++) option(argv[i]);
  if (strcmp(argv[1], "listen") == 0) {
    struct mg_connection *listener = mg_http_listen(&mgr, argv[2], handler, NULL);
    if (listener == NULL) return 1;
    set(listener);
    printf("Listening on port %u\n", mg_ntohs(listener->loc.port)), fflush(stdout);
    s_gone = false;
  }
  while (!s_stopped) {
    if (s_gone && mg_millis() >= s_again) s_gone = false, mg_ws_connect(&mgr, argv[2], handler, NULL, NULL);
    mg_mgr_poll(&mgr, s_gone ? 5 : 100);
  }
  mg_mgr_free(&mgr);
  return 0;
}
