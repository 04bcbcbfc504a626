// mg_json_get and mg_json_get_tok: what is found where, and which error says that it is not.
#include "mongoose.h"

static void print(const char *s) {
  for (; *s; s++) {
    // A label ends at ": ".
    if (*s > ' ' && *s <= '~' && *s != ':') putchar(*s);
    else printf("\\x%02x", (unsigned char) *s);
  }
}

static void get(const char *json, const char *path) {
  int len = 77, ofs = mg_json_get(mg_str(json), path, &len);
  struct mg_str token = mg_json_get_tok(mg_str(json), path);
  printf("[");
  print(json);
  printf("] ");
  print(path);
  printf(": %d %d, token %d %d%s\n", ofs, len, token.buf ? (int) (token.buf - json) : -1, (int) token.len,
         mg_json_get(mg_str(json), path, NULL) == ofs ? "" : ", another result without length");
}

static void bytes(const char *label, const char *json, size_t n, const char *path) {
  int len = 77, ofs = mg_json_get(mg_str_n(json, n), path, &len);
  printf("%s: %d %d\n", label, ofs, len);
}

int main(void) {
  // The text as a whole.
  static const char *texts[] = {
      "",     " ",      " \t\r\n",  " 1 ",      "1 2",      "{}",       "{} junk",   "[] ]",     "{",          "[1,2",      "trueX",
      "falsey", "nullnull", "tru",  "True",     "+1",       ".5",       "'a'",       "-",        "1.",         "1e",        "1e+",
      "1e-",  "1e-+5",  "1e+-5",    "1E5",      "01",       "1.2.3",    "--1",       "1e307",    "1e3080",     "1e3079",    "[1e3080]",
      "[1e00308]", "[1e0000000005]", "\"", "\"a", "\"a\\\"", "\"a\\\\\"", "\"\\x\"", "\"a\nb\"",  "\"\\\n\"",   "\"\\\\\"x", "\"\\u\"",
      "[1,]", "[,1]",   "[1 2]",    "[1}",      "{]",       "[}",       "{\"a\":1]", "{\"a\":1,}", "{,}",      "{\"a\" 1}", "{\"a\"::1}",
      "{a:1}", "{\"a\":}", "{\"a\"}", "{\"a\":1", "{\"a\":1,,}", "[1,,2]", "]",      "}",        ",",          ":",         "{\"a\":[}",
      "{\"a\":]", "[{]}", "[\"a\":1]", "\xef\xbb\xbf{}", "\x01", "[1]\n", "/**/1", "[1,2,3]", "{\"a\":1}", "{ \"a\" : [ ] } ",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) get(texts[i], "$");

  static const char *paths[] = {"",     "a",      "$.a",    "$[0]",   "$x",     "$$",      "$.",     "$[1]",   "$[2]",  "$[3]",    "$[]",
                                "$[1",  "$[01]",  "$[-1]",  "$.0",    "$[0]x",   "$[0].",   "$.a.b",  "$.a[0]", "$.ab",  "$", "$[0][1]",
                                "$.A",  "$.a.b[1].c", "$.a.b[1]", "$.a.b[1].d", "$.a.b.c", "$..a", "$.a.", "$.[0]", "$[0", "$[",  "$[1][0",
                                "$[1].a[1]", "$[0].a[2]", "$.\\u0061", "$ ", "$. a", "$.a ", "$[99999999]"};
  static const char *documents[] = {
      "12", "1 23", "[1,2,4]", "[ 1 , 2 , 3 ]", "[1,2,]", "[1 3]", "{\"a\":{\"b\":[10,{\"c\":3}]}}", "{\"a\":1,\"a\":2}",
      "{\"a\":1,\"a\":{\"b\":2}}", "{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "{\"ab\":1,\"a\":2}", "{\"a\":1,\"ab\":2}", "{\"\":1}",
      "{\"x\":5,\"\":1}", "{\"\\u0061\":1}", "{\"a\":{\"\":5}}", "{\"a.b\":1}", "{\"a.b\":1,\"a\":{\"b\":2}}", "{\"a[0]\":1}",
      "{\"a.\":7}", "{\"A\":1,\"a\":2}", "[[1,[2,3]],4]", "[[],[5]]", "[{},{\"a\":1}]", "[{\"a\":[1,2]},{\"a\":[3,4]}]", "{\"a\":[]}",
      "{\"a\":{}}", "{\"a\":{},\"ab\":{\"a\":1}}", "{\"a\":", "{\"a\":{\"b\":1}", "{\"b\":{\"a\":1}}", "{\"b\":[{\"a\":1}],\"a\":\"x\"}",
      "[true,false,null,\"\"]", "{\" a\":1,\"a \":2}", "{\"a\"  \n:\t1}", "{1:2}", "{\"a\":tru}", "{\"b\":tru,\"a\":1}",
  };
  for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
    for (size_t j = 0; j < sizeof(paths) / sizeof(paths[0]); j++) get(documents[i], paths[j]);
  }

  // Digits are the only thing that makes an index.
  get("[0,1,2,3,4,5,6,7,8,9,10]", "$[:]");
  get("[0,1,2]", "$[4294967297]");

  bytes("a NUL ends nothing", "[1,\0002]", 6, "$");
  bytes("a NUL in a string", "\"a\0b\"", 5, "$");
  bytes("a NUL behind a backslash", "\"\\\0\"", 4, "$");
  bytes("length cuts the text", "[1,2,3]", 6, "$");
  bytes("length cuts a string", "\"abc\"", 4, "$");
  bytes("length cuts an escape", "\"a\\\"", 3, "$");
  bytes("length cuts a word", "true", 3, "$");
  bytes("length cuts a number", "1234", 2, "$");
  bytes("length cuts an exponent", "12e5", 3, "$");
  bytes("length 0", "1", 0, "$");
  bytes("NULL", NULL, 0, "$");
  bytes("NULL and no path", NULL, 0, "");
  return 0;
}
