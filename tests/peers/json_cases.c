// Prints what the JSON functions make of each file on the command line, one line per file.
#include "mongoose.h"

static void hex(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%02x", (unsigned char) s[i]);
}

// Scalars in the order of the text; objects also show their names.
static void scalars(struct mg_str json) {
  struct mg_str key, val;
  double number;
  bool flag;
  if (json.buf[0] == '{' || json.buf[0] == '[') {
    printf(" %c", json.buf[0]);
    for (size_t ofs = 0; (ofs = mg_json_next(json, ofs, &key, &val)) > 0;) {
      if (key.len > 0) printf(" k"), hex(key.buf, key.len);
      scalars(val);
    }
    printf(" %c", json.buf[0] == '{' ? '}' : ']');
  } else if (json.buf[0] == '"') {
    char *s = mg_json_get_str(json, "$");
    printf(s == NULL ? " s?" : " s");
    if (s != NULL) hex(s, strlen(s));
    mg_free(s);
  } else if (mg_json_get_num(json, "$", &number)) {
    printf(" n%.17g", number);
  } else if (mg_json_get_bool(json, "$", &flag)) {
    printf(" %d", flag);
  } else {
    printf(" null");
  }
}

static bool blank(const char *s, size_t n) {
  while (n > 0 && strchr(" \t\r\n", *s) != NULL && *s != '\0') s++, n--;
  return n == 0;
}

int main(int argc, char *argv[]) {
  static const char *paths[] = {"$", "$[0]", "$[1]", "$.a", "$.", "$.a.b", "$[0][0]", "$[0].a"};
  for (int i = 1; i < argc; i++) {
    struct mg_str json = mg_file_read(&mg_fs_posix, argv[i]), key, val;
    int len = 0, ofs = mg_json_get(json, "$", &len);
    bool accepted = ofs >= 0 && blank(json.buf + ofs + len, json.len - (size_t) (ofs + len));
    printf("%s: %s", argv[i], accepted ? "accepted" : "rejected");
    for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++) {
      int n = 0, at = mg_json_get(json, paths[k], &n);
      printf(" %d,%d", at, n);
    }
    printf(" |");
    for (size_t at = 0; (at = mg_json_next(json, at, &key, &val)) > 0;) {
      printf(" %d,%d,%d", (int) at, (int) key.len, (int) val.len);
    }
    printf(" |");
    if (accepted) scalars(mg_str_n(json.buf + ofs, (size_t) len));
    printf("\n");
    mg_free(json.buf);
  }
  return 0;
}
