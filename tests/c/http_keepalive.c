// How long a server keeps a connection: HTTP versions, Connection headers, and who finishes the response when.

#include "mongoose.h"

static enum { IMMEDIATE, FROM_POLL, CHUNKS, BY_HAND, DRAIN, NEVER } s_mode;
static bool s_closed;
static int s_messages, s_polls;

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) {
    s_messages++, s_polls = 0;
    if (s_mode == IMMEDIATE || s_mode == DRAIN) mg_http_reply(c, 200, "", "%.*s", (int) hm->uri.len, hm->uri.buf);
    if (s_mode == DRAIN) c->is_draining = 1;
    if (s_mode == CHUNKS) mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    if (s_mode == CHUNKS) mg_http_printf_chunk(c, "%s", "x"), mg_http_write_chunk(c, "", 0);
    if (s_mode == BY_HAND) mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), c->is_resp = 0;
  }
  if (ev == MG_EV_POLL && c->is_resp && s_mode == FROM_POLL && ++s_polls == 3) mg_http_reply(c, 200, "", "%s", "late");
  if (ev == MG_EV_CLOSE) s_closed = true;
}

static void run(const char *label, const char *request) {
  static char answer[4096];
  struct mg_mgr mgr;
  int responses = 0;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_closed = false, s_messages = 0;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  send(fd, request, strlen(request), MSG_NOSIGNAL);
  for (int k = 0; k < 500 && s_messages == 0 && !s_closed; k++) mg_mgr_poll(&mgr, 10);
  for (int k = 0; k < 20 && !s_closed; k++) mg_mgr_poll(&mgr, 1);
  ssize_t n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
  answer[n > 0 ? n : 0] = '\0';
  for (char *p = answer; (p = strstr(p, "HTTP/1.1 200")) != NULL; p++) responses++;
  printf("%s: messages %d responses %d %s\n", label, s_messages, responses, s_closed ? "closed" : "open");
  close(fd);
  mg_mgr_free(&mgr);
}

static void all(const char *how) {
  static const char *requests[][2] = {
      {"HTTP/1.1", "GET /1 HTTP/1.1\r\n\r\n"},
      {"HTTP/1.1 keep-alive", "GET /1 HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"},
      {"HTTP/1.1 close", "GET /1 HTTP/1.1\r\nConnection: close\r\n\r\n"},
      {"HTTP/1.1 CLOSE", "GET /1 HTTP/1.1\r\nConnection: CLOSE\r\n\r\n"},
      {"HTTP/1.1 close, TE", "GET /1 HTTP/1.1\r\nConnection: close, TE\r\n\r\n"},
      {"HTTP/1.1 keep-alive, close", "GET /1 HTTP/1.1\r\nConnection: keep-alive, close\r\n\r\n"},
      {"HTTP/1.1 closed", "GET /1 HTTP/1.1\r\nConnection: closed\r\n\r\n"},
      {"HTTP/1.0", "GET /1 HTTP/1.0\r\n\r\n"},
      {"HTTP/1.0 keep-alive", "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
      {"HTTP/1.0 close", "GET /1 HTTP/1.0\r\nConnection: close\r\n\r\n"},
      {"HTTP/1.0 twice", "POST /1 HTTP/1.0\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.0\r\n\r\n"},
      {"HTTP/1.1 twice", "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"},
      {"HTTP/1.1 close, then another", "GET /1 HTTP/1.1\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"},
      {"HTTP/1.1, then close", "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n"},
  };
  for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
    char label[100];
    snprintf(label, sizeof(label), "%s, %s", how, requests[i][0]);
    run(label, requests[i][1]);
  }
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  s_mode = IMMEDIATE, all("reply");
  s_mode = FROM_POLL, all("late reply");
  s_mode = CHUNKS, all("chunks");
  s_mode = BY_HAND, all("written by hand");
  s_mode = DRAIN, all("reply and drain");
  s_mode = NEVER, all("no reply");
  return 0;
}
