// mg_mprintf returns memory of the C heap.
#include "mongoose.h"

static char *via_va_list(const char *fmt, ...) {
  va_list ap;
  char *s;
  va_start(ap, fmt);
  s = mg_vmprintf(fmt, &ap);
  va_end(ap);
  return s;
}

static void show(const char *label, char *s) {
  printf("%s: %s\n", label, s == NULL ? "(NULL)" : s);
  free(s);
}

int main(void) {
  char *long_text = (char *) malloc(100001), *s;
  mg_log_level = 0;
  show("text", mg_mprintf("%s-%d", "abc", 5));
  show("empty format", mg_mprintf("%s", ""));
  show("empty text", mg_mprintf("%s%s", "", ""));
  show("one character", mg_mprintf("%c", 'x'));
  show("va_list", via_va_list("%d %s %g", 1, "two", 3.5));
  s = mg_mprintf("%s", "release me");
  mg_free(s);
  memset(long_text, 'x', 100000);
  long_text[100000] = '\0';
  s = mg_mprintf("%s|%s", long_text, long_text);
  printf("long text: %lu %d\n", (unsigned long) strlen(s), memcmp(s + 100001, long_text, 100001));
  free(s);
  s = mg_mprintf("%100000d", 5);
  printf("long padding: %lu %s\n", (unsigned long) strlen(s), s + 99998);
  free(s);
  for (int n = 250; n < 260; n++) {
    s = mg_mprintf("%.*s", n, long_text);
    printf("%d characters: %lu\n", n, (unsigned long) strlen(s));
    free(s);
  }
  free(long_text);
  return 0;
}
