// The reason phrase that mg_http_reply writes for every status code.

#include "mongoose.h"

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  for (int code = -1; code < 1000; code++) {
    c->send.len = 0;
    mg_http_reply(c, code, "", "");
    printf("%d: [%.*s]\n", code, (int) (strchr((char *) c->send.buf, '\r') - (char *) c->send.buf), c->send.buf);
  }
  c->send.len = 0;
  mg_mgr_free(&mgr);
  return 0;
}
