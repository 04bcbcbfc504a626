// mg_dns_parse_rr: questions and records at offsets, and how deep pointers are followed.

#include "mongoose.h"

#define HEADER "\x12\x34\x81\x80\0\1\0\1\0\0\0\0"

static void rr(const char *what, const void *buf, size_t len, size_t ofs, bool question) {
  struct mg_dns_rr rr;
  memset(&rr, 0xaa, sizeof(rr));
  size_t n = mg_dns_parse_rr((const uint8_t *) buf, len, ofs, question, &rr);
  if (n == 0) printf("%s: 0\n", what);
  else printf("%s: %zu nlen %u type %u class %x alen %u\n", what, n, rr.nlen, rr.atype, rr.aclass, rr.alen);
}

#define RR(what, bytes, ofs, question) rr(what, bytes, sizeof(bytes) - 1, ofs, question)

int main(void) {
  static const char message[] = HEADER "\3foo\0\0\1\0\1\xc0\x0c\0\1\x80\1\0\0\0\x3c\0\4\1\2\3\4";
  struct mg_dns_rr cleared;
  char what[60];
  for (size_t ofs = 0; ofs <= sizeof(message); ofs++) {
    snprintf(what, sizeof(what), "question at %zu", ofs);
    RR(what, message, ofs, true);
    snprintf(what, sizeof(what), "record at %zu", ofs);
    RR(what, message, ofs, false);
  }
  RR("offset far outside", message, 100000, true);
  RR("root", HEADER "\0\0\2\0\1 ", 12, true);
  RR("root at the end", HEADER "\0\0\2\0\1", 12, true);
  RR("class 255", HEADER "\1x\0\0\x10\0\xff", 12, true);
  RR("data fills the message", HEADER "\1x\0\0\x10\0\1\0\0\0\1\0\2ab", 12, false);
  RR("one byte of data missing", HEADER "\1x\0\0\x10\0\1\0\0\0\1\0\3ab", 12, false);
  RR("65535 bytes of data", HEADER "\1x\0\0\x10\0\1\0\0\0\1\xff\xff" "ab", 12, false);
  RR("a record without data", HEADER "\1x\0\0\x10\0\1\0\0\0\1\0\0", 12, false);
  RR("fields cut", HEADER "\1x\0\0\x10\0\1\0\0\0\1\0", 12, false);
  RR("a message of 11 bytes", "12345678901", 0, true);
  memset(&cleared, 0xaa, sizeof(cleared));
  mg_dns_parse_rr((const uint8_t *) message, 5, 0, true, &cleared);
  printf("cleared at failure: %u %u %u %u\n", cleared.nlen, cleared.atype, cleared.aclass, cleared.alen);

  // A label and a pointer to the label before, so many times.
  for (int depth = 0; depth < 9; depth++) {
    uint8_t buf[200];
    size_t n = 12, last = 0;
    memset(buf, 0, sizeof(buf));
    memcpy(buf + n, "\1a", 3);
    n += 3, last = 12;
    for (int i = 0; i < depth; i++) {
      uint8_t link[] = {1, 'b', 0xc0, (uint8_t) last};
      memcpy(buf + n, link, 4);
      last = n, n += 4;
    }
    memcpy(buf + n, "\0\1\0\1", 4);
    snprintf(what, sizeof(what), "%d pointers", depth);
    rr(what, buf, n + 4, last, true);
  }
  return 0;
}
