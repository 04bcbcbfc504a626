// Listening fires OPEN without data on success and nothing on failure; mg_open_listener only opens the socket.

#include "mongoose.h"

static int opens, others;

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_OPEN) {
    opens++;
    printf("OPEN %d: data %d listening %d udp %d listed %d fn_data %s\n", opens, ev_data != NULL, c->is_listening, c->is_udp,
           c->mgr->conns == c, (char *) c->fn_data);
  } else if (ev != MG_EV_POLL && ev != MG_EV_CLOSE) {
    others++;
  }
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  mg_listen(&mgr, "tcp://127.0.0.1:0", fn, "one");
  mg_listen(&mgr, "udp://127.0.0.1:0", fn, "two");
  mg_listen(&mgr, "tcp://bad host:0", fn, "three");
  mg_listen(&mgr, "tcp://1.2.3.4:0", fn, "four");
  printf("events: %d OPEN, %d other\n", opens, others);

  struct mg_connection *c = mg_alloc_conn(&mgr);
  bool opened = mg_open_listener(c, "tcp://127.0.0.1:0");
  printf("mg_open_listener: %d\n", opened);
  printf("it sets flags: %d\n", c->is_listening);
  printf("it links: %d\n", mgr.conns == c);
  printf("it sets fd and loc: %d %d\n", (int) (size_t) c->fd > 2, c->loc.port != 0);
  close((int) (size_t) c->fd);
  mg_free(c);
  c = mg_alloc_conn(&mgr);
  printf("mg_open_listener on a bad url: %d\n", mg_open_listener(c, "tcp://nope:1"));
  mg_free(c);
  mg_mgr_free(&mgr);
  return 0;
}
