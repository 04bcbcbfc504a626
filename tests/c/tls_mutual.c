// A server that demands certificates from its clients.

#include "tls_pair.h"

static void try_out(const char *what, const char *ca, const char *cert, const char *key) {
  static struct tls_pair pair;
  memset(&pair, 0, sizeof(pair));
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.server.opts.ca = mg_str(ca);
  pair.client.opts.ca = mg_str(CA_CERT);
  pair.client.opts.name = mg_str("localhost");
  pair.client.opts.cert = mg_str(cert);
  pair.client.opts.key = mg_str(key);
  tls_run(&pair);
  printf("%s: %s\n", what, pair.client.received);
  printf("%s, server: %s\n", what, pair.server.trace);
  if (pair.server.error[0] != '\0') {
    printf("%s, error: %.*s\n", what, (int) strcspn(pair.server.error, ":"), pair.server.error);
  }
}

int main(void) {
  try_out("right certificate", CA_CERT, CLIENT_CERT, CLIENT_KEY);
  try_out("none", CA_CERT, NULL, NULL);
  try_out("of another authority", CA_CERT, STRANGER_CERT, STRANGER_KEY);
  try_out("expired", CA_CERT, EXPIRED_CERT, EXPIRED_KEY);
  try_out("version 1", CA_CERT, V1_CERT, V1_KEY);
  try_out("two authorities", OTHER_CA_CERT CA_CERT, STRANGER_CERT, STRANGER_KEY);
  try_out("RSA", CA_CERT, RSA_CERT, RSA_KEY);
  try_out("not wanted", NULL, CLIENT_CERT, CLIENT_KEY);
  return 0;
}
