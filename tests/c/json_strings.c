// mg_json_unescape and mg_json_get_str: escapes, and rooms that do not suffice.
#include "mongoose.h"

static void print(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (s[i] > ' ' && s[i] <= '~' && s[i] != ':') putchar(s[i]);
    else printf("\\x%02x", (unsigned char) s[i]);
  }
}

// What is in `to` after a failure matters less than that it ends.
static void unescape(const char *json, size_t room) {
  char to[64];
  memset(to, '#', sizeof(to));
  size_t n = mg_json_unescape(mg_str(json), "$", to, room);
  printf("unescape ");
  print(json, strlen(json));
  printf(" room %d: %d ", (int) room, (int) n);
  print(to, n + 2);
  printf(" %s\n", to[room] == '#' ? "" : "written behind");
}

static void get_str(const char *json) {
  char *s = mg_json_get_str(mg_str(json), "$");
  printf("get_str ");
  print(json, strlen(json));
  printf(": ");
  if (s == NULL) printf("NULL");
  else print(s, strlen(s) + 1);
  printf("\n");
  mg_free(s);
}

int main(void) {
  static const char *texts[] = {
      "\"abc\"", "\"\"", "\"a\\nb\\t\\\\\\\"\\b\\f\\r\"", "\"\\u0041B\"", "\"\\u00e9\"", "\"\\u00E9\\u00ff\"", "\"\\u0000x\"",
      "\"\\u20ac\"", "\"\\u0100\"", "\"\\u1000\"", "\"\\ud83d\\ude00\"", "\"ab\\u20accd\"", "\"ab\\u00zzc\"", "\"\\u 041\"",
      "\"\\/\"", "\"a\\/b\"", "\"https:\\/\\/a.b\\/\"", "\"\\x\"", "\"ab\\xcd\"", "\"\\u004\"", "\"\\u\"", "\"\\U0041\"", "\"\\0\"",
      "\"\\\n\"", "\"a\nb\"", "\"\x01\x7f\xff\"", "\"\xc3\xa9\"", "\"\\\\\\\\\"", "\"\\\\u0041\"", "\"a", "\"a\\\"", "5", "true", "null",
      "{}", "[\"a\"]", "", " \"blank\" ", "\"a\" \"b\"", "\"\\u00410\"", "\"x\\u\"", "\"x\\u0\"", "\"x\\u00\"", "\"x\\u004\"", "\"x\\u004g\"",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    unescape(texts[i], 40);
    get_str(texts[i]);
  }
  for (size_t room = 0; room < 6; room++) unescape("\"abc\"", room), unescape("\"a\\nb\"", room), unescape("\"\"", room);
  for (size_t room = 0; room < 4; room++) unescape("\"ab\\u20ac\"", room), unescape("\"ab\\x\"", room), unescape("\"\\u0041\"", room);

  char in_place[] = "{\"a\":\"one\\ntwo \\u0041\\\"\"}";
  size_t n = mg_json_unescape(mg_str(in_place), "$.a", in_place, sizeof(in_place));
  printf("in place: %d ", (int) n);
  print(in_place, n + 1);
  printf("\n");

  struct mg_str json = mg_str("{\"a\":{\"b\":[\"x\",\"\\u0079z\"]},\"c\":1}");
  char to[8] = "####";
  printf("a member: %d", (int) mg_json_unescape(json, "$.a.b[1]", to, sizeof(to)));
  printf(" %s\n", to);
  strcpy(to, "####");
  printf("another type: %d", (int) mg_json_unescape(json, "$.c", to, sizeof(to)));
  printf(" %s\n", to);
  printf("absent: %d", (int) mg_json_unescape(json, "$.d", to, sizeof(to)));
  printf(" %s\n", to);
  printf("no room and no memory: %d\n", (int) mg_json_unescape(json, "$.a.b[0]", NULL, 0));
  printf("no text: %d\n", (int) mg_json_unescape(mg_str(NULL), "$", to, sizeof(to)));
  printf("no text, get_str: %d\n", mg_json_get_str(mg_str(NULL), "$") != NULL);
  char *s = mg_json_get_str(json, "$.a.b[1]");
  printf("get_str of a member: %s\n", s);
  mg_free(s);

  for (unsigned byte = 1; byte < 256; byte++) {
    char text[] = "\"?\\?\"";
    text[1] = text[3] = (char) byte;
    if (byte == '/') continue;
    memset(to, '#', sizeof(to));
    n = mg_json_unescape(mg_str(text), "$", to, sizeof(to));
    printf("byte %02x, plain and behind a backslash: %d ", byte, (int) n);
    print(to, n > 0 ? n + 1 : 0);
    printf("\n");
  }
  return 0;
}
