// mg_json_next: walks through objects and arrays, also broken ones.
#include "mongoose.h"

static void print(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (s[i] > ' ' && s[i] <= '~' && s[i] != ':') putchar(s[i]);
    else printf("\\x%02x", (unsigned char) s[i]);
  }
}

static void walk(const char *text, size_t len, size_t ofs) {
  struct mg_str key, val, json = mg_str_n(text, len);
  printf("from %d ", (int) ofs);
  print(text, len);
  printf(":");
  int steps = 0;
  while ((ofs = mg_json_next(json, ofs, &key, &val)) > 0 && steps++ < 100) {
    printf(" | %d ", (int) ofs);
    if (key.buf == NULL && key.len == 0) printf("no name");
    else print(key.buf, key.len);
    printf(" ");
    print(val.buf, val.len);
  }
  printf(" | %d\n", (int) ofs);
}

int main(void) {
  static const char *texts[] = {
      "{\"a\":1,\"b\":[2,3]}", "[1,\"x\",{\"a\":2}]", "{ \"a\" : 1 , \"b\" : 2 }", "[ 1 , 2 ]", "[\n1\n,\n2\n]\n", "{}", "[]", "{ }", "[ ]",
      "5", "\"ab\"", " {\"a\":1}", " [1]", "[", "", "]", "[1", "{\"a\":}", "{\"a\"}",
      "[1 2 3]", "[1\"a\"true]", "{1:2}", "{\"a\"xx:3}", "{\"a\" \"b\" : 3}", "{{}:1}", "{[1,2]:{}}", "[1,,2]", "[,1]", "[1,]", "{\"a\":1,}",
      "{,\"a\":1}", "{\"a\":1 \"b\":2}", "[1}", "{\"a\":1]", "[1]]", "[1] 2", "{\"a\"::1}", "[1:2]", "{\"\":\"\"}", "[null,true,false]",
      "[truefalse]", "[[[]],[[1]]]", "[\"]\",\"}\"]", "{\"a:b\":\"c:d\"}", "{\"\\\"\":1}", "[\"\\\"", "[-]", "[1e400,-1]", "[tru]", "[1 x]",
      "{\"a\"1:2}", "{\"a\"\n:\n1\n}", "[1,2],3", "{\"x\" /*:*/ : 1}",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) walk(texts[i], strlen(texts[i]), 0);

  const char *array = "[10,20,30]", *object = "{\"a\":1,\"b\":2}";
  for (size_t ofs = 1; ofs < 14; ofs++) walk(array, strlen(array), ofs), walk(object, strlen(object), ofs);
  walk(array, strlen(array), (size_t) -1);
  walk(array, strlen(array), (size_t) -2);
  walk(array, strlen(array), 1000000);
  for (size_t len = 1; len < strlen(object); len++) walk(object, len, 0);
  walk("[1,\0002]", 6, 0);

  printf("NULL: %d\n", (int) mg_json_next(mg_str(NULL), 0, NULL, NULL));
  printf("nothing stored: %d\n", (int) mg_json_next(mg_str(object), 0, NULL, NULL));
  struct mg_str key = mg_str("k"), val = mg_str("v");
  printf("name only: %d", (int) mg_json_next(mg_str(object), 0, &key, NULL));
  printf(" %.*s\n", (int) key.len, key.buf);
  printf("value only: %d", (int) mg_json_next(mg_str(object), 7, NULL, &val));
  printf(" %.*s\n", (int) val.len, val.buf);
  key = mg_str("k"), val = mg_str("v");
  printf("at the end: %d", (int) mg_json_next(mg_str(object), 13, &key, &val));
  printf(" %.*s %.*s\n", (int) key.len, key.buf, (int) val.len, val.buf);

  char deep[70];
  memset(deep, '[', 30), memset(deep + 30, ']', 30);
  printf("30 levels: %d\n", (int) mg_json_next(mg_str_n(deep, 60), 0, NULL, NULL));
  memset(deep, '[', 31), memset(deep + 31, ']', 31);
  printf("31 levels: %d\n", (int) mg_json_next(mg_str_n(deep, 62), 0, NULL, NULL));
  memset(deep, '[', 32), memset(deep + 32, ']', 32);
  printf("32 levels: %d\n", (int) mg_json_next(mg_str_n(deep, 64), 0, NULL, NULL));

  char *many = (char *) malloc(600000);
  size_t len = 0, count = 0, sum = 0;
  many[len++] = '[';
  for (int i = 0; i < 60000; i++) len += (size_t) snprintf(many + len, 20, "%s%d", i > 0 ? ", " : "", i);
  many[len++] = ']';
  for (size_t ofs = 0; (ofs = mg_json_next(mg_str_n(many, len), ofs, &key, &val)) > 0; count++) sum += ofs + val.len;
  printf("60000 elements: %lu %lu\n", (unsigned long) count, (unsigned long) sum);
  free(many);
  return 0;
}
