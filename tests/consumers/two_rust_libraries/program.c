// A program linked with the archives of two Rust libraries. Both must keep their own copy of Rust's runtime.

#include <mongoose.h>

int other_library(int number);

static int s_received;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "GET / HTTP/1.0\r\n\r\n");
  if (ev != MG_EV_HTTP_MSG) return;
  if (c->is_accepted) {
    mg_http_reply(c, 200, "", "%d", other_library(1234));
  } else {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    s_received = mg_strcmp(hm->body, mg_str("4")) == 0 ? 1 : -1;
  }
}

int main(void) {
  struct mg_mgr mgr;
  struct mg_connection *listener;
  char url[50];
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  listener = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  if (listener == NULL) return 1;
  mg_snprintf(url, sizeof(url), "http://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  mg_http_connect(&mgr, url, handler, NULL);
  for (int i = 0; i < 1000 && s_received == 0; i++) mg_mgr_poll(&mgr, 10);
  mg_mgr_free(&mgr);
  if (s_received != 1) return 2;
  return other_library(-1) == -1 ? 0 : 3;
}
