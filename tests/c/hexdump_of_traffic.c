// is_hexdumping logs every read and write with addresses and a hex dump.

#include "mongoose.h"

static char log_text[4096];
static bool done;

static void sink(char ch, void *param) {
  size_t n = strlen(log_text);
  if (n + 1 < sizeof(log_text)) log_text[n] = ch, log_text[n + 1] = '\0';
  (void) param;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    mg_send(c, "reply", 5);
    c->recv.len = 0;
  }
  if (ev == MG_EV_WRITE) done = true;
  (void) ev_data;
}

static void datagrams(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    bool ok = mg_send(c, "udp reply", 9);
    printf("sent: %d, logged: %d\n", ok, strstr(log_text, "0000   75 64 70 20 72 65 70 6c 79 ") != NULL);
    c->recv.len = 0;
  }
  if (ev == MG_EV_WRITE) {
    printf("logged before MG_EV_WRITE: %d\n", strstr(log_text, "0000   75 64 70 20 72 65 70 6c 79 ") != NULL);
    done = true;
  }
  (void) ev_data;
}

static void udp(struct mg_mgr *mgr) {
  char head[128];
  struct mg_connection *l = mg_listen(mgr, "udp://127.0.0.1:0", datagrams, NULL);
  l->is_hexdumping = 1;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(fd, (struct sockaddr *) &addr, &len);
  log_text[0] = '\0', done = false;
  send(fd, "udp request", 11, 0);
  for (int i = 0; i < 300 && !done; i++) mg_mgr_poll(mgr, 10);
  snprintf(head, sizeof(head), "\n-- %lu 127.0.0.1:%u -> 127.0.0.1:%u 9\r\n", l->id, ntohs(l->loc.port), ntohs(addr.sin_port));
  printf("head of the outgoing dump, UDP: %d\n", strstr(log_text, head) != NULL);
  printf("incoming bytes, UDP: %d\n", strstr(log_text, "0000   75 64 70 20 72 65 71 ") != NULL);
  close(fd);
}

int main(void) {
  struct mg_mgr mgr;
  char head[128];
  mg_log_level = MG_LL_INFO;
  mg_log_set_fn(sink, NULL);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  l->is_hexdumping = 1;
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  socklen_t len = sizeof(addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  getsockname(fd, (struct sockaddr *) &addr, &len);
  send(fd, "request", 7, 0);
  for (int i = 0; i < 300 && !done; i++) mg_mgr_poll(&mgr, 10);
  snprintf(head, sizeof(head), "\n-- 2 127.0.0.1:%u <- 127.0.0.1:%u 7\r\n", ntohs(l->loc.port), ntohs(addr.sin_port));
  printf("head of the incoming dump: %d\n", strstr(log_text, head) != NULL);
  snprintf(head, sizeof(head), "\n-- 2 127.0.0.1:%u -> 127.0.0.1:%u 5\r\n", ntohs(l->loc.port), ntohs(addr.sin_port));
  printf("head of the outgoing dump: %d\n", strstr(log_text, head) != NULL);
  printf("incoming bytes: %d\n", strstr(log_text, "0000   72 65 71 75 65 73 74 ") != NULL);
  printf("outgoing bytes: %d\n", strstr(log_text, "0000   72 65 70 6c 79 ") != NULL);
  close(fd);
  udp(&mgr);
  mg_mgr_free(&mgr);
  return 0;
}
