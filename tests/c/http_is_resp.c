// is_resp: who sets it, who clears it, and what waits for it.

#include "mongoose.h"

static enum { REPLY, PRINTF, PRINTF_AND_CLEAR, WRITE_CHUNKS, PRINTF_CHUNKS, OPEN_CHUNKS, LATE } s_mode;
static bool s_closed;
static char s_trace[1000];
static int s_messages, s_polls;

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void add(const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(s_trace);
  va_start(ap, fmt);
  vsnprintf(s_trace + n, sizeof(s_trace) - n, fmt, ap);
  va_end(ap);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_HDRS) add(" HDRS(%d)", c->is_resp);
  if (ev == MG_EV_HTTP_MSG) {
    s_messages++, s_polls = 0;
    add(" MSG(%d", c->is_resp);
    if (s_mode == REPLY) mg_http_reply(c, 200, "", "x");
    if (s_mode == PRINTF || s_mode == PRINTF_AND_CLEAR) mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    if (s_mode == PRINTF_AND_CLEAR) c->is_resp = 0;
    if (s_mode == WRITE_CHUNKS || s_mode == PRINTF_CHUNKS || s_mode == OPEN_CHUNKS)
      mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    if (s_mode == WRITE_CHUNKS || s_mode == OPEN_CHUNKS) mg_http_write_chunk(c, "x", 1);
    if (s_mode == PRINTF_CHUNKS) mg_http_printf_chunk(c, "%s", "x");
    add(" %d", c->is_resp);
    if (s_mode == WRITE_CHUNKS) mg_http_write_chunk(c, "", 0);
    if (s_mode == PRINTF_CHUNKS) mg_http_printf_chunk(c, "");
    add(" %d)", c->is_resp);
  }
  if (ev == MG_EV_POLL && s_mode == LATE && c->is_resp && ++s_polls == 2) mg_http_reply(c, 200, "", "x"), add(" reply");
  if (ev == MG_EV_READ) add(" READ(%ld left %lu resp %d)", *(long *) ev_data, (unsigned long) c->recv.len, c->is_resp);
  if (ev == MG_EV_CLOSE) s_closed = true;
}

static void run(const char *label) {
  struct mg_mgr mgr;
  const char *request = "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n";
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_closed = false, s_trace[0] = '\0', s_messages = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, request, strlen(request), MSG_NOSIGNAL);
  for (int k = 0; k < 300 && s_messages == 0; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 10; k++) mg_mgr_poll(&mgr, 1);
  printf("%s:%s\n", label, s_trace);
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  s_mode = REPLY, run("mg_http_reply");
  s_mode = PRINTF, run("mg_printf");
  s_mode = PRINTF_AND_CLEAR, run("mg_printf, cleared by hand");
  s_mode = WRITE_CHUNKS, run("mg_http_write_chunk");
  s_mode = PRINTF_CHUNKS, run("mg_http_printf_chunk");
  s_mode = OPEN_CHUNKS, run("chunks without end");
  s_mode = LATE, run("reply in MG_EV_POLL");
  return 0;
}
