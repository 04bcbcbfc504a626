// Which certificates a client accepts, by what it was told to check.

#include "tls_pair.h"

struct row {
  const char *what;
  const char *cert, *key, *ca, *name;
  bool skip;
};

static const struct row rows[] = {
    {"chain and name", NAMED_CERT, NAMED_KEY, CA_CERT, "localhost", false},
    {"chain only", NAMED_CERT, NAMED_KEY, CA_CERT, NULL, false},
    {"name only", NAMED_CERT, NAMED_KEY, NULL, "localhost", false},
    {"nothing to check", SERVER_CERT, SERVER_KEY, NULL, NULL, false},
    {"name of another host", NAMED_CERT, NAMED_KEY, CA_CERT, "example.org", false},
    {"name of another host, not of an authority", NAMED_CERT, NAMED_KEY, NULL, "example.org", false},
    {"name in capital letters", NAMED_CERT, NAMED_KEY, CA_CERT, "LOCALHOST", false},
    {"address", SERVER_CERT, SERVER_KEY, CA_CERT, "127.0.0.1", false},
    {"another address", SERVER_CERT, SERVER_KEY, CA_CERT, "127.0.0.2", false},
    {"name of another host, address of this one", SERVER_CERT, SERVER_KEY, CA_CERT, "example.org", false},
    {"wildcard", NAMED_CERT, NAMED_KEY, CA_CERT, "a.example.com", false},
    {"wildcard for two labels", NAMED_CERT, NAMED_KEY, CA_CERT, "a.b.example.com", false},
    {"wildcard for no label", NAMED_CERT, NAMED_KEY, CA_CERT, "example.com", false},
    {"common name beside alternative names", NAMED_CERT, NAMED_KEY, CA_CERT, "server", false},
    {"another authority", SERVER_CERT, SERVER_KEY, OTHER_CA_CERT, "localhost", false},
    {"two authorities", SERVER_CERT, SERVER_KEY, OTHER_CA_CERT CA_CERT, "localhost", false},
    {"two authorities and text", SERVER_CERT, SERVER_KEY, "# ours\n" CA_CERT "# theirs\n" OTHER_CA_CERT, "localhost", false},
    {"authority that cannot be read", SERVER_CERT, SERVER_KEY, "/etc/ssl/cert.pem", "localhost", false},
    {"version 1, no alternative names", V1_CERT, V1_KEY, CA_CERT, "localhost", false},
    {"version 1, another name", V1_CERT, V1_KEY, CA_CERT, "example.org", false},
    {"version 1, another authority", V1_CERT, V1_KEY, OTHER_CA_CERT, "localhost", false},
    {"version 1, nothing to check", V1_CERT, V1_KEY, NULL, NULL, false},
    {"common name only", CN_ONLY_CERT, CN_ONLY_KEY, CA_CERT, "localhost", false},
    {"common name only, another name", CN_ONLY_CERT, CN_ONLY_KEY, CA_CERT, "example.org", false},
    {"self-signed, trusted", SELF_SIGNED_CERT, SELF_SIGNED_KEY, SELF_SIGNED_CERT, "localhost", false},
    {"self-signed, not trusted", SELF_SIGNED_CERT, SELF_SIGNED_KEY, CA_CERT, "localhost", false},
    {"the certificate itself is trusted", NAMED_CERT, NAMED_KEY, NAMED_CERT, "localhost", false},
    {"the certificate itself is trusted, no name", SERVER_CERT, SERVER_KEY, SERVER_CERT, NULL, false},
    {"self-signed, nothing to check", SELF_SIGNED_CERT, SELF_SIGNED_KEY, NULL, NULL, false},
    {"below an intermediate authority", BELOW_CERT MIDDLE_CERT, BELOW_KEY, CA_CERT, "localhost", false},
    {"intermediate authority missing", BELOW_CERT, BELOW_KEY, CA_CERT, "localhost", false},
    {"intermediate authority trusted", BELOW_CERT, BELOW_KEY, MIDDLE_CERT, "localhost", false},
    {"expired", EXPIRED_CERT, EXPIRED_KEY, CA_CERT, "localhost", false},
    {"expired, nothing to check", EXPIRED_CERT, EXPIRED_KEY, NULL, NULL, false},
    {"issued by no authority", FORGED_CERT SERVER_CERT, FORGED_KEY, CA_CERT, "localhost", false},
    {"skip, right in every way", SERVER_CERT, SERVER_KEY, CA_CERT, "localhost", true},
    {"skip, no authority, no name", SERVER_CERT, SERVER_KEY, NULL, NULL, true},
    {"skip, another authority", SERVER_CERT, SERVER_KEY, OTHER_CA_CERT, "localhost", true},
    {"skip, another name", SERVER_CERT, SERVER_KEY, NULL, "example.org", true},
    {"skip, expired", EXPIRED_CERT, EXPIRED_KEY, NULL, NULL, true},
    {"RSA key", RSA_CERT, RSA_KEY, CA_CERT, "localhost", false},
    {"P-384 key", P384_CERT, P384_KEY, CA_CERT, "localhost", false},
    {"Ed25519 key", ED25519_CERT, ED25519_KEY, CA_CERT, "localhost", false},
};

int main(void) {
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const struct row *row = &rows[i];
    static struct tls_pair pair;
    memset(&pair, 0, sizeof(pair));
    pair.server.opts.cert = mg_str(row->cert);
    pair.server.opts.key = mg_str(row->key);
    pair.client.opts.ca = mg_str(row->ca);
    pair.client.opts.name = mg_str(row->name);
    pair.client.opts.skip_verification = row->skip;
    tls_run(&pair);
    // What follows a colon says more than the reference does.
    printf("%s: %s %.*s\n", row->what, pair.client.received, (int) strcspn(pair.client.error, ":"), pair.client.error);
    if (pair.client.error[0] != '\0') printf("%s, events: %s\n", row->what, pair.client.trace);
    if (strcmp(row->what, "another authority") == 0) printf("%s, server: %s\n", row->what, pair.server.trace);
  }
  return 0;
}
