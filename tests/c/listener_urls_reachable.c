// Clients reach a listener on 0.0.0.0 through every spelling of the loopback address.

#include "mongoose.h"

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) {
    *(const char **) c->fn_data = "connected";
    c->is_closing = 1;
  }
  if (ev == MG_EV_ERROR) *(const char **) c->fn_data = "error";
  (void) ev_data;
}

int main(void) {
  static const char *formats[] = {"tcp://127.0.0.1:%u", "127.0.0.1:%u", "localhost:%u", "tcp://localhost:%u", "http://LocalHost:%u/path?q",
                                  "ws://127.0.0.1:%u", "tcp://user:pass@127.0.0.1:%u", ":%u", "tcp://:%u", "tcp://0.0.0.0:%u"};
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  unsigned port = mg_ntohs(mg_listen(&mgr, "tcp://0.0.0.0:0", NULL, NULL)->loc.port);
  for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
    char url[64];
    const char *result = NULL;
    snprintf(url, sizeof(url), formats[i], port);
    mg_connect(&mgr, url, client, &result);
    for (int n = 0; n < 100 && result == NULL; n++) mg_mgr_poll(&mgr, 10);
    printf("[%s]: %s\n", formats[i], result);
  }
  mg_mgr_free(&mgr);
  return 0;
}
