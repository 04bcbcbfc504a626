// What a connection looks like while a large file is sent on it and afterwards: the program's bytes in it, is_resp,
// and when it closes.

#include "mongoose.h"

static char s_state[1000];
static bool s_closed;
static size_t s_size;

static int dial(struct mg_connection *l) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  static char expected[MG_DATA_SIZE];
  if (c->is_listening) return;
  memset(expected, 'p', sizeof(expected));
  if (ev == MG_EV_ACCEPT) memcpy(c->data, expected, sizeof(expected));
  if (ev == MG_EV_HTTP_MSG) {
    mg_http_serve_file(c, (struct mg_http_message *) ev_data, s_size > 16384 ? "large" : "small", NULL);
    if (s_size > 16384) strcat(s_state, c->is_resp ? "responding " : "done ");
    if (memcmp(c->data, expected, sizeof(expected)) != 0) strcat(s_state, "data changed ");
  }
  if (ev == MG_EV_CLOSE) s_closed = true;
}

static void run(const char *label, size_t size, const char *request) {
  static char buf[100000];
  struct mg_mgr mgr;
  size_t len = 0;
  mg_mgr_init(&mgr);
  s_state[0] = '\0', s_closed = false, s_size = size;
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  int fd = dial(l);
  send(fd, request, strlen(request), 0);
  for (int k = 0; k < 10000 && len < size; k++) {
    mg_mgr_poll(&mgr, 1);
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
    if (n > 0) len += (size_t) n;
  }
  for (int k = 0; k < 20 && !s_closed; k++) mg_mgr_poll(&mgr, 1);
  if (mgr.conns != l && mgr.conns->is_resp) strcat(s_state, "still responding ");
  printf("%s: %s%s%s\n", label, s_state, len > size ? "received, " : "cut, ", s_closed ? "closed" : "open");
  close(fd);
  mg_mgr_free(&mgr);
}

int main(void) {
  static char block[1000000];
  mg_log_level = MG_LL_NONE;
  for (int i = 0; i < 2; i++) {
    FILE *f = fopen(i == 0 ? "small" : "large", "w");
    fwrite(block, 1, i == 0 ? 100 : sizeof(block), f), fclose(f);
  }
  for (int i = 0; i < 2; i++) {
    size_t size = i == 0 ? 100 : sizeof(block);
    const char *name = i == 0 ? "small" : "large";
    char label[100];
    snprintf(label, sizeof(label), "%s, HTTP/1.1", name), run(label, size, "GET / HTTP/1.1\r\n\r\n");
    snprintf(label, sizeof(label), "%s, HTTP/1.1 close", name), run(label, size, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    snprintf(label, sizeof(label), "%s, HTTP/1.0", name), run(label, size, "GET / HTTP/1.0\r\n\r\n");
  }
  return 0;
}
