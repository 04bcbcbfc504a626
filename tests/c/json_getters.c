// Booleans, hex and base64 strings, and slices.
#include "mongoose.h"

static void boolean(const char *json, const char *path) {
  bool v = true, w = false;
  int a = mg_json_get_bool(mg_str(json), path, &v), b = mg_json_get_bool(mg_str(json), path, &w);
  printf("bool %s %s: %d %d %d, not stored %d\n", json, path, a == b ? a : -1, v, w, mg_json_get_bool(mg_str(json), path, NULL));
}

typedef char *(*getter_t)(struct mg_str, const char *, int *);

static void bytes(const char *name, getter_t get, const char *json, const char *path) {
  int len = 77;
  char *p = get(mg_str(json), path, &len);
  printf("%s %s %s: %d %d", name, json, path, p != NULL, len);
  for (int i = 0; p != NULL && i <= len; i++) printf(" %02x", (unsigned char) p[i]);
  printf("\n");
  mg_free(p);
}

static void token(const char *json, const char *path) {
  struct mg_str s = mg_json_get_tok(mg_str(json), path);
  printf("tok %s %s: %d %.*s\n", json, path, s.buf ? (int) (s.buf - json) : -1, (int) s.len, s.buf ? s.buf : "");
}

int main(void) {
  static const char *bools[] = {"true", "false", "trueish", "falsey", "tru", "t", "1", "0", "\"true\"", "null", "", "[true]", "{}", " true"};
  for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) boolean(bools[i], "$");
  boolean("{\"a\":[false,true]}", "$.a[1]");
  boolean("{\"a\":[false,true]}", "$.a[0]");
  boolean("{\"a\":[false,true]}", "$.a[2]");
  boolean("{\"a\":[false,true]}", "$.a");
  boolean("true", "");

  static const char *hex[] = {"\"0aFF\"", "\"\"", "\"abc\"", "\"0g\"", "\"g0\"", "\"0\"", "\"00\"", "\"0123456789abcdefABCDEF\"", "\" 00\"",
                              "\"\\u0030\"", "\"0x10\"", "\"-1\"", "\"+1\"", "\"1 \"", "12", "true", "[]", "", "\"12"};
  for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) bytes("hex", mg_json_get_hex, hex[i], "$");
  bytes("hex", mg_json_get_hex, "{\"a\":\"7f80\"}", "$.a");
  bytes("hex", mg_json_get_hex, "{\"a\":\"7f80\"}", "$.b");
  char *p = mg_json_get_hex(mg_str("\"6162\""), "$", NULL);
  printf("hex without length: %s\n", p);
  mg_free(p);

  static const char *b64[] = {"\"YWJj\"", "\"YWI=\"", "\"YQ==\"", "\"YWJjZ\"", "\"YWJjZGU\"", "\"!!!!\"", "\"YW\"", "\"\"", "\"YWJjYWI=YWJj\"",
                              "\"YW Jj\"", "\"YW\\/j\"", "\"____\"", "\"++//\"", "5", "null", "", "\"YWJj"};
  for (size_t i = 0; i < sizeof(b64) / sizeof(b64[0]); i++) bytes("base64", mg_json_get_b64, b64[i], "$");
  bytes("base64", mg_json_get_b64, "[\"eHl6\"]", "$[0]");
  bytes("base64", mg_json_get_b64, "[\"eHl6\"]", "$[1]");
  p = mg_json_get_b64(mg_str("\"YWJj\""), "$", NULL);
  printf("base64 without length: %s\n", p);
  mg_free(p);

  token("{\"a\":\"x\\\"y\"}", "$.a");
  token("[ 1 , {\"b\" : 2} ]", "$[1]");
  token("[1]", "$[1]");
  token("", "$");
  token("[", "$");
  printf("nothing is {NULL, 0}: %d %d\n", mg_json_get_tok(mg_str("x"), "$").buf == NULL, (int) mg_json_get_tok(mg_str("x"), "$").len);
  printf("nothing in nothing: %d\n", mg_json_get_tok(mg_str(NULL), "$").buf == NULL);
  int len = 77;
  printf("nothing from nothing: %d %d %d", mg_json_get_hex(mg_str(NULL), "$", &len) == NULL,
         mg_json_get_b64(mg_str(NULL), "$", &len) == NULL, mg_json_get_bool(mg_str(NULL), "$", NULL));
  printf(" %d\n", len);
  return 0;
}
