// Which listening URLs are accepted, and what they turn into.

#include "mongoose.h"

static char log_text[512];

static void sink(char ch, void *param) {
  size_t n = strlen(log_text);
  if (n + 1 < sizeof(log_text)) log_text[n] = ch, log_text[n + 1] = '\0';
  (void) param;
}

// The messages of the captured log, without the 40 characters in front of each.
static const char *messages(void) {
  static char out[512];
  out[0] = '\0';
  for (char *line = strtok(log_text, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
    strcat(strcat(out, out[0] ? "; " : ""), strlen(line) > 40 ? line + 40 : line);
  }
  return out;
}

int main(void) {
  static const char *urls[] = {
      "tcp://0.0.0.0:0", "0.0.0.0:0", ":0", "tcp://:0", "tcp://", "", "http://127.0.0.1:0", "http://localhost:0",
      "http://LOCALHOST:0", "udp://127.0.0.1:0", "udp://:0", "UDP://127.0.0.1:0", "https://127.0.0.1:0", "wss://127.0.0.1:0",
      "mqtts://127.0.0.1:0", "tls://127.0.0.1:0", "ssl://127.0.0.1:0", "tcps://127.0.0.1:0", "ws://127.0.0.1:0",
      "mqtt://127.0.0.1:0", "tcp://user:pw@127.0.0.1:0/x", "anything://127.0.0.1:0", "8000", "invalid:31:14",
      "http://example.com:0", "http://*:0", "tcp://256.0.0.1:0", "tcp://1.2.3.4:0", "udp://1.2.3.4:0", "tcp://127.0.0.1:0x10",
      "tcp://[::1:0", "tcp://[]:0"};
  struct mg_mgr mgr;
  mg_log_level = MG_LL_ERROR;
  mg_log_set_fn(sink, NULL);
  mg_mgr_init(&mgr);
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
    log_text[0] = '\0';
    struct mg_connection *c = mg_listen(&mgr, urls[i], NULL, NULL);
    printf("[%s]: ", urls[i]);
    if (c == NULL) {
      printf("NULL, log: %s\n", messages());
    } else {
      char addr[64];
      mg_snprintf(addr, sizeof(addr), "%M", mg_print_ip, &c->loc);
      printf("%s %s port set %d listening %d udp %d tls %d ip6 %d\n", c == mgr.conns ? "head" : "not head", addr,
             c->loc.port != 0, c->is_listening, c->is_udp, c->is_tls, c->loc.is_ip6);
    }
  }
  struct mg_connection *c = mg_listen(&mgr, "udp://127.0.0.1:1310740053", NULL, NULL);
  printf("port beyond 16 bits: %d\n", c != NULL ? mg_ntohs(c->loc.port) : -1);
  c = c == NULL ? NULL : mg_listen(&mgr, "udp://127.0.0.1:20053", NULL, NULL);
  printf("second UDP listener on one port: %d\n", c != NULL);

  char url[64];
  snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL)->loc.port));
  log_text[0] = '\0';
  printf("second TCP listener on one port: %d\n", mg_listen(&mgr, url, NULL, NULL) != NULL);
  printf("its log names the error: %d\n", strstr(messages(), "bind: 98") != NULL);
  mg_mgr_free(&mgr);
  return 0;
}
