// Formats and arguments on which the reference reads behind the end of a string or through a NULL pointer.
#include "mongoose.h"

static int s_failures;

#define CHECK(condition)                                            \
  do {                                                              \
    if (!(condition)) {                                             \
      printf("line %d: %s\n", __LINE__, #condition);                \
      s_failures++;                                                 \
    }                                                               \
  } while (0)

#define PRINTS(expected, ...)                                              \
  do {                                                                     \
    char text_[100];                                                       \
    size_t n_ = mg_snprintf(text_, sizeof(text_), __VA_ARGS__);            \
    if (strcmp(text_, expected) != 0 || n_ != strlen(expected)) {          \
      printf("line %d: [%s] %lu\n", __LINE__, text_, (unsigned long) n_);  \
      s_failures++;                                                        \
    }                                                                      \
  } while (0)

static char s_log[200];
static size_t s_log_len;

static void sink(char ch, void *param) {
  (void) param;
  if (s_log_len < sizeof(s_log) - 1) s_log[s_log_len++] = ch;
}

int main(void) {
  mg_pm_t no_printer = NULL;
  char *no_string = NULL, text[100];
  mg_log_level = 0;

  // A format that ends inside a directive.
  PRINTS("x%", "x%");
  PRINTS("x%", "x%5");
  PRINTS("x%", "x%-05.3");
  PRINTS("x%", "x%.");
  PRINTS("x%", "x%#");
  PRINTS("x%", "x%ll");
  PRINTS("x%", "x%.*", 5);
  PRINTS("%", "%%%" + 1);

  // NULL for strings, printers, buffers, functions, formats.
  PRINTS("|  |", "%.3s|%5.3s|", no_string, no_string);
  PRINTS("||", "%.*s||", 3, no_string);
  PRINTS("<>\"\"|5", "<%M>%m|%d", no_printer, no_printer, 5);
  PRINTS("||||||", "%M|%M|%M|%M|%M|%M|", mg_print_hex, 3, NULL, mg_print_base64, 3, NULL, mg_print_html_esc, 3, NULL,
         mg_print_ip4, NULL, mg_print_ip_port, NULL, mg_print_mac, NULL);
  PRINTS("||", "%M|%M|", mg_print_hex, -1, "abc", mg_print_html_esc, -1, "abc");
  PRINTS("", NULL);
  CHECK(mg_snprintf(NULL, 10, "%d", 42) == 2);
  CHECK(mg_xprintf(NULL, NULL, "%d", 42) == 2);
  CHECK(mg_xprintf(mg_pfn_iobuf, NULL, "%d", 42) == 2);
  CHECK(mg_xprintf(mg_pfn_iobuf_noresize, NULL, "%d", 42) == 2);
  mg_pfn_iobuf('x', NULL);
  mg_pfn_iobuf_noresize('x', NULL);
  CHECK(mg_mprintf(NULL) == NULL);
  CHECK(mg_printf(NULL, "%d", 42) == 0);
  mg_error(NULL, "%d", 42);

  // A huge width costs nothing where there is no room for it.
  CHECK(mg_snprintf(text, sizeof(text), "%99999999999d", 5) == 99999999999);
  CHECK(strlen(text) == sizeof(text) - 1);
  {
    struct mg_iobuf io = {NULL, 0, 0, 16};
    CHECK(mg_xprintf(mg_pfn_iobuf, &io, "ab%999999999999999999dcd", 5) == 1000000000000000003);
    CHECK(strcmp((char *) io.buf, "ab") >= 0 && io.len <= io.size);
    mg_iobuf_free(&io);
    CHECK(mg_mprintf("%999999999999999999d", 5) == NULL);
  }

  // The buffer itself is the first argument.
  mg_snprintf(text, sizeof(text), "%s", "abc");
  mg_snprintf(text, sizeof(text), "%s%s", text, "def");
  CHECK(strcmp(text, "abcdef") == 0);

  // Logging.
  mg_log_set_fn(sink, NULL);
  mg_hexdump(NULL, 0);
  mg_hexdump(NULL, 16);
  s_log_len = 0;
  mg_log_prefix(1, NULL, 1, NULL);
  CHECK(s_log_len == 40 && strstr(s_log, " 1 :1: ") != NULL);
  s_log_len = 0;
  mg_log(NULL);
  CHECK(s_log_len == 2);
  mg_log_set_fn(NULL, NULL);
  mg_log("%d", 42);
  return s_failures != 0;
}
