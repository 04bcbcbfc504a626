// Hostile sizes: nesting 10,000 deep, strings of a megabyte.
#include "mongoose.h"

static const char *PATHS[] = {"$", "$[0]", "$[1]", "$.a", "$.b", "$[0][0][0]", "$.a.a.a"};

// "opening" n times, then "inner", then "closing" n times.
static char *nest(const char *opening, const char *inner, const char *closing, size_t n) {
  char *text = (char *) malloc(n * (strlen(opening) + strlen(closing)) + strlen(inner) + 1), *p = text;
  for (size_t i = 0; i < n; i++) p = stpcpy(p, opening);
  p = stpcpy(p, inner);
  for (size_t i = 0; i < n; i++) p = stpcpy(p, closing);
  return text;
}

static void nested(const char *label, const char *opening, const char *inner, const char *closing, size_t n) {
  char *text = nest(opening, inner, closing, n);
  for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
    int len = 77, ofs = mg_json_get(mg_str(text), PATHS[i], &len);
    printf("%s, %d deep, %s: %d %d\n", label, (int) n, PATHS[i], ofs, len);
  }
  struct mg_str key = mg_str("k"), val = mg_str("v");
  printf("%s, %d deep, next: %d", label, (int) n, (int) mg_json_next(mg_str(text), 0, &key, &val));
  printf(" %d %d\n", (int) key.len, (int) val.len);
  free(text);
}

int main(void) {
  static const size_t depths[] = {1, 29, 30, 31, 32, 100, 10000};
  for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
    nested("arrays", "[", "1", "]", depths[i]);
    nested("objects", "{\"a\":", "1", "}", depths[i]);
    nested("empty arrays", "[", "", "]", depths[i]);
    nested("open arrays", "[", "", "", depths[i]);
    nested("closing brackets", "", "", "]", depths[i]);
    nested("second element", "[0,", "1", "]", depths[i]);
  }
  // The depth counts only on the way.
  char *deep = nest("[", "1", "]", 10000), *text;
  text = (char *) malloc(30000);
  sprintf(text, "{\"a\":1,\"b\":%s}", deep);
  printf("found before the deep part: %d\n", mg_json_get(mg_str(text), "$.a", NULL));
  printf("found behind the deep part: %d\n", mg_json_get(mg_str(text), "$.c", NULL));
  printf("the deep part: %d\n", mg_json_get(mg_str(text), "$.b", NULL));
  free(deep);
  free(text);

  char path[20001] = "$";
  for (int i = 0; i < 6000; i++) strcat(path, "[0]");
  printf("a long path: %d\n", mg_json_get(mg_str("[[[1]]]"), path, NULL));

  const size_t size = 1 << 20;
  char *json = (char *) malloc(size * 6 + 100), *to = (char *) malloc(size + 1);
  memset(json, 'x', size + 20);
  memcpy(json, "{\"a\":\"", 6);
  memcpy(json + size + 6, "\",\"b\":1}", 9);
  int len = 0, ofs = mg_json_get(mg_str(json), "$.a", &len);
  printf("a string of 1 MB: %d %d\n", ofs, len);
  printf("behind a string of 1 MB: %ld\n", mg_json_get_long(mg_str(json), "$.b", -1));
  printf("unescaped: %d\n", (int) mg_json_unescape(mg_str(json), "$.a", to, size + 1));
  printf("its checksum: %08x\n", mg_crc32(0, to, size + 1));
  printf("no room for the NUL: %d\n", (int) mg_json_unescape(mg_str(json), "$.a", to, size));
  char *s = mg_json_get_str(mg_str(json), "$.a");
  printf("copied: %d\n", (int) strlen(s));
  mg_free(s);
  json[size + 6] = 'x';
  printf("without end: %d\n", mg_json_get(mg_str_n(json, size), "$.a", NULL));

  char *p = stpcpy(json, "\"");
  for (size_t i = 0; i < size; i++) p = stpcpy(p, i % 2 ? "\\u0041" : "\\n");
  strcpy(p, "\"");
  printf("1 MB of escapes: %d\n", (int) mg_json_unescape(mg_str(json), "$", to, size + 1));
  printf("their checksum: %08x\n", mg_crc32(0, to, size + 1));
  memset(json, '\\', size);
  json[0] = '"', json[size - 1] = '"';
  printf("1 MB of backslashes: %d\n", mg_json_get(mg_str_n(json, size), "$", &len));
  printf("one more: %d\n", mg_json_get(mg_str_n(json, size - 1), "$", &len));

  memset(json, 'a', size);
  json[0] = '"', json[size - 1] = '"';
  s = mg_json_get_hex(mg_str_n(json, size), "$", &len);
  printf("1 MB of hex digits: %d", len);
  printf(" %08x\n", mg_crc32(0, s, (size_t) len + 1));
  mg_free(s);
  s = mg_json_get_b64(mg_str_n(json, size), "$", &len);
  printf("1 MB of base64: %d", len);
  printf(" %08x\n", mg_crc32(0, s, (size_t) len + 1));
  mg_free(s);
  memset(json, ' ', size);
  printf("1 MB of blanks: %d\n", mg_json_get(mg_str_n(json, size), "$", &len));
  memset(json, '1', size);
  printf("a number of 1 MB: %d", mg_json_get(mg_str_n(json, size), "$", &len));
  printf(" %d\n", len);
  free(json);
  free(to);
  return 0;
}
