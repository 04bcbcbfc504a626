// The printers of the library for %M and %m.
#include "mongoose.h"

#define SHOW(label, ...)                                              \
  do {                                                                \
    char text[400];                                                   \
    size_t n = mg_snprintf(text, sizeof(text), __VA_ARGS__);          \
    show(label, text, n);                                             \
  } while (0)

static unsigned long checksum(const void *data, size_t len) {
  unsigned long sum = 5381;
  for (size_t i = 0; i < len; i++) sum = (sum * 33 + ((const unsigned char *) data)[i]) & 0xffffffffUL;
  return sum;
}

static void show(const char *label, const char *text, size_t n) {
  printf("%s: [", label);
  for (size_t i = 0; i < n && i < 399; i++) {
    if (text[i] >= ' ' && text[i] <= '~') putchar(text[i]);
    else printf("\\x%02x", (unsigned char) text[i]);
  }
  printf("] %lu\n", (unsigned long) n);
}

int main(void) {
  struct mg_addr addr4, addr6;
  static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0x10, 0xab, 0xcd, 0, 1};
  static const uint8_t hardware[8] = {0, 1, 0xab, 0xff, 9, 10, 0x80, 0x7f};
  char all[256], many[300];
  char *no_string = NULL;
  mg_log_level = 0;
  for (int i = 0; i < 256; i++) all[i] = (char) i;
  memset(many, 'x', sizeof(many));

  SHOW("hex", "%M", mg_print_hex, 3, "\x01\xab\xff");
  SHOW("hex, quoted", "%m", mg_print_hex, 2, "az");
  SHOW("hex of nothing", "%M|%m", mg_print_hex, 0, "abc", mg_print_hex, 0, "");
  SHOW("hex of 100 bytes", "%M", mg_print_hex, 100, all);

  SHOW("base64", "%M %M %M %M", mg_print_base64, 1, "0", mg_print_base64, 2, "ab", mg_print_base64, 3, "abc",
       mg_print_base64, 4, "abcd");
  SHOW("base64 of nothing", "%M|%m", mg_print_base64, 0, "abc", mg_print_base64, 0, "");
  SHOW("base64 of all bytes", "%M", mg_print_base64, 256, all);

  SHOW("JSON", "%m", MG_ESC("a\"b\\c/d'e"));
  SHOW("JSON, short escapes", "%M", MG_ESC("\b\f\n\r\t"));
  SHOW("JSON, empty and NULL", "%m %m", MG_ESC(""), MG_ESC(no_string));
  SHOW("JSON, high bytes", "%m", MG_ESC("\x7f\x80\xff\xc3\xa4"));
  SHOW("JSON, length", "%m %m %m", mg_print_esc, 2, "a\nbc", mg_print_esc, 1, "abc", mg_print_esc, 9, "a\n");
  SHOW("JSON ends at a NUL", "%m", mg_print_esc, 5, "a\0bc");
  SHOW("JSON, other control characters", "%m", MG_ESC("\x01\x0b\x1f"));
  SHOW("JSON, object", "{%m:%d,%m:[%g,%m]}", MG_ESC("id"), 5, MG_ESC("a b"), 1.5, MG_ESC("say \"hi\""));

  SHOW("HTML", "%M", mg_print_html_esc, 17, "<a href=\"x\">'&'<");
  SHOW("HTML, quoted", "%m", mg_print_html_esc, 3, "a<b");
  SHOW("HTML passes NUL and others", "%M", mg_print_html_esc, 6, "a\0\n\x80>b");
  SHOW("HTML, length 0", "%M", mg_print_html_esc, 0, "abc");

  memset(&addr4, 0, sizeof(addr4));
  memset(&addr6, 0, sizeof(addr6));
  memcpy(&addr4.addr, "\x01\x14\x00\xff", 4);
  addr4.port = htons(8080);
  memcpy(&addr6.addr, ip6, 16);
  addr6.is_ip6 = true;
  addr6.scope_id = 5;
  addr6.port = htons(65535);
  SHOW("ip4", "%M %m", mg_print_ip4, &addr4.addr, mg_print_ip4, &addr4.addr);
  SHOW("ip6", "%M %m", mg_print_ip6, &addr6.addr, mg_print_ip6, &addr6.addr);
  SHOW("ip", "%M %M", mg_print_ip, &addr4, mg_print_ip, &addr6);
  SHOW("ip_port", "%M %M", mg_print_ip_port, &addr4, mg_print_ip_port, &addr6);
  SHOW("mac", "%M %m", mg_print_mac, hardware, mg_print_mac, hardware);
  SHOW("ieee64", "%M", mg_print_ieee64, hardware);

  SHOW("width and precision are ignored", "%20M|%.1M|%-020m|", mg_print_hex, 2, "ab", mg_print_hex, 2, "ab",
       mg_print_hex, 2, "ab");
  SHOW("arguments behind printers", "%M%d%M%s%m%g", mg_print_hex, 1, "a", 1, mg_print_ip4, &addr4.addr, "two",
       MG_ESC("three"), 4.5);
  {
    // Into a growing buffer, in pieces of several sizes.
    struct mg_iobuf io = {NULL, 0, 0, 16};
    size_t n = mg_xprintf(mg_pfn_iobuf, &io, "%M%M%m", mg_print_hex, 300, many, mg_print_base64, 300, many,
                          mg_print_esc, 300, many);
    printf("long ones into a buffer: %lu %lu %lu %lu %08lx\n", (unsigned long) n, (unsigned long) io.len,
           (unsigned long) io.size, (unsigned long) strlen((char *) io.buf),
           checksum(io.buf, io.len));
    mg_iobuf_free(&io);
  }
  return 0;
}
