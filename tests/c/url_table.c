// The parts of URLs.

#include "mongoose.h"

static void show(const char *url) {
  struct mg_str host = mg_url_host(url), user = mg_url_user(url), pass = mg_url_pass(url);
  printf("%s: host [%.*s] port %d uri [%s] user [%.*s] pass [%.*s] ssl %d\n", *url ? url : "(empty)", (int) host.len,
         host.buf, mg_url_port(url), mg_url_uri(url), (int) user.len, user.buf, (int) pass.len, pass.buf,
         mg_url_is_ssl(url));
}

int main(void) {
  static const char *urls[] = {
      "foo", "foo:1234", "//foo:1234", ":1234", "udp://:53", "http://:8000", "p://foo/x/", "p://foo//x", "p://u@bar:1234/a",
      "p://u:p@bar:1234/a", "p://u:p@[::1]:1234/a", "[::1]:80", "[::1]", "::1", "http://foo/x:y/z", "https://bar",
      "wss://bar", "ws://bar", "mqtt://h", "mqtts://h", "tcp://h", "udp://h", "ssl://h", "tls://h", "tcps://h", "HTTP://h",
      "Https://h", "http://", "http:", "", "//", "///", "/", "http:///x", "http://h:99999/", "http://h:65536",
      "http://h:-1", "http://h:0x50", "http://h: 80", "http://h:\t80", "http://h:+80", "http://h:80x/y", "http://h:/x",
      "http://h:4294967377", "http://h:9223372036854775807", "http://h:9223372036854775808",
      "http://h:99999999999999999999999999", "http://h:-99999999999999999999999999", "http://h:--1", "http://h:- 1",
      "http://:p@h", "http://u@", "http://u:p:q@h:1", "http://u@v@h:1/", "http://h/q?mail=a@b.c", "http://h?x=1",
      "http://h?x=/a", "http://h#frag", "http://u:p@h:1/a:b@c", "unix:///run/x", "tcp:127.0.0.1:80", "u:p@h", "a:b:c",
      "http//x:80", "http:/h:80/x", "mqtts:h", "https:", "wss:", "tls:x", "sslx://h", "mqttsx://h", "http://[::1",
      "http://]", "http://@", "http://:@", "http://u:@h", "http://@h", "@", ":@", "http://h:80@x", "http://h/:90",
  };
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) show(urls[i]);

  uint32_t state = 1, crc = 0;
  for (int i = 0; i < 200000; i++) {
    char url[24], line[128];
    size_t len = (size_t) (i % 20);
    for (size_t j = 0; j < len; j++) {
      state = state * 1664525u + 1013904223u;
      url[j] = "//::@[]aab19"[(state >> 8) % 12];
    }
    url[len] = '\0';
    struct mg_str host = mg_url_host(url), user = mg_url_user(url), pass = mg_url_pass(url);
    snprintf(line, sizeof(line), "%.*s|%d|%s|%.*s|%.*s", (int) host.len, host.buf, mg_url_port(url), mg_url_uri(url),
             (int) user.len, user.buf, (int) pass.len, pass.buf);
    crc = mg_crc32(crc, line, strlen(line));
  }
  printf("random URLs: %08x\n", crc);
  return 0;
}
