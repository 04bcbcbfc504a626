// Random JSON, most of it slightly broken: every function must see the same in it.
#include "mongoose.h"

static uint32_t state = 1;

static uint32_t number(uint32_t below) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % below;
}

#define PICK(array) (array)[number(sizeof(array) / sizeof((array)[0]))]

static char text[4096];
static size_t len;

static void put(const char *s) {
  size_t n = strlen(s);
  if (len + n < sizeof(text)) memcpy(text + len, s, n), len += n;
}

static void space(void) {
  static const char *spaces[] = {"", "", "", "", " ", "\n", "\t\r"};
  put(PICK(spaces));
}

static void value(int depth) {
  static const char *scalars[] = {"0", "-1", "2.5", "1e3", "-", "true", "false", "null", "\"\"", "\"a\"", "\"\\\"\"", "\"\\\\\"",
                                  "\"b\\nc\"", "1e12", "1.5e-3", "[]", "{}"};
  static const char *names[] = {"\"a\"", "\"b\"", "\"\"", "\"a.b\"", "\"a[1]\"", "\"\\\"\"", "\"ab\""};
  uint32_t kind = depth > 3 ? 0 : number(4), count = number(4);
  space();
  if (kind < 2) {
    put(PICK(scalars));
  } else {
    put(kind == 2 ? "[" : "{");
    for (uint32_t i = 0; i < count; i++) {
      if (i > 0) put(",");
      if (kind == 3) space(), put(PICK(names)), space(), put(":");
      value(depth + 1);
    }
    space();
    put(kind == 2 ? "]" : "}");
  }
  space();
}

static void damage(void) {
  static const char junk[] = "{}[],:\"\\ae1-.+ \n\0tfnu0";
  for (uint32_t n = number(4); n > 0 && len > 0; n--) {
    uint32_t at = number((uint32_t) len);
    switch (number(3)) {
      case 0: text[at] = junk[number(sizeof(junk) - 1)]; break;
      case 1: memmove(text + at, text + at + 1, --len - at); break;
      default: memmove(text + at, text + number((uint32_t) len), 1); break;
    }
  }
}

static void path(char *to) {
  static const char *steps[] = {".a", ".b", ".", ".a.b", ".ab", "[0]", "[1]", "[2]", "[3]", "[]", "[1", ".a[1]", "x", "[0].a"};
  strcpy(to, number(50) == 0 ? "" : "$");
  for (uint32_t n = number(4); n > 0; n--) strcat(to, PICK(steps));
}

static uint32_t add(uint32_t crc, long n) {
  char line[24];
  snprintf(line, sizeof(line), "%ld ", n);
  return mg_crc32(crc, line, strlen(line));
}

int main(void) {
  uint32_t found = 0, entries = 0;
  for (int batch = 0; batch < 20; batch++) {
    uint32_t get = 0, next = 0, getters = 0;
    for (int i = 0; i < 20000; i++) {
      char p[64], buf[64];
      int n = 77;
      bool b = false;
      struct mg_str json, key, val;
      len = 0;
      value(0);
      if (i % 2) damage();
      path(p);
      json = mg_str_n(text, len);
      get = add(add(get, mg_json_get(json, p, &n)), n);
      found += n > 0;
      getters = add(getters, mg_json_get_bool(json, p, &b) * 2 + b);
      double v = 0;
      getters = add(getters, mg_json_get_num(json, p, &v));
      // Larger ones are rounded differently, see json_numbers.
      if (v > -1e15 && v < 1e15) getters = add(getters, mg_json_get_long(json, p, -7));
      size_t m = mg_json_unescape(json, p, buf, sizeof(buf));
      getters = mg_crc32(add(getters, (long) m), buf, m);
      for (size_t ofs = number(3); (ofs = mg_json_next(json, ofs, &key, &val)) > 0;) {
        next = add(add(add(next, (long) ofs), key.buf ? (long) (key.buf - text) : -1), (long) key.len);
        next = add(add(next, (long) (val.buf - text)), (long) val.len);
        entries++;
      }
    }
    printf("batch %d: get %08x, getters %08x, next %08x\n", batch, get, getters, next);
  }
  printf("values found: %u\n", found);
  printf("entries: %u\n", entries);
  return 0;
}
