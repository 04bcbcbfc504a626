// Random heads of requests and responses, many of them broken: what is accepted, and where its parts are.
//
// Left out, because the libraries differ there on purpose (http_parse_table in tests/reference/deviations.md): a bare CR in
// the start line, status 304, a Content-Length of 2^63 and more, header fields beyond the 30 that are stored, and several
// Connection fields.

#include "random.h"

#define JUNK "\r\n: \t?/aZ09\x01\x7f\xc3\xa9%#,;=-"

static void line_end(void) {
  static const char *ends[] = {"\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n"};
  put(PICK(ends));
}

static void token(uint32_t longest) {
  put_from("abcXYZ019-_!.~", longest);
}

static void target(void) {
  static const char *forms[] = {"/", "/", "*", "http://host:8/", "host:443", "/a?", "/%41/..", "/\xd0\xb5", "/\xff", "?"};
  put(PICK(forms));
  put_from("abc/%.?#&=2", one_in(10) ? 60 : 12);
}

static void field_value(void) {
  static const char *values[] = {"close", "keep-alive", "chunked", "5", "0", "05", " 5 ", "+5", "-5", "5,5", "5 5", "0x5", "",
                                 "922337203685477580", "gzip, chunked", "a=b; c=d"};
  if (one_in(2)) put(PICK(values));
  else put_from("abc :;=,\"\t0\x7f\xc3\xa9", 20);
}

static void fields(void) {
  static const char *names[] = {"Host", "Content-Length", "content-length", "Transfer-Encoding", "Connection", "Cookie", "Authorization",
                                "A", "X-Long-Name", "\xd0\xb5"};
  static const char *colons[] = {": ", ": ", ": ", ":", ":\t", ":  ", " :", "", "::"};
  for (uint32_t n = number(one_in(20) ? 30 : 6); n > 0; n--) {
    if (one_in(4)) token(8);
    else put(PICK(names));
    put(one_in(4) ? PICK(colons) : ": ");
    field_value();
    line_end();
    if (one_in(60)) put(" folded"), line_end();
  }
}

static void rest(void) {
  line_end();
  fields();
  line_end();
  if (one_in(3)) put("body\r\n\r\n");
}

static bool differs_on_purpose(void) {
  size_t i = 0, lines = 0, connections = 0;
  for (; i < len && text[i] != '\n'; i++) {
    if (text[i] == '\r' && i + 1 < len && text[i + 1] != '\n') return true;
  }
  for (i = 0; i + 1 < len; i++) lines += text[i] == '\n';
  if (lines > 31) return true;
  for (i = 0; i + 11 <= len; i++) connections += strncasecmp(text + i, "\nconnection", 11) == 0;
  if (connections > 1) return true;
  for (i = 0; i + 3 <= len; i++) {
    if (memcmp(text + i, "304", 3) == 0) return true;
  }
  return false;
}

static void look(void) {
  static struct mg_http_message hm;
  static const char *names[] = {"host", "Content-Length", "a", "COOKIE", "x-long-name", "", "Connection"};
  if (one_in(2)) damage(JUNK);
  if (one_in(8)) len = number((uint32_t) len + 1);
  if (differs_on_purpose()) return;
  show(text, len);
  result("head", mg_http_get_request_len((unsigned char *) text, len));
  memset(&hm, 0xa5, sizeof(hm));
  int n = mg_http_parse(text, len, &hm);
  result("parsed", n);
  if (n <= 0) return;
  view("method", hm.method), view("uri", hm.uri), view("query", hm.query), view("proto", hm.proto);
  view("head", hm.head), view("body", hm.body), view("message", hm.message);
  for (int i = 0; i < MG_MAX_HTTP_HEADERS; i++) {
    view("name", hm.headers[i].name);
    if (hm.headers[i].name.len == 0) break;
    view("value", hm.headers[i].value);
  }
  struct mg_str *value = mg_http_get_header(&hm, PICK(names));
  view("found", value == NULL ? mg_str_n(NULL, 0) : *value);
  result("status", mg_http_status(&hm));
}

static void request(void) {
  static const char *methods[] = {"GET", "POST", "HEAD", "PUT", "OPTIONS", "HTTP/", "get", "G\xd0\xb5T"};
  static const char *versions[] = {"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "http/1.1", "HTTP/2.0", "HTTP/1.10", "HTTPS/1.1", "HTTP/1", ""};
  if (one_in(5)) token(12);
  else put(PICK(methods));
  put(one_in(10) ? "  " : " ");
  target();
  put(one_in(10) ? "   " : " ");
  put(PICK(versions));
  rest();
  look();
}

static void response(void) {
  static const char *versions[] = {"HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "http/1.1", "HTTP/z", "HTTP/1"};
  static const char *statuses[] = {"200", "204", "100", "101", "206", "404", "500", "20?0", "2000", "-1", "0", "abc"};
  static const char *reasons[] = {"", " ", " OK", " Not so OK", "  two", " OK ", " \xc3\xa9"};
  put(PICK(versions));
  put(one_in(10) ? "  " : " ");
  put(PICK(statuses));
  put(PICK(reasons));
  rest();
  look();
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "requests", 24, request);
  run_blocks(argc, argv, "responses", 24, response);
  return 0;
}
