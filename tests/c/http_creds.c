// mg_http_creds: where user and password are looked for, and in which order.

#include "mongoose.h"

static void creds(const char *label, const char *target, const char *headers, size_t ulen, size_t plen) {
  static struct mg_http_message hm;
  char req[2000], user[600], pass[600];
  snprintf(req, sizeof(req), "GET %s HTTP/1.1\r\n%s\r\n", target, headers);
  memset(user, '#', sizeof(user)), memset(pass, '#', sizeof(pass));
  user[sizeof(user) - 1] = pass[sizeof(pass) - 1] = '\0';
  mg_http_parse(req, strlen(req), &hm);
  mg_http_creds(&hm, user, ulen, pass, plen);
  // What is unterminated shows as #.
  printf("%s: [%.20s] %zu [%.20s] %zu\n", label, user, strlen(user), pass, strlen(pass));
}

static void basic(const char *label, const char *plain, size_t ulen, size_t plen) {
  char code[1000], header[1200];
  mg_base64_encode((unsigned char *) plain, strlen(plain), code, sizeof(code));
  snprintf(header, sizeof(header), "Authorization: Basic %s\r\n", code);
  creds(label, "/", header, ulen, plen);
}

int main(void) {
  char longer[400];
  mg_log_level = MG_LL_NONE;
  basic("foo:bar", "foo:bar", 100, 100);
  basic("a:b:c", "a:b:c", 100, 100);
  basic("no user", ":p", 100, 100);
  basic("no password", "u:", 100, 100);
  basic("only a colon", ":", 100, 100);
  basic("no colon", "foo", 100, 100);
  basic("empty", "", 100, 100);
  basic("small buffers", "username:password", 5, 5);
  basic("tiny buffers", "username:password", 1, 1);
  for (size_t n = 251; n <= 258; n++) {
    char label[40];
    memset(longer, 'x', n), longer[n] = '\0', longer[3] = ':';
    snprintf(label, sizeof(label), "%zu bytes decoded", n);
    basic(label, longer, 600, 600);
  }
  creds("nothing", "/", "", 100, 100);
  creds("basic in lower case", "/", "Authorization: basic Zm9vOmJhcg==\r\n", 100, 100);
  creds("two blanks", "/", "Authorization: Basic  Zm9vOmJhcg==\r\n", 100, 100);
  creds("not base64", "/", "Authorization: Basic !!!!\r\n", 100, 100);
  creds("no padding", "/", "Authorization: Basic Zm9vOmJhcg\r\n", 100, 100);
  creds("blank behind", "/", "Authorization: Basic Zm9vOmJhcg== x\r\n", 100, 100);
  creds("embedded NUL", "/", "Authorization: Basic Zm8AbzpiAHI=\r\n", 100, 100);
  creds("bearer", "/", "Authorization: Bearer tok en\r\n", 100, 100);
  creds("bearer, small buffer", "/", "Authorization: Bearer token\r\n", 100, 4);
  creds("bearer in lower case", "/?access_token=q", "Authorization: bearer t\r\n", 100, 100);
  creds("basic without credentials", "/?access_token=qq", "Authorization: Basic\r\n", 100, 100);
  creds("bearer without token", "/?access_token=qq", "Authorization: Bearer\r\n", 100, 100);
  creds("digest and query", "/?access_token=qq", "Authorization: Digest x\r\n", 100, 100);
  creds("digest, cookie, query", "/?access_token=qq", "Authorization: Digest x\r\nCookie: access_token=ck\r\n", 100, 100);
  creds("basic beats cookie", "/", "Authorization: Basic Zm9vOmJhcg==\r\nCookie: access_token=ck\r\n", 100, 100);
  creds("bad basic beats cookie", "/", "Authorization: Basic ????\r\nCookie: access_token=ck\r\n", 100, 100);
  creds("cookie", "/", "Cookie: a=b; access_token=good; c=d\r\n", 100, 100);
  creds("cookie without token, query", "/?access_token=qq", "Cookie: a=b\r\n", 100, 100);
  creds("cookie of a similar name", "/", "Cookie: xaccess_token=evil; access_token=good\r\n", 100, 100);
  creds("cookie of one character", "/", "Cookie: access_token=x\r\n", 100, 100);
  creds("cookie, small buffer", "/", "Cookie: access_token=verylong\r\n", 100, 5);
  creds("query", "/?a=b&access_token=a%20b+c", "", 100, 100);
  creds("query in upper case", "/?ACCESS_TOKEN=up", "", 100, 100);
  creds("query, small buffer", "/?access_token=verylong", "", 100, 5);
  creds("query without value", "/?access_token", "", 100, 100);
  return 0;
}
