// What the log functions and macros write, through a function of the program.
#include "mongoose.h"

static char s_log[1000];
static size_t s_len;

static void sink(char ch, void *param) {
  if (param == s_log && s_len < sizeof(s_log) - 1) s_log[s_len++] = ch;
}

// A prefix starts with the time, which nobody can predict: a hexadecimal number.
static void show(const char *label, bool prefix) {
  size_t i = 0;
  printf("%s: [", label);
  if (prefix) {
    while (i < s_len && isxdigit((unsigned char) s_log[i])) i++;
    printf("%s", i > 0 ? "TIME" : "");
    if (i <= 6) printf(" at most six digits");
    while (i < s_len && s_log[i] == ' ') i++;
    printf(" ");
    // Its length depends on the length of the time only by what is cut.
    printf("%s ", s_len >= 40 && s_log[39] == ' ' ? "ends in a blank" : "wrong");
    for (; i < s_len && s_log[i] != ' '; i++) putchar(s_log[i]);
    printf(" %.10s", s_log + i + 1);
    i = s_len < 40 ? s_len : 40;
    printf(" | ");
  }
  for (; i < s_len; i++) {
    if (s_log[i] >= ' ' && s_log[i] <= '~') putchar(s_log[i]);
    else printf("\\x%02x", (unsigned char) s_log[i]);
  }
  printf("] %lu\n", (unsigned long) s_len);
  s_len = 0;
}

static void level(int value) {
  char label[20];
  mg_log_level = value;
  MG_ERROR(("error"));
  MG_INFO(("info"));
  MG_DEBUG(("debug"));
  MG_VERBOSE(("verbose"));
  snprintf(label, sizeof(label), "level %d", value);
  printf("%s: %s %lu\n", label,
         s_len == 0                                            ? "nothing"
         : strncmp(s_log + s_len - 7, "error\r\n", 7) == 0     ? "error"
         : strncmp(s_log + s_len - 6, "info\r\n", 6) == 0      ? "info"
         : strncmp(s_log + s_len - 7, "debug\r\n", 7) == 0     ? "debug"
         : strncmp(s_log + s_len - 9, "verbose\r\n", 9) == 0   ? "verbose"
                                                               : "wrong",
         (unsigned long) s_len);
  s_len = 0;
}

int main(void) {
  printf("initial level: %d\n", mg_log_level);
  mg_log_set_fn(sink, s_log);

  mg_log("%s %d %g", "text", 42, 1.5);
  show("message", false);
  mg_log("%s", "");
  show("empty message", false);
  mg_log("%M %m", mg_print_hex, 2, "ab", MG_ESC("q\n"));
  show("message with printers", false);
  mg_log_level = 0;
  mg_log("the level is the caller's business");
  show("message at level 0", false);

  mg_log_prefix(2, "/a/b/file.c", 12, "f");
  show("prefix", true);
  mg_log_prefix(4, "file.c", 1, "a_function_with_a_very_long_name_indeed");
  show("long function", true);
  mg_log_prefix(1, "a_very_long_file_name_for_a_source_file.c", 12345, "f");
  show("long file", true);
  mg_log_prefix(3, "c:\\dir\\file.c", 7, "f");
  show("backslashes", true);
  mg_log_prefix(3, "a/b\\c.c", 7, "f");
  show("slash before backslash", true);
  mg_log_prefix(3, "a\\b/c.c", 7, "");
  show("backslash before slash", true);
  mg_log_prefix(3, "dir/", 7, "f");
  show("no file name", true);
  mg_log_prefix(-1, "f", -2, "f");
  show("negative numbers", true);

  for (int i = -1; i <= 5; i++) level(i);

  mg_log_set(MG_LL_ERROR);
  printf("mg_log_set: %d\n", mg_log_level);

  // The library's own messages: `OLD->NEW` when a buffer cannot grow.
  {
    struct mg_iobuf io = {NULL, 0, 0, 0};
    size_t huge = ((size_t) -1) / 2;
    mg_iobuf_resize(&io, huge);
    printf("own message: %d %d\n", s_len > 40, s_len > 40 && strstr(s_log + 40, "0->9223372036854775807\r\n") == s_log + 40);
    s_len = 0;
    mg_log_level = 0;
    mg_iobuf_resize(&io, huge);
    printf("own message at level 0: %lu\n", (unsigned long) s_len);
  }

  mg_log_set_fn(mg_pfn_stdout, NULL);
  printf("stdout: ");
  mg_log("%s %d", "as usual", 1);
  return 0;
}
