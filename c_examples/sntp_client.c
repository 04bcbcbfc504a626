// Asks a time server and prints the time.
//
// Build: make examples        Run: target/examples/sntp_client udp://pool.ntp.org:123

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

struct query {
  bool answered;
  bool done;
};

static void stop(int signal_number) {
  stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct query *query = (struct query *) c->fn_data;
  if (ev == MG_EV_SNTP_TIME) {
    uint64_t ms = *(uint64_t *) ev_data;
    time_t seconds = (time_t) (ms / 1000);
    char text[32];
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime(&seconds));
    printf("%s.%03u UTC\n", text, (unsigned) (ms % 1000));
    query->answered = true;
  } else if (ev == MG_EV_ERROR) {
    fprintf(stderr, "%s\n", (char *) ev_data);
  } else if (ev == MG_EV_CLOSE) {
    query->done = true;
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct query query = {false, false};
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  // NULL is the library's default server. The connection closes with the answer, or 3 seconds later.
  if (mg_sntp_connect(&mgr, argc > 1 ? argv[1] : NULL, handler, &query) == NULL) return 1;
  while (!query.done && !stopped) mg_mgr_poll(&mgr, 100);
  if (!query.answered) fprintf(stderr, "no time\n");
  mg_mgr_free(&mgr);
  return query.answered ? 0 : 1;
}
