// Responses to HEAD: they have a Content-Length and no body, and the connection stays open.

#include "mongoose.h"

static char s_trace[500];
static const char *s_rest;  // Sent when something was

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  size_t n = strlen(s_trace);
  if (ev == MG_EV_CONNECT) mg_printf(c, "%s", (char *) c->fn_data);
  if (ev == MG_EV_WRITE && s_rest != NULL) mg_printf(c, "%s", s_rest), s_rest = NULL;
  if (ev == MG_EV_HTTP_MSG) snprintf(s_trace + n, sizeof(s_trace) - n, " MSG(%d, %lu bytes)", mg_http_status(hm), (unsigned long) hm->body.len);
  if (ev == MG_EV_CLOSE) snprintf(s_trace + n, sizeof(s_trace) - n, " CLOSE");
}

static void run(const char *label, char *request, const char *response) {
  struct mg_mgr mgr;
  char url[40], buf[200];
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  size_t want = strlen(request) + (s_rest == NULL ? 0 : strlen(s_rest)), got = 0;
  int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
  bind(listener, (struct sockaddr *) &addr, len), listen(listener, 1);
  getsockname(listener, (struct sockaddr *) &addr, &len);
  mg_mgr_init(&mgr);
  snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(addr.sin_port));
  s_trace[0] = '\0';
  mg_http_connect(&mgr, url, client, request);
  fd = accept(listener, NULL, NULL);
  for (int k = 0; k < 200 && got < want; k++) {
    mg_mgr_poll(&mgr, 5);
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
    if (n > 0) got += (size_t) n;
  }
  send(fd, response, strlen(response), MSG_NOSIGNAL);
  for (int k = 0; k < 20; k++) mg_mgr_poll(&mgr, 2);
  strcat(s_trace, " |");
  shutdown(fd, SHUT_WR);
  for (int k = 0; k < 200 && strstr(s_trace, "CLOSE") == NULL; k++) mg_mgr_poll(&mgr, 5);
  printf("%s:%s\n", label, s_trace);
  close(fd), close(listener);
  mg_mgr_free(&mgr);
}

int main(void) {
  char get[] = "GET / HTTP/1.1\r\n\r\n", head[] = "HEAD / HTTP/1.1\r\n\r\n", both[] = "HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n";
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  run("GET", get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  run("HEAD", head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  run("HEAD, chunked", head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  run("HEAD, then GET", both, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  char post[] = "POST / HTTP/1.1\r\nContent-Length: 14\r\n\r\n";
  s_rest = "HEAD of a file";
  run("POST, the body begins like HEAD", post, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  s_rest = "HTTP/1.1\r\n\r\n";
  char part[] = "HEAD / ";
  run("HEAD in two parts", part, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  return 0;
}
