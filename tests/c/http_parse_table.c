// mg_http_parse: what is accepted, what is refused, and what the fields point to.

#include "mongoose.h"

// Printable, and without ": ".
static void print_escaped(const char *s, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned char ch = (unsigned char) s[i];
    if (ch == '\r') printf("\\r");
    else if (ch == '\n') printf("\\n");
    else if (ch == ' ') printf("_");
    else if (ch <= ' ' || ch >= 0x7f || ch == ':') printf("\\x%02x", ch);
    else putchar(ch);
  }
}

static void print_field(const char *name, struct mg_str s) {
  printf(" %s=", name);
  if (s.buf == NULL) printf("NULL");
  print_escaped(s.buf, s.len);
}

static void print_length(const char *name, size_t len) {
  if (len == ~(size_t) 0) printf(" %s ~0", name);
  else printf(" %s %zu", name, len);
}

static void parse(const char *s, size_t len) {
  static struct mg_http_message hm;
  memset(&hm, 0xa5, sizeof(hm));
  int n = mg_http_parse(s, len, &hm);
  if (len == 0) printf("nothing");
  print_escaped(s, len);
  printf(": %d", n);
  if (n == 0) {
    size_t nonzero = 0;
    for (size_t i = 0; i < sizeof(hm); i++) nonzero += ((char *) &hm)[i] != 0;
    // How many bytes of a pointer are zero is chance.
    printf(" nonzero bytes %s", nonzero == 0 ? "0" : "more");
  }
  if (n > 0) {
    print_field("method", hm.method);
    print_field("uri", hm.uri);
    print_field("query", hm.query);
    print_field("proto", hm.proto);
    size_t i = 0, rest = 0;
    for (; i < MG_MAX_HTTP_HEADERS && hm.headers[i].name.len > 0; i++) {
      print_field("", hm.headers[i].name);
      print_field("", hm.headers[i].value);
    }
    for (char *p = (char *) &hm.headers[i]; p < (char *) &hm.headers[MG_MAX_HTTP_HEADERS]; p++) rest += *p != 0;
    printf(" rest %zu", rest);
    print_length("body", hm.body.len);
    print_length("message", hm.message.len);
    printf(" head %zu at %d body at %d", hm.head.len, (int) (hm.head.buf - s), (int) (hm.body.buf - s));
    printf(" status %d", mg_http_status(&hm));
  }
  putchar('\n');
}

#define P(s) parse(s, sizeof(s) - 1)
#define END "\r\n\r\n"
#define HEADER(s) P("GET / HTTP/1.1\r\n" s END)

static void many_headers(int n, const char *last, const char *label) {
  static char buf[4096];
  static struct mg_http_message hm;
  int stored = 0;
  size_t len = (size_t) sprintf(buf, "GET / HTTP/1.1\r\n");
  for (int i = 0; i < n; i++) len += (size_t) sprintf(buf + len, "h%d: %d\r\n", i, i);
  len += (size_t) sprintf(buf + len, "%s\r\n", last);
  int result = mg_http_parse(buf, len, &hm);
  if (result > 0) {
    while (stored < MG_MAX_HTTP_HEADERS && hm.headers[stored].name.len > 0) stored++;
  }
  printf("%d headers%s: whole %d stored %d body %d last %d\n", n, label, result == (int) len, stored,
         result > 0 ? (int) hm.body.len : -1, mg_http_get_header(&hm, "h29") != NULL);
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  parse(NULL, 0);

  // Start lines.
  P("GET / HTTP/1.1" END);
  P("GET / HTTP/1.1\n\n");
  P("GET / HTTP/1.1\r\n\n");
  P("GET / HTTP/1.1\n\r\n");
  P("GET / HTTP/1.1" END "body\r\n");
  P("\r\nGET / HTTP/1.1" END);
  P(" GET / HTTP/1.1" END);
  P("GET  /   HTTP/1.1" END);
  P("GET\t/ HTTP/1.1" END);
  P("GET / HTTP/1.1 " END);
  P("GET / HTTP/1.1\t" END);
  P("GET /" END);
  P("GET / " END);
  P("GET\n\n");
  P("/ HTTP/1.1" END);
  P("GET / \r\n");
  P("G");
  P("GET / HTTP/1.1\r\nHost: a\r\n");
  P("GET / http/1.1" END);
  P("GET / HTTP/1.0" END);
  P("GET / HTTP/2.0" END);
  P("GET / HTTP/9.9" END);
  P("GET / HTTP/1.10" END);
  P("GET / HTTP/1" END);
  P("GET / HTTP/" END);
  P("GET / HTTPS/1.1" END);
  P("GET / HTTP/a.1" END);
  P("GET /a b HTTP/1.1" END);
  P("GET /\x7f HTTP/1.1" END);
  P("GET /\xff HTTP/1.1" END);
  P("GET /\0 HTTP/1.1" END);
  P("GET /\xd0\xb5 HTTP/1.1" END);
  P("GET /\xc0\x80 HTTP/1.1" END);
  P("GET /\xed\xa0\x80 HTTP/1.1" END);
  P("GET /\xf7\xbf\xbf\xbf HTTP/1.1" END);
  P("GET /\xd0 HTTP/1.1" END);
  P("GET ?a HTTP/1.1" END);
  P("GET /? HTTP/1.1" END);
  P("GET /a?b?c#d HTTP/1.1" END);
  P("GET http://h:1/p?q HTTP/1.1" END);
  P("OPTIONS * HTTP/1.1" END);
  P("CONNECT h:443 HTTP/1.1" END);
  P("G@<> / HTTP/1.1" END);
  P("GET /\"<> HTTP/1.1" END);
  P("GET /\\..\\ HTTP/1.1" END);
  P("GET / HTTP/1.1\rX" END);
  P("GE\rT / HTTP/1.1" END);
  P("HTTP/ /x HTTP/1.1" END);
  P("HTTP/z /x HTTP/1.1" END);

  // Responses.
  P("HTTP/1.1 200 OK" END);
  P("HTTP/1.1 200 Not so OK" END);
  P("HTTP/1.1 200" END);
  P("HTTP/1.1 200 " END);
  P("HTTP/1.1   200   OK " END);
  P("http/1.1 200 OK" END);
  P("HTTP/1.1" END);
  P("HTTP/1.1 " END);
  P("HTTP/ 200 OK" END);
  P("HTTP/1.1 204 No Content" END);
  P("HTTP/1.1 304 Not Modified" END);
  P("HTTP/1.1 100 Continue" END);
  P("HTTP/1.1 101 Switching Protocols" END);
  P("HTTP/1.1 204 x\r\nContent-Length: 5" END);
  P("HTTP/1.1 200 x\r\nContent-Length: 5" END);
  P("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked" END);
  P("HTTP/1.1 20?0 OK" END);
  P("HTTP/1.1 404x OK" END);
  P("HTTP/1.1 abc OK" END);
  P("HTTP/1.1 -5 OK" END);
  P("HTTP/1.1 +7 OK" END);

  // Header lines.
  HEADER("A: b");
  HEADER("A:b");
  HEADER("A:\t b \t");
  HEADER("A:");
  HEADER("A: ");
  HEADER("A");
  HEADER("A b");
  HEADER("A : b");
  HEADER(": b");
  HEADER(" A: b");
  HEADER("A: b\r\n c");
  HEADER("A: b\r\n\tc");
  HEADER("A: b\rB: c");
  HEADER("A: x\x01");
  HEADER("\xff: x");
  HEADER("A\x7f: x");
  HEADER("A\tB: x");
  HEADER("A: \x7f");
  HEADER("A: \xff\xfe");
  HEADER("\xd0\xb5: x");
  HEADER("A: b: c");
  HEADER("A\"(),/:;<=>?@[\\]{}: x");
  HEADER("A: b\nB: c");
  HEADER("Host: a\r\nhost: b");
  HEADER("Set-Cookie: a\r\nSet-Cookie: a");
  HEADER("Content-Type: a\r\nContent-Type: b");
  HEADER("Content-Length: 5\r\nContent-Length: 5");
  HEADER("Transfer-Encoding: chunked\r\ntransfer-encoding: chunked");
  HEADER("Authorization: a\r\nAuthorization: a");
  HEADER("Cookie: a\r\nCookie: a");
  HEADER("Connection: close\r\nConnection: close");
  HEADER("Content-Length: 5\r\nTransfer-Encoding: chunked");
  HEADER("Transfer-Encoding: chunked\r\nContent-Length: 5");
  HEADER("Transfer-Encoding: gzip");

  // Content-Length.
  HEADER("Content-Length: 0");
  HEADER("Content-Length: 5");
  HEADER("Content-Length:\t5\t");
  HEADER("Content-Length: 05");
  HEADER("content-LENGTH: 5");
  HEADER("Content-Length:");
  HEADER("Content-Length: ");
  HEADER("Content-Length: +5");
  HEADER("Content-Length: -5");
  HEADER("Content-Length: -0");
  HEADER("Content-Length: 5,5");
  HEADER("Content-Length: 5, 5");
  HEADER("Content-Length: 5 5");
  HEADER("Content-Length: 0x5");
  HEADER("Content-Length: 5.0");
  HEADER("Content-Length: 5a");
  HEADER("Content-Length: 1e3");
  HEADER("Content-Length: 9223372036854775807");
  HEADER("Content-Length: 9223372036854775808");
  HEADER("Content-Length: 18446744073709551500");
  HEADER("Content-Length: 18446744073709551560");
  HEADER("Content-Length: 18446744073709551614");
  HEADER("Content-Length: 18446744073709551615");
  HEADER("Content-Length: 18446744073709551616");
  HEADER("Content-Length: 99999999999999999999999");
  P("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615" END);
  P("HTTP/1.1 204 OK\r\nContent-Length: 18446744073709551615" END);

  // More headers than there is room for.
  many_headers(29, "", "");
  many_headers(30, "", "");
  many_headers(31, "", "");
  many_headers(100, "", "");
  many_headers(30, "Content-Length: 5\r\n", " and Content-Length");
  many_headers(30, "Transfer-Encoding: chunked\r\n", " and Transfer-Encoding");
  many_headers(30, "Connection: close\r\n", " and Connection");
  many_headers(30, "Authorization: x\r\n", " and Authorization");
  many_headers(30, "Cookie: x\r\n", " and Cookie");
  many_headers(30, "Host: x\r\n", " and Host");
  many_headers(30, "garbage line\r\n", " and garbage");
  return 0;
}
