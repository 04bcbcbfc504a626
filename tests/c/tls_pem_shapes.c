// Certificates, keys and authorities in PEM as they come out of string literals, configurations and editors.

#include "tls_pair.h"

static const struct shape {
  const char *name, *first, *before, *after;
} shapes[] = {
    {"as it is", "", "", "\n"},     {"CRLF", "", "", "\r\n"},         {"no line ends", "", "", ""},        {"indented by blanks", "", "    ", "\n"},
    {"indented by tabs", "", "\t", "\n"}, {"byte order mark", "\xef\xbb\xbf", "", "\n"}, {"blanks in front", "  ", "", "\n"}, {"text in front", "0 is the first:\n", "", "\n"},
};

static struct mg_str shaped(const char *pem, const struct shape *shape, char *out) {
  size_t n = (size_t) sprintf(out, "%s", shape->first);
  while (*pem != '\0') {
    size_t len = strcspn(pem, "\n");
    n += (size_t) sprintf(out + n, "%s%.*s%s", shape->before, (int) len, pem, shape->after);
    pem += len + (pem[len] == '\n');
  }
  return mg_str_n(out, n);
}

int main(void) {
  static struct tls_pair pair;
  static char text[3][40000];
  for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
    for (int which = 0; which < 4; which++) {
      static const char *names[] = {"certificate", "key", "authority", "certificate and key together"};
      static const struct shape plain = {"", "", "", "\n"};
      uint8_t raw[32];
      memset(&pair, 0, sizeof(pair));
      pair.server.opts.cert = shaped(SERVER_CERT, which == 0 ? &shapes[i] : &plain, text[0]);
      pair.server.opts.key = shaped(SERVER_KEY, which == 1 ? &shapes[i] : &plain, text[1]);
      pair.client.opts.ca = shaped(CA_CERT, which == 2 ? &shapes[i] : &plain, text[2]);
      if (which == 3) pair.server.opts.cert = pair.server.opts.key = shaped(SERVER_KEY SERVER_CERT, &shapes[i], text[0]);
      tls_run(&pair);
      printf("%s, %s: %s %s%s\n", shapes[i].name, names[which], pair.client.received, pair.server.error, pair.client.error);
      if (which == 1) printf("%s, mg_uecc_parse_private_key: %d\n", shapes[i].name, (int) mg_uecc_parse_private_key(pair.server.opts.key, raw, sizeof(raw)));
    }
  }
  // What is cut off is none.
  struct mg_str key = shaped(SERVER_KEY, &shapes[0], text[0]);
  for (size_t cut = 0; cut < 30; cut += 3) {
    uint8_t raw[32];
    printf("key without the last %d bytes: %d\n", (int) cut, (int) mg_uecc_parse_private_key(mg_str_n(key.buf, key.len - cut), raw, sizeof(raw)));
  }
  return 0;
}
