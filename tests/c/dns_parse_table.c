// mg_dns_parse on complete, odd and malformed messages.

#include "mongoose.h"

#define QUERY "\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0"
#define ANSWER(questions, answers) "\x12\x34\x81\x80\0" questions "\0" answers "\0\0\0\0"
#define HEAD ANSWER("\1", "\1")
#define FOO "\3foo\0\0\1\0\1"
#define TTL "\0\0\0\x3c"
#define A(owner, a, b, c, d) owner "\0\1\0\1" TTL "\0\4" a b c d
#define A1 A("\xc0\x0c", "\1", "\2", "\3", "\4")
#define AAAA "\xc0\x0c\0\x1c\0\1" TTL "\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"

static void parse(const char *what, const void *buf, size_t len) {
  struct mg_dns_message dm;
  char addr[64];
  memset(&dm, 0xaa, sizeof(dm));
  bool ok = mg_dns_parse((const uint8_t *) buf, len, &dm);
  mg_snprintf(addr, sizeof(addr), "%M", mg_print_ip_port, &dm.addr);
  printf("%s: %d id %x resolved %d addr %s name [%s]\n", what, ok, dm.txnid, dm.resolved, addr, dm.name);
}

#define PARSE(what, bytes) parse(what, bytes, sizeof(bytes) - 1)

// Names of growing length, and messages of exactly 512 and 513 bytes.
static void sizes(void) {
  uint8_t buf[600];
  memset(buf, 0, sizeof(buf));
  memcpy(buf, HEAD FOO A1, sizeof(HEAD FOO A1) - 1);
  parse("512 bytes", buf, 512);
  parse("513 bytes", buf, 513);
  for (int labels = 3; labels <= 7; labels++) {
    size_t n = 12;
    memset(buf, 0, sizeof(buf));
    memcpy(buf, QUERY, 12);
    for (int i = 0; i < labels; i++) buf[n] = 63, memset(buf + n + 1, 'a' + i, 63), n += 64;
    memcpy(buf + n, "\0\0\1\0\1", 5);
    char what[40];
    snprintf(what, sizeof(what), "%d labels of 63", labels);
    struct mg_dns_message dm;
    bool ok = mg_dns_parse(buf, n + 5, &dm);
    printf("%s: %d name of %zu ends %.3s\n", what, ok, strlen(dm.name), dm.name + strlen(dm.name) - 3);
  }
}

// All prefixes of a good answer.
static void prefixes(void) {
  static const char message[] = HEAD FOO A1;
  for (size_t len = 0; len < sizeof(message); len++) {
    char what[40];
    snprintf(what, sizeof(what), "prefix %zu", len);
    parse(what, message, len);
  }
}

static uint32_t random_state = 1;

static uint32_t next_random(void) {
  random_state ^= random_state << 13, random_state ^= random_state >> 17, random_state ^= random_state << 5;
  return random_state;
}

// Random changes of a message; a checksum over what is understood. Names are compared only if the message is valid.
static void mutations(void) {
  static const char message[] = ANSWER("\1", "\3") "\3foo\7example\0\0\1\0\1"
                                "\xc0\x0c\0\5\0\1" TTL "\0\6\3bar\xc0\x10" A("\xc0\x29", "\1", "\2", "\3", "\4") AAAA;
  for (int round = 0; round < 20; round++) {
    uint32_t sum = 0;
    int valid = 0, resolved = 0;
    for (int i = 0; i < 5000; i++) {
      uint8_t buf[sizeof(message)];
      struct mg_dns_message dm;
      size_t len = sizeof(buf) - 1 - (next_random() % 4 == 0 ? next_random() % 40 : 0);
      memcpy(buf, message, sizeof(buf));
      for (int k = next_random() % 4; k >= 0; k--) {
        static const uint8_t interesting[] = {0, 1, 3, 12, 0x29, 0x3f, 0x40, 0x80, 0xc0, 0xff};
        buf[12 + next_random() % (sizeof(buf) - 13)] = interesting[next_random() % sizeof(interesting)];
      }
      if (!mg_dns_parse(buf, len, &dm)) continue;
      valid++, resolved += dm.resolved;
      sum = mg_crc32(sum, dm.name, strlen(dm.name));
      sum = mg_crc32(sum, (char *) dm.addr.addr.ip, 16);
    }
    printf("mutations %d: valid %d resolved %d sum %x\n", round, valid, resolved, (unsigned) sum);
  }
}

int main(void) {
  PARSE("nothing", "");
  PARSE("11 bytes", "\x12\x34\x81\x80\0\0\0\0\0\0\0");
  PARSE("header alone", ANSWER("\0", "\0"));
  PARSE("query", QUERY FOO);
  PARSE("query with answers", "\x12\x34\x01\x00\x00\x01\0\1\0\0\0\0" FOO A1);
  PARSE("address", HEAD FOO A1);
  PARSE("address without question", ANSWER("\0", "\1") A("\3foo\0", "\1", "\2", "\3", "\4"));
  PARSE("rcode 3 with address", "\x12\x34\x81\x83\0\1\0\1\0\0\0\0" FOO A1);
  PARSE("pointer outside", HEAD FOO A("\xcf\xff", "\1", "\2", "\3", "\4"));
  PARSE("pointer to the end", HEAD FOO A("\xc0\x24", "\1", "\2", "\3", "\4"));
  PARSE("root owner", HEAD FOO A("\0", "\1", "\2", "\3", "\4"));
  PARSE("0x40 is a pointer", HEAD FOO A("\x40\x0c", "\1", "\2", "\3", "\4"));
  PARSE("0x80 is a pointer", HEAD FOO A("\x80\x0c", "\1", "\2", "\3", "\4"));
  PARSE("dot in a label", QUERY "\3a.b\0\0\1\0\1");
  PARSE("two questions", ANSWER("\2", "\1") FOO FOO A1);
  PARSE("two questions in a query", "\x12\x34\x01\x00\x00\x02\0\0\0\0\0\0" FOO FOO);
  PARSE("alias", ANSWER("\1", "\2") FOO "\xc0\x0c\0\5\0\1" TTL "\0\5\3bar\0" A("\xc0\x21", "\1", "\2", "\3", "\4"));
  PARSE("ip6 address", HEAD FOO AAAA);
  PARSE("ip6, then ip4", ANSWER("\1", "\2") FOO AAAA A1);
  PARSE("ip4, then ip6", ANSWER("\1", "\2") FOO A1 AAAA);
  PARSE("class 3", HEAD FOO "\xc0\x0c\0\1\0\3" TTL "\0\4\1\2\3\4");
  PARSE("class with the top bit", HEAD FOO "\xc0\x0c\0\1\x80\1" TTL "\0\4\1\2\3\4");
  PARSE("3 bytes of address", HEAD FOO "\xc0\x0c\0\1\0\1" TTL "\0\3\1\2\3");
  PARSE("5 bytes of address", HEAD FOO "\xc0\x0c\0\1\0\1" TTL "\0\5\1\2\3\4\5");
  PARSE("15 bytes of ip6 address", HEAD FOO "\xc0\x0c\0\x1c\0\1" TTL "\0\x0f\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1");
  PARSE("data cut short", HEAD FOO "\xc0\x0c\0\1\0\1" TTL "\0\4\1\2\3");
  PARSE("answer missing", HEAD FOO);
  PARSE("more announced than there", ANSWER("\1", "\5") FOO A1);
  PARSE("owner points to itself", HEAD FOO A("\xc0\x15", "\1", "\2", "\3", "\4"));
  PARSE("owner loops over a label", HEAD FOO A("\1a\xc0\x15", "\1", "\2", "\3", "\4"));
  PARSE("question points to itself", QUERY "\xc0\x0c\0\1\0\1");
  PARSE("question loops over a label", QUERY "\1a\xc0\x0c\0\1\0\1");
  PARSE("two pointers to each other", HEAD FOO A("\xc0\x17\xc0\x15", "\1", "\2", "\3", "\4"));
  PARSE("label and pointer", ANSWER("\1", "\1") FOO A("\1a\xc0\x0c", "\1", "\2", "\3", "\4"));
  PARSE("label and pointer to the root", ANSWER("\1", "\1") FOO A("\1a\xc0\x10", "\1", "\2", "\3", "\4"));
  PARSE("pointer forwards", QUERY "\xc0\x12\0\1\0\1\3bar\0\0");
  PARSE("unfinished name", QUERY "\3fo");
  PARSE("name without end", QUERY "\3foo");
  PARSE("name up to the end", QUERY "\3foo\0");
  PARSE("NUL in a label", QUERY "\3a\0b\0\0\1\0\1");
  sizes();
  prefixes();
  mutations();
  return 0;
}
