// Random DNS messages, well-formed, cut and damaged: the parsed message and every record.
#include "random.h"

static void put16(uint32_t n) {
  put_byte(n >> 8), put_byte(n & 255);
}

static void put_label(void) {
  uint32_t n = 1 + number(one_in(30) ? 62 : 8);
  put_byte(n);
  while (n-- > 0) put_byte("abcdefgh-_019"[number(13)]);
}

static void put_name(void) {
  for (uint32_t n = number(one_in(20) ? 12 : 4); n > 0; n--) put_label();
  if (one_in(3) && len > 12) put16(0xc000 | (one_in(4) ? number((uint32_t) len) : 12));
  else put_byte(0);
}

static void put_record(bool question) {
  static const uint16_t types[] = {1, 1, 28, 5, 12, 16, 33, 255};
  uint32_t type = PICK(types);
  put_name();
  put16(type), put16(1);
  if (question) return;
  put16(number(65536)), put16(number(65536));
  uint32_t size = type == 1 ? 4 : type == 28 ? 16 : number(20);
  put16(one_in(20) ? number(300) : size);
  while (size-- > 0) put_byte(number(256));
}

static void message(void) {
  uint32_t questions = one_in(10) ? number(3) : 1, answers = number(one_in(20) ? 14 : 4);
  put16(number(65536)), put16(one_in(4) ? 0x0100 : 0x8180);
  put16(questions), put16(answers), put16(0), put16(0);
  for (uint32_t i = 0; i < questions; i++) put_record(true);
  for (uint32_t i = 0; i < answers; i++) put_record(false);
}

static void look(void) {
  struct mg_dns_message m;
  struct mg_dns_rr rr;
  show(text, len);
  memset(&m, 0xa5, sizeof(m));
  bool parsed = mg_dns_parse((uint8_t *) text, len, &m);
  result("parsed", parsed);
  if (parsed) {
    result("id", m.txnid), bytes("name", m.name, strlen(m.name)), result("resolved", m.resolved);
    if (m.resolved) result("6", m.addr.is_ip6), bytes("address", (char *) m.addr.addr.ip, m.addr.is_ip6 ? 16 : 4);
  }
  size_t ofs = 12, n, count = 0;
  do {
    n = mg_dns_parse_rr((uint8_t *) text, len, ofs, count == 0, &rr);
    result("record", (long long) n);
    if (n == 0) break;
    result("nlen", rr.nlen), result("type", rr.atype), result("class", rr.aclass), result("alen", rr.alen);
    ofs += n;
  } while (++count < 50);
}

static void whole(void) {
  message();
  look();
}

static void cut(void) {
  message();
  len = number((uint32_t) len + 1);
  look();
}

static void damaged(void) {
  message();
  damage("\xc0\x0c\x01\x1c\x3f\x7f\xff\x81\x05");
  look();
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "whole", 20, whole);
  run_blocks(argc, argv, "cut", 10, cut);
  run_blocks(argc, argv, "damaged", 20, damaged);
  return 0;
}
