// mg_error formats at most 63 characters, logs them, marks the connection and reports ERROR each time.

#include "mongoose.h"

static char log_text[1024], trace[256];
static bool forgive;

static void sink(char ch, void *param) {
  size_t n = strlen(log_text);
  if (n + 1 < sizeof(log_text)) log_text[n] = ch, log_text[n + 1] = '\0';
  (void) param;
}

static void fn(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) {
    printf("%s text: %s\n", (char *) c->fn_data, (char *) ev_data);
    printf("%s text length: %d\n", (char *) c->fn_data, (int) strlen((char *) ev_data));
    printf("%s closing in ERROR: %d\n", (char *) c->fn_data, c->is_closing);
    if (forgive) c->is_closing = 0;
    strcat(trace, "ERROR ");
  }
  if (ev == MG_EV_POLL) strcat(trace, "POLL ");
  if (ev == MG_EV_CLOSE) strcat(trace, "CLOSE ");
}

int main(void) {
  struct mg_mgr mgr;
  char expect[64];
  mg_log_level = MG_LL_ERROR;
  mg_log_set_fn(sink, NULL);
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_listen(&mgr, "tcp://127.0.0.1:0", fn, "cut");
  mg_error(c, "%s%d", "0123456789012345678901234567890123456789012345678901234567890123456789", 1);
  log_text[strcspn(log_text, "\r\n")] = '\0';
  const char *line = strlen(log_text) > 40 ? log_text + 40 : log_text;
  snprintf(expect, sizeof(expect), "1 %d ", (int) (size_t) c->fd);
  printf("log line starts with id and fd: %d\n", strncmp(line, expect, strlen(expect)) == 0);
  printf("log line text: %s\n", line + (strncmp(line, expect, strlen(expect)) == 0 ? strlen(expect) : 0));

  c->fn_data = "again";
  mg_error(c, "code %d, %M", 42, mg_print_ip4, "\x7f\0\0\1");
  c->fn_data = "empty", forgive = true;
  mg_error(c, "%s", "");
  printf("closing after forgiven: %d\n", c->is_closing);
  mg_mgr_poll(&mgr, 0);
  printf("forgiven connection lives: %d\n", mgr.conns == c);
  c->fn_data = "last", forgive = false;
  mg_error(c, "%s", "done");
  mg_mgr_poll(&mgr, 0);
  printf("trace: %s\n", trace);
  printf("gone: %d\n", mgr.conns == NULL);
  mg_mgr_free(&mgr);
  return 0;
}
