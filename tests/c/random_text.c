// Random text for the base64 codecs, for mg_str_to_num, and for addresses and access lists.
#include "random.h"

static void encode(void) {
  char out[200];
  for (uint32_t n = number(60); n > 0; n--) put_byte(number(256));
  size_t room = one_in(3) ? number(100) : sizeof(out);
  show(text, len);
  size_t n = mg_base64_encode((uint8_t *) text, len, out, room);
  bytes("base64", out, n);
  n = mg_base64url_encode((uint8_t *) text, len, out, room);
  bytes("url", out, n);
  n = 0;
  for (size_t i = 0; i < len; i++) n = mg_base64_update((uint8_t) text[i], out, n);
  n = mg_base64_final(out, n);
  bytes("in pieces", out, n + 1);
}

static void decode(void) {
  char out[200];
  put_from("AZaz09+/-_QUJD", 60);
  for (uint32_t n = number(4); n > 0; n--) put_byte('=');
  if (one_in(3)) damage("=+/-_ \n\x80");
  size_t room = one_in(3) ? number(60) : sizeof(out);
  show(text, len);
  memset(out, 0, sizeof(out));
  size_t n = mg_base64_decode(text, len, out, room);
  bytes("base64", out, n);
  n = mg_base64url_decode(text, len, out, room);
  bytes("url", out, n);
}

static void to_number(void) {
  static const int bases[] = {0, 0, 2, 10, 10, 16, 16, 8, 36};
  static const size_t sizes[] = {1, 2, 4, 8, 8, 3};
  static const char *numbers[] = {"0", "255", "256", "65535", "65536", "4294967295", "4294967296", "18446744073709551615", "18446744073709551616",
                                  "ffffffffffffffff", "10000000000000000", "0x", "0b", "0xff", "0b101", "0XFF", "00", "0x0x1", "-1", "+1", " 1", "1 "};
  static const char *alphabets[] = {"01", "0123456789", "0123456789abcdefABCDEF", "0123456789abxfgXB -+."};
  if (one_in(2)) put(PICK(numbers));
  else put_from(PICK(alphabets), one_in(4) ? 70 : 21);
  if (one_in(3)) damage("019fbx");
  uint64_t value = 0x5555555555555555u;
  int base = PICK(bases);
  size_t size = PICK(sizes);
  show(text, len);
  result("base", base), result("size", (long long) size);
  result("read", mg_str_to_num(mg_str_n(text, len), base, &value, size));
  result("value", (long long) value);
}

// IPv6 is compared where both libraries read it: the reference accepts some mistakes, and takes what was in the address
// before for the middle of one with a scope (aton_table).
static void address(void) {
  static const char *addresses[] = {"127.0.0.1", "1.2.3.4", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "0.0.0.0", "localhost", "",
                                    "01.2.3.4", "1..2.3", "a.b.c.d"};
  static const char *valid6[] = {"::1", "::", "fe80::1", "1:2:3:4:5:6:7:8", "1::8", "2001:db8::ff00:42:8329", "[::1]", "[1:2:3:4:5:6:7:8]", "ffff::"};
  struct mg_addr addr;
  memset(&addr, 0, sizeof(addr));
  bool is6 = one_in(4);
  if (is6) put(PICK(valid6));
  else if (one_in(2)) put(PICK(addresses));
  else put_from("0123456789.", 16);
  if (!is6 && one_in(2)) damage("0129. -x/");
  show(text, len);
  bool read = mg_aton(mg_str_n(text, len), &addr);
  result("address", read);
  if (!read) return;  // the reference has written the bytes before the mistake
  bytes("is", (char *) addr.addr.ip, 16);
  result("scope", addr.scope_id), result("6", addr.is_ip6), result("port", addr.port);
}

static void quad(void) {
  static const char *numbers[] = {"0", "1", "10", "127", "192", "255"};
  for (int i = 0; i < 4; i++) put(i == 0 ? "" : "."), put(PICK(numbers));
}

static void access_list(void) {
  static const char *masks[] = {"", "/0", "/8", "/16", "/24", "/32", "/1", "/31", "/33", "/", "/x"};
  struct mg_addr addr;
  memset(&addr, 0, sizeof(addr));
  quad();
  text[len] = '\0';
  mg_aton(mg_str_n(text, len), &addr);
  put(" ");
  size_t start = len;
  for (uint32_t n = number(5); n > 0; n--) {
    put(one_in(2) ? "+" : "-");
    if (one_in(3)) put("0.0.0.0");
    else if (one_in(3)) put_n(text, start - 1);
    else quad();
    put(PICK(masks));
    if (n > 1) put(",");
  }
  // The reference looks for digits behind the length of the list, so it gets a string (ip_access_list).
  text[len] = '\0';
  show(text, len);
  result("allowed", mg_check_ip_acl(mg_str(text + start), &addr));
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "encode", 20, encode);
  run_blocks(argc, argv, "decode", 20, decode);
  run_blocks(argc, argv, "numbers", 24, to_number);
  run_blocks(argc, argv, "addresses", 20, address);
  run_blocks(argc, argv, "access lists", 20, access_list);
  return 0;
}
