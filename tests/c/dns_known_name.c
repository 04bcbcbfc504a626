// A name that is known already resolves after mg_connect() has returned, like one that was asked for: handlers rely on what the
// program does with the connection in between.

#include "mongoose.h"

static struct mg_mgr mgr;
static struct mg_connection *s_log;
static int s_name_server, s_before, s_failed;

static void logger(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) {
    if (s_log == NULL) s_before++;
    else mg_printf(s_log, "hello");
  }
  if (ev == MG_EV_ERROR) s_failed++;
  (void) c, (void) ev_data;
}

// Answers a question for an address with 127.0.0.1, good for a minute.
static void serve_names(void) {
  uint8_t buf[512];
  struct sockaddr_in from;
  socklen_t len = sizeof(from);
  ssize_t n = recvfrom(s_name_server, buf, sizeof(buf) - 16, MSG_DONTWAIT, (struct sockaddr *) &from, &len);
  if (n < 12) return;
  static const uint8_t answer[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
  buf[2] = 0x81, buf[3] = 0x80, buf[7] = 1, buf[8] = buf[9] = buf[10] = buf[11] = 0;
  memcpy(buf + n, answer, sizeof(answer));
  sendto(s_name_server, buf, (size_t) n + sizeof(answer), 0, (struct sockaddr *) &from, len);
}

int main(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  char dns[50], url[50], text[100];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  s_name_server = socket(AF_INET, SOCK_DGRAM, 0);
  bind(s_name_server, (struct sockaddr *) &addr, len), getsockname(s_name_server, (struct sockaddr *) &addr, &len);
  snprintf(dns, sizeof(dns), "udp://127.0.0.1:%u", ntohs(addr.sin_port));
  mgr.dns4.url = dns;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  addr.sin_port = 0;
  bind(fd, (struct sockaddr *) &addr, len), getsockname(fd, (struct sockaddr *) &addr, &len);
  snprintf(url, sizeof(url), "udp://log.example:%u", ntohs(addr.sin_port));
  for (int i = 0; i < 3; i++) {
    s_log = NULL;
    s_log = mg_connect(&mgr, url, logger, NULL);
    bool resolving = s_log->is_resolving;
    ssize_t n = -1;
    for (int k = 0; k < 200 && n < 0; k++) {
      mg_mgr_poll(&mgr, 5);
      serve_names();
      n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
    }
    printf("connection %d: resolving %d, connected before mg_connect() returned %d, failed %d, arrived %ld\n", i, resolving, s_before,
           s_failed, (long) n);
    s_log->is_closing = 1;
    mg_mgr_poll(&mgr, 0);
  }
  mg_mgr_free(&mgr);
  close(fd), close(s_name_server);
  return 0;
}
