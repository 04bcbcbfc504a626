// mg_snprintf cuts, terminates and counts like snprintf.
#include "mongoose.h"

static size_t via_va_list(char *buf, size_t len, const char *fmt, ...) {
  va_list ap;
  size_t n;
  va_start(ap, fmt);
  n = mg_vsnprintf(buf, len, fmt, &ap);
  va_end(ap);
  return n;
}

int main(void) {
  mg_log_level = 0;
  printf("length 0: %lu\n", (unsigned long) mg_snprintf(NULL, 0, "%s %d", "abc", 42));
  for (size_t len = 1; len <= 14; len++) {
    char text[20];
    memset(text, '~', sizeof(text));
    text[19] = '\0';
    size_t n = mg_snprintf(text, len, "a%sc%5d%M", "B", 42, mg_print_hex, 2, "xy");
    printf("length %d: %lu [%s] %d\n", (int) len, (unsigned long) n, text, text[len] == '~');
  }
  {
    char text[8] = "~~~~~~~";
    size_t n = mg_snprintf(text, 0, "%d", 5);
    printf("length 0 with a buffer: %lu [%s]\n", (unsigned long) n, text);
    n = mg_snprintf(text, sizeof(text), "%s", "");
    printf("empty text: %lu [%s]\n", (unsigned long) n, text);
    n = mg_snprintf(text, sizeof(text), "%s", "1234567");
    printf("just fits: %lu [%s]\n", (unsigned long) n, text);
    n = mg_snprintf(text, sizeof(text), "%s", "12345678");
    printf("one too long: %lu [%s]\n", (unsigned long) n, text);
    n = mg_snprintf(text, sizeof(text), "%20s|", "a");
    printf("padding too long: %lu [%s]\n", (unsigned long) n, text);
    n = mg_snprintf(text, sizeof(text), "%-20s|", "a");
    printf("padding behind too long: %lu [%s]\n", (unsigned long) n, text);
    n = mg_snprintf(text, sizeof(text), "%020d", 7);
    printf("zeros too long: %lu [%s]\n", (unsigned long) n, text);
    n = mg_snprintf(text, sizeof(text), "%g%g", 1.5, -123.456);
    printf("doubles too long: %lu [%s]\n", (unsigned long) n, text);
    n = via_va_list(text, sizeof(text), "%s-%d-%g", "ab", 5, 2.5);
    printf("va_list: %lu [%s]\n", (unsigned long) n, text);
  }
  return 0;
}
