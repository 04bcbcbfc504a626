// Keys and certificates of a server, in every form.

#include "tls_pair.h"

// PEM to DER: `out` has room for what `pem` holds.
static struct mg_str der(const char *pem, unsigned char *out) {
  const char *begin = strstr(pem, "-----\n") + 6, *end = strstr(begin, "\n-----");
  char text[4096];
  size_t n = 0;
  for (const char *p = begin; p < end; p++) {
    if (*p != '\n') text[n++] = *p;
  }
  return mg_str_n((char *) out, mg_base64_decode(text, n, (char *) out, 4096));
}

static void try_out(const char *what, struct mg_str cert, struct mg_str key) {
  static struct tls_pair pair;
  memset(&pair, 0, sizeof(pair));
  pair.server.opts.cert = cert;
  pair.server.opts.key = key;
  pair.client.opts.ca = mg_str(CA_CERT);
  tls_run(&pair);
  printf("%s: %s\n", what, pair.client.received);
  if (pair.server.error[0] != '\0') printf("%s, server: %s\n", what, pair.server.trace);
  if (pair.server.error[0] != '\0') printf("%s, error: %s\n", what, pair.server.error);
}

int main(void) {
  static unsigned char cert_der[4096], key_der[4096];
  try_out("SEC1", mg_str(SERVER_CERT), mg_str(SERVER_KEY));
  try_out("SEC1, DER", mg_str(SERVER_CERT), der(SERVER_KEY, key_der));
  try_out("PKCS#8", mg_str(SERVER_CERT), mg_str(SERVER_PKCS8));
  try_out("PKCS#8, DER", mg_str(SERVER_CERT), der(SERVER_PKCS8, key_der));
  try_out("certificate in DER", der(SERVER_CERT, cert_der), mg_str(SERVER_KEY));
  try_out("RSA, PKCS#1", mg_str(RSA_CERT), mg_str(RSA_KEY));
  try_out("RSA, PKCS#1, DER", mg_str(RSA_CERT), der(RSA_KEY, key_der));
  try_out("RSA, PKCS#8", mg_str(RSA_CERT), mg_str(RSA_PKCS8));
  try_out("certificate before key", mg_str(SERVER_CERT SERVER_KEY), mg_str(SERVER_CERT SERVER_KEY));
  try_out("key before certificate", mg_str(SERVER_KEY SERVER_CERT), mg_str(SERVER_KEY SERVER_CERT));
  try_out("curve parameters before key", mg_str(SERVER_CERT),
          mg_str("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" SERVER_KEY));
  try_out("encrypted key", mg_str(SERVER_CERT), mg_str(ENCRYPTED_KEY));
  try_out("text instead of a key", mg_str(SERVER_CERT), mg_str("secret"));
  try_out("garbage in PEM instead of a key", mg_str(SERVER_CERT),
          mg_str("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  try_out("certificate without a key", mg_str(SERVER_CERT), mg_str(NULL));
  try_out("key of another certificate", mg_str(SERVER_CERT), mg_str(BELOW_KEY));
  try_out("nothing", mg_str(NULL), mg_str(NULL));
  return 0;
}
