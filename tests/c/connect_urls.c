// What mg_connect does with unusable and unusual URLs, and what it logs.

#include "mongoose.h"

static char log_text[512];

static void sink(char ch, void *param) {
  size_t n = strlen(log_text);
  if (n + 1 < sizeof(log_text)) log_text[n] = ch, log_text[n + 1] = '\0';
  (void) param;
}

static const char *message(void) {
  log_text[strcspn(log_text, "\r\n")] = '\0';
  return strlen(log_text) > 40 ? log_text + 40 : log_text;
}

static void flags(const char *url, struct mg_connection *c) {
  char addr[64];
  mg_snprintf(addr, sizeof(addr), "%M", mg_print_ip_port, &c->rem);
  printf("[%s]: udp %d tls %d client %d rem %s\n", url, c->is_udp, c->is_tls, c->is_client, addr);
}

int main(void) {
  static const char *urls[] = {"udp://127.0.0.1:4321", "udp://localhost", "udp://:9", "udp:127.0.0.1:7",
                               "http://127.0.0.1", "https://127.0.0.1", "ws://127.0.0.1", "wss://127.0.0.1", "mqtt://127.0.0.1",
                               "mqtts://127.0.0.1", "tls://127.0.0.1:5", "UDP://127.0.0.1:9", "tcp://127.0.0.1:65545/x"};
  struct mg_mgr mgr;
  mg_log_level = MG_LL_ERROR;
  mg_log_set_fn(sink, NULL);
  mg_mgr_init(&mgr);
  printf("NULL url: %d, ", mg_connect(&mgr, NULL, NULL, NULL) != NULL);
  printf("log %s\n", message());
  log_text[0] = '\0';
  printf("empty url: %d, ", mg_connect(&mgr, "", NULL, NULL) != NULL);
  printf("log %s\n", message());
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) flags(urls[i], mg_connect(&mgr, urls[i], NULL, NULL));

  struct mg_connection *c = mg_connect_svc(&mgr, "udp://127.0.0.1:9", NULL, &mgr, NULL, &c);
  printf("mg_connect_svc stores fn_data and pfn_data: %d %d\n", c->fn_data == &mgr, c->pfn_data == &c);
  printf("newest first: %d\n", mgr.conns == c);
  mg_mgr_free(&mgr);
  return 0;
}
