// Random format strings: conversions with all flags, widths, precisions and sizes, their arguments, and the room for the
// result.
//
// Left out, because the libraries differ there on purpose (format_doubles_extremes): %g with less than two digits, %f without
// decimals, and doubles beyond 1e99.

#include "random.h"

static char out[600];
static size_t room;

static void print(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  memset(out, '#', sizeof(out));
  size_t n = mg_vsnprintf(out, room, fmt, &ap);
  va_end(ap);
  result("length", (long long) n);
  if (room > 0) bytes("text", out, strnlen(out, room) + 1);
}

static uint64_t wide(void) {
  uint64_t bits = (uint64_t) number(1u << 31) << 33 ^ (uint64_t) number(1u << 31) << 2 ^ number(4);
  return bits >> number(64);
}

static void flags(void) {
  static const char *sets[] = {"", "", "", "#", "-", "0", "#0", "-0", "#-", "#-0"};
  put(PICK(sets));
  if (one_in(2)) put_from("0123456789", 2);
}

static void literal(void) {
  static const char *texts[] = {"", "", "abc", "%%", "100%% ", "%i", "%o", "%e", "%q", "%5%", "%+", "\xc3\xa9"};
  put(PICK(texts));
}

static void integer(void) {
  static const char *sizes[] = {"", "h", "hh", "l", "ll", "z"};
  static const char *precisions[] = {"", "", "", ".3", ".0", "."};
  static const char *unknown[] = {"+", " ", "0-", "*", "-#"};
  uint32_t size = number(6);
  uint64_t value = wide();
  literal(), put("%"), flags(), put(one_in(10) ? PICK(unknown) : PICK(precisions)), put(sizes[size]), put_byte((uint8_t) "duxX"[number(4)]);
  literal(), put("|%d|%lld"), put_byte(0);
  room = one_in(4) ? number(40) : sizeof(out);
  show(text, len);
  if (size < 3) print(text, (int) value, -7, -8LL);
  else if (size == 3) print(text, (long) value, -7, -8LL);
  else if (size == 4) print(text, (long long) value, -7, -8LL);
  else print(text, (size_t) value, -7, -8LL);
}

static void string(void) {
  char s[40];
  uint32_t kind = number(4), n = number(30);
  for (uint32_t i = 0; i < n; i++) s[i] = (char) (' ' + number(95));
  s[n] = '\0';
  literal(), put("%"), flags();
  room = one_in(4) ? number(40) : sizeof(out);
  if (kind == 0) {
    put("s|%d"), put_byte(0), show(text, len), print(text, s, 5);
  } else if (kind == 1) {
    put("."), put_from("0123456789", 2), put("s|%d"), put_byte(0), show(text, len), print(text, s, 5);
  } else if (kind == 2) {
    // A negative precision is none, as in C.
    int precision = (int) number(34) - 2;
    put(".*s|%d"), put_byte(0), show(text, len), print(text, precision, s, 5);
  } else {
    put("c|%d"), put_byte(0), show(text, len), print(text, (int) s[0], 5);
  }
}

static void real(void) {
  static const double powers[] = {1, 10, 100, 1e3, 1e6, 1e9, 1e15, 1e20, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-7, 1e-12};
  bool fixed = one_in(2);
  double value = (double) number(one_in(2) ? 2000 : 1u << 30) * PICK(powers);
  if (one_in(3)) value = -value;
  literal(), put("%"), flags();
  if (one_in(2)) {
    char precision[8];
    snprintf(precision, sizeof(precision), ".%u", (unsigned) (fixed ? 1 + number(8) : 2 + number(14)));
    put(precision);
  }
  put(fixed ? "f" : "g"), put("|%d"), put_byte(0);
  room = one_in(4) ? number(40) : sizeof(out);
  show(text, len);
  if (shown) printf(" <%.17g>", value);
  print(text, value, 5);
}

static void printer(void) {
  char s[41];
  uint32_t n = number(40);
  bool escaped = one_in(3);
  // Control characters without a short escape: see printers.
  for (uint32_t i = 0; i < n; i++) s[i] = escaped ? "ab\"\\\n\r\t\b\f/ \xc3\xa9"[number(13)] : (char) number(256);
  s[n] = '\0';
  struct mg_addr addr;
  memset(&addr, 0, sizeof(addr));
  for (int i = 0; i < 16; i++) addr.addr.ip[i] = one_in(3) ? 0 : (uint8_t) number(256);
  addr.port = (uint16_t) number(65536);
  addr.is_ip6 = one_in(2);
  room = one_in(4) ? number(60) : sizeof(out);
  if (escaped) {
    print("%m|%d", mg_print_esc, (int) n, s, 5);
    return;
  }
  switch (number(6)) {
    case 0: print("%M|%d", mg_print_base64, (int) n, s, 5); break;
    case 1: print("%M|%d", mg_print_hex, (int) n, s, 5); break;
    case 2: print("%M|%d", mg_print_ip, &addr, 5); break;
    case 3: print("%M|%d", mg_print_ip_port, &addr, 5); break;
    case 4: print("%M|%d", mg_print_mac, addr.addr.ip, 5); break;
    default: print("%M|%d", mg_print_ip4, addr.addr.ip, 5); break;
  }
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "integers", 24, integer);
  run_blocks(argc, argv, "strings", 20, string);
  run_blocks(argc, argv, "doubles", 20, real);
  run_blocks(argc, argv, "printers", 20, printer);
  return 0;
}
