// Responses that may not have a body: to HEAD, and with status 1xx, 204 and 304.

#include "mongoose.h"

static int s_code;
static bool s_late, s_chunks, s_answered;

static void answer(struct mg_connection *c) {
  if (s_chunks) {
    mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    mg_http_printf_chunk(c, "%s", "body");
    mg_http_printf_chunk(c, "");
  } else {
    mg_http_reply(c, s_code, "A: b\r\n", "%s", "body");
  }
  s_answered = true;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG && !s_late) answer(c);
  if (ev == MG_EV_POLL && s_late && c->is_resp) answer(c);
  (void) ev_data;
}

static void run(const char *method, int code) {
  struct mg_mgr mgr;
  char request[200], answer[1000];
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_code = code, s_answered = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  size_t len = (size_t) sprintf(request, "%s / HTTP/1.1\r\n\r\n", method);
  send(fd, request, len, MSG_NOSIGNAL);
  for (int k = 0; k < 300 && !s_answered; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 5; k++) mg_mgr_poll(&mgr, 1);
  ssize_t n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
  printf("%s %d%s%s: ", method, code, s_late ? " late" : "", s_chunks ? " chunks" : "");
  for (ssize_t i = 0; i < n; i++) printf(answer[i] == '\r' ? "" : answer[i] == '\n' ? "~" : "%c", answer[i]);
  printf("\n");
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  for (int late = 0; late < 2; late++) {
    s_late = late;
    run("GET", 200), run("GET", 204), run("GET", 304), run("GET", 100), run("GET", 404);
    run("HEAD", 200), run("HEAD", 404), run("HEAD", 204), run("head", 200);
  }
  s_late = false, s_chunks = true;
  run("GET", 200), run("HEAD", 200);
  return 0;
}
