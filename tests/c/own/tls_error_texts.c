// The line in MG_EV_ERROR says what is wrong.

#include "../tls_pair.h"

static int failures;

static void expect(const char *text, struct mg_tls_opts server, struct mg_tls_opts client) {
  static struct tls_pair pair;
  memset(&pair, 0, sizeof(pair));
  pair.server.opts = server;
  pair.client.opts = client;
  tls_run(&pair);
  // A server that cannot even begin just closes.
  bool server_refused = strcmp(pair.client.error, "socket error") == 0 || pair.client.error[0] == '\0';
  const char *got = server_refused ? pair.server.error : pair.client.error;
  if (strcmp(got, text) == 0) return;
  fprintf(stderr, "expected: %s\ngot:      %s\n", text, got);
  failures++;
}

int main(void) {
  struct mg_tls_opts good = {.cert = mg_str(NAMED_CERT), .key = mg_str(NAMED_KEY)};
  struct mg_tls_opts ca = {.ca = mg_str(CA_CERT)}, strange = {.ca = mg_str(OTHER_CA_CERT)};
  struct mg_tls_opts named = {.ca = mg_str(CA_CERT), .name = mg_str("a.b.example.com")};
  struct mg_tls_opts address = {.name = mg_str("127.0.0.1")}, odd = {.name = mg_str("no host name")};
  struct mg_tls_opts expired = {.cert = mg_str(EXPIRED_CERT), .key = mg_str(EXPIRED_KEY)};
  struct mg_tls_opts half = {.cert = mg_str(SERVER_CERT)}, locked = {.cert = mg_str(SERVER_CERT), .key = mg_str(ENCRYPTED_KEY)};
  struct mg_tls_opts swapped = {.cert = mg_str(SERVER_CERT), .key = mg_str(CLIENT_KEY)}, nothing = {.skip_verification = true};
  struct mg_tls_opts v1 = {.cert = mg_str(V1_CERT), .key = mg_str(V1_KEY)}, other = {.name = mg_str("example.org")};
  struct mg_tls_opts demanding = {.ca = mg_str(CA_CERT), .cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
  struct mg_tls_opts stranger = {.ca = mg_str(CA_CERT), .cert = mg_str(STRANGER_CERT), .key = mg_str(STRANGER_KEY)};
  static char long_name[254];
  memset(long_name, 'a', sizeof(long_name) - 1);
  struct mg_tls_opts endless = {.name = mg_str(long_name)};
  struct mg_tls_opts file = {.ca = mg_str("/etc/ssl/certs/ca-certificates.crt")};

  expect("", good, ca);
  expect("failed to verify CA: unknown issuer", good, strange);
  expect("failed to verify hostname: a.b.example.com is not localhost, *.", good, named);
  expect("failed to verify hostname: 127.0.0.1 is not localhost, *.exampl", good, address);
  expect("failed to verify hostname", good, odd);
  expect("failed to verify hostname: example.org is not localhost", v1, other);
  expect("failed to parse certificate: expired 2020-06-01", expired, ca);
  expect("Certificate provided without a private key", half, ca);
  expect("bad key: it is encrypted", locked, ca);
  expect("bad key: it does not belong to the certificate", swapped, ca);
  expect("TLS error alert: AccessDenied", nothing, nothing);
  expect("hostname too long", good, endless);
  expect("failed to parse CA certificate", good, file);
  expect("TLS Fatal alert: the peer wants a certificate", demanding, ca);
  expect("TLS Fatal alert: the peer does not know our CA", demanding, stranger);
  return failures;
}
