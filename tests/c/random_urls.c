// Random URLs and nonsense: their parts, and the percent codec.
#include "random.h"

static void parts(const char *url) {
  view("host", mg_url_host(url)), view("user", mg_url_user(url)), view("pass", mg_url_pass(url));
  result("port", mg_url_port(url)), result("ssl", mg_url_is_ssl(url));
  const char *uri = mg_url_uri(url);
  if (uri >= text && uri <= text + len) result("uri at", uri - text);
  else bytes("uri", uri, strlen(uri));
}

static void url(void) {
  static const char *schemes[] = {"http://", "https://", "ws://", "wss://", "mqtt://", "mqtts://", "tcp://", "udp://", "ssl://", "tls://",
                                  "HTTP://", "", "//", ":", "http:/", "x://"};
  static const char *hosts[] = {"a.b.com", "127.0.0.1", "[::1]", "[fe80::1%25eth0]", "", "localhost", "[", "]", "a"};
  static const char *ports[] = {"", "", ":80", ":0", ":65535", ":65536", ":99999999999", ":", ":8a", ":-1", ":+5", ": 7"};
  static const char *ends[] = {"", "/", "/a/b?c=d#e", "?q", "#f", "/:@", "/a:5/b@c", "/[::1]:3"};
  put(PICK(schemes));
  if (one_in(4)) put_from("ab:%/@", 6), put("@");
  put(PICK(hosts)), put(PICK(ports)), put(PICK(ends));
  if (one_in(2)) damage(":/@[]?#.ab09%");
  text[len] = '\0';
  show(text, len);
  parts(text);
}

static void nonsense(void) {
  put_from(":/@[]?#.a1hstp", 24);
  text[len] = '\0';
  show(text, len);
  parts(text);
}

// Of a result without success only that is compared: the reference leaves its output without an end (url_codec).
static void codec(void) {
  char out[200];
  put_from(one_in(2) ? "%41aF+ &=g\xff" : "abc/-_.~ %\x80\x01\"", 40);
  show(text, len);
  size_t room = one_in(3) ? number(60) : sizeof(out);
  bool form = one_in(2);
  int n = mg_url_decode(text, len, out, room, form);
  result("decoded", n);
  if (n >= 0) bytes("text", out, (size_t) n + 1);
  size_t m = mg_url_encode(text, len, out, room);
  result("encoded", (long long) m);
  if (m > 0) bytes("text", out, m + 1);
}

int main(int argc, char *argv[]) {
  run_blocks(argc, argv, "urls", 20, url);
  run_blocks(argc, argv, "nonsense", 20, nonsense);
  run_blocks(argc, argv, "percent codec", 20, codec);
  return 0;
}
