// A manager in a loop of the program's own, around poll(2): next to it, a timer, and standard input, whose lines go to
// all WebSocket clients.
//
// Build: cc c_examples/loops/poll.c -o target/poll -I include -L target/release -lmongoose
// Run:   LD_LIBRARY_PATH=target/release target/poll http://127.0.0.1:8000
// Try:   curl http://127.0.0.1:8000/, /ticks and /later, and a WebSocket client on ws://127.0.0.1:8000/ws

#define _GNU_SOURCE  // ppoll
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "mongoose.h"

#define TICK_MS 100

static volatile sig_atomic_t stopped;
static struct mg_mgr mgr;
static int ticks;
static unsigned long waiting;  // the connection that asked for /later

static void stop(int signal_number) {
  stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/ws"), NULL)) {
      mg_ws_upgrade(c, hm, NULL);
    } else if (mg_match(hm->uri, mg_str("/ticks"), NULL)) {
      mg_http_reply(c, 200, "", "%d\n", ticks);
    } else if (mg_match(hm->uri, mg_str("/later"), NULL) && waiting == 0) {
      waiting = c->id;
    } else {
      mg_http_reply(c, 200, "", "Hello from poll\n");
    }
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
}

static void tick(void) {
  struct mg_connection *c = waiting == 0 ? NULL : mg_mgr_find(&mgr, waiting);
  ticks++, waiting = 0;
  if (c != NULL) mg_http_reply(c, 200, "", "later\n");
}

// False at the end of the input.
static bool broadcast(void) {
  char buf[512];
  ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
  if (n <= 0) return false;
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) {
    if (c->is_websocket) mg_ws_send(c, buf, (size_t) n, WEBSOCKET_OP_TEXT);
  }
  return true;
}

int main(int argc, char *argv[]) {
  sigset_t blocked, before;
  signal(SIGINT, stop), signal(SIGTERM, stop);
  // Signals come while poll() waits, and not between the look at `stopped` and that.
  sigemptyset(&blocked), sigaddset(&blocked, SIGINT), sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (l == NULL) return 1;
  printf("Listening on port %d\n", mg_ntohs(l->loc.port)), fflush(stdout);
  struct pollfd fds[] = {{mg_mgr_fd(&mgr), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  uint64_t next_tick = mg_millis() + TICK_MS;
  while (!stopped) {
    uint64_t now = mg_millis();
    int ms = now < next_tick ? (int) (next_tick - now) : 0, wanted = mg_mgr_timeout(&mgr);
    if (wanted >= 0 && wanted < ms) ms = wanted;
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    if (ppoll(fds, 2, &wait, &before) < 0) continue;
    if (fds[1].revents && !broadcast()) fds[1].fd = -1;
    if (mg_millis() >= next_tick) tick(), next_tick += TICK_MS;
    if (fds[0].revents || mg_mgr_timeout(&mgr) == 0) mg_mgr_poll(&mgr, 0);
  }
  mg_mgr_free(&mgr);
  return 0;
}
