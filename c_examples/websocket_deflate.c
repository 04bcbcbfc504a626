// Measurements for many dashboards, compressed: every second each browser gets a few KB of JSON that hardly changes.
//
// Build: make examples
// Run:   target/examples/websocket_deflate http://127.0.0.1:8000        serves ws://127.0.0.1:8000/
//        target/examples/websocket_deflate ws://127.0.0.1:8000/         is a client, and says what it gets
// Try:   new WebSocket("ws://127.0.0.1:8000/").onmessage = e => console.log(e.data), in the console of a browser

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

#define SENSORS 50

// Zero is a good choice for all but the size. A server for very many browsers sets send_no_context and recv_no_context:
// messages get larger, but connections keep no memory between them.
static struct mg_ws_deflate_opts options = {.size = sizeof(options), .memory = 32 * 1024 * 1024};

static volatile sig_atomic_t stopped;
static unsigned long text_bytes;  // Of messages, before MG_EV_READ tells what they were on the wire

static void stop(int signal_number) {
  stopped = signal_number;
}

static size_t print_sensors(void (*out)(char, void *), void *ptr, va_list *ap) {
  size_t n = 0;
  (void) ap;
  for (int i = 0; i < SENSORS; i++) {
    n += mg_xprintf(out, ptr, "%s{%m:%d,%m:%m,%m:%d}", i == 0 ? "" : ",", MG_ESC("id"), i, MG_ESC("unit"), MG_ESC("celsius"),
                    MG_ESC("value"), 20 + rand() % 5);
  }
  return n;
}

static void tell_all(void *arg) {
  for (struct mg_connection *c = ((struct mg_mgr *) arg)->conns; c != NULL; c = c->next) {
    if (c->is_websocket) mg_ws_printf(c, WEBSOCKET_OP_TEXT, "{%m:[%M]}", MG_ESC("sensors"), print_sensors);
  }
}

static void serve(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  } else if (ev == MG_EV_WS_OPEN) {
    printf("%lu: %s\n", c->id, mg_ws_is_deflating(c) ? "compressed" : "plain"), fflush(stdout);
  }
}

static void listen_to(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_OPEN) {
    mg_ws_set_deflate(c, &options);
  } else if (ev == MG_EV_WS_MSG) {
    text_bytes += (unsigned long) ((struct mg_ws_message *) ev_data)->data.len;
  } else if (ev == MG_EV_READ && text_bytes > 0) {
    printf("%lu bytes of text, %ld on the wire\n", text_bytes, *(long *) ev_data), fflush(stdout);
    text_bytes = 0;
  } else if (ev == MG_EV_ERROR) {
    fprintf(stderr, "%s\n", (char *) ev_data);
  } else if (ev == MG_EV_CLOSE) {
    stopped = 1;
  }
}

int main(int argc, char *argv[]) {
  const char *url = argc > 1 ? argv[1] : "http://127.0.0.1:8000";
  struct mg_mgr mgr;
  signal(SIGINT, stop), signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  if (strncmp(url, "ws", 2) == 0) {
    mg_ws_connect(&mgr, url, listen_to, NULL, NULL);
  } else {
    struct mg_connection *c = mg_http_listen(&mgr, url, serve, NULL);
    if (c == NULL) return EXIT_FAILURE;
    mg_ws_set_deflate(c, &options);
    mg_timer_add(&mgr, 1000, MG_TIMER_REPEAT, tell_all, &mgr);
    printf("Listening on port %u\n", mg_ntohs(c->loc.port)), fflush(stdout);
  }
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return EXIT_SUCCESS;
}
