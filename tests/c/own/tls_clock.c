// Dates are compared with the system's clock, or with the time that the program set. No time server is asked.

#include "../tls_pair.h"

static const char *error_at(uint64_t boot_timestamp) {
  static struct tls_pair pair;
  memset(&pair, 0, sizeof(pair));
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&pair);
  mg_boot_timestamp_ms = boot_timestamp;
  tls_listen(&pair, "tls", tls_server);
  struct mg_connection *c = mg_connect(&pair.mgr, pair.url, tls_client, &pair);
  for (int i = 0; i < 500 && !pair.client.closed; i++) {
    mg_mgr_poll(&pair.mgr, 10);
    for (c = pair.mgr.conns; c != NULL; c = c->next) {
      if (c->is_udp) return "asked a time server";
    }
  }
  mg_mgr_free(&pair.mgr);
  return pair.client.error;
}

int main(void) {
  const char *now = error_at(0);
  if (now[0] != '\0') return fprintf(stderr, "now: %s\n", now);
  const char *later = error_at(2524608000000ULL);
  if (strcmp(later, "failed to parse certificate: expired 2049-01-01") != 0) return fprintf(stderr, "2050: %s\n", later);
  const char *earlier = error_at(1262304000000ULL - mg_millis());
  if (strcmp(earlier, "failed to parse certificate: valid from 2020-01-01") != 0) return fprintf(stderr, "2010: %s\n", earlier);
  return 0;
}
