// What the projects in this folder build, as C and as C++: a server that answers with the version of the header.

#include <mongoose.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    mg_http_reply(c, 200, "", "%s %.*s\n", MG_VERSION, (int) hm->uri.len, hm->uri.buf);
  }
}

int main(void) {
  struct mg_mgr mgr;
  struct mg_connection *listener;
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  listener = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", (unsigned) mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 100);
  mg_mgr_free(&mgr);
  return 0;
}
