// mg_xprintf with output functions of the program, and with stdout.
#include "mongoose.h"

struct trace {
  char text[100];
  size_t len;
};

static void trace(char ch, void *arg) {
  struct trace *t = (struct trace *) arg;
  if (t->len < sizeof(t->text) - 1) t->text[t->len++] = ch;
}

// Prints itself while it is called, as a sink that formats its own messages would.
static void reentrant(char ch, void *arg) {
  mg_xprintf(trace, arg, "(%c)", ch);
}

// Changes the text that is being printed.
static char s_text[] = "abcdef";
static void changing(char ch, void *arg) {
  trace(ch, arg);
  for (char *p = s_text; *p != '\0'; p++) *p = (char) (*p - 'a' + 'A');
  if (s_text[0] < 'A') memset(s_text, 'x', strlen(s_text));
}

static size_t via_va_list(mg_pfn_t fn, void *arg, const char *fmt, ...) {
  va_list ap;
  size_t n;
  va_start(ap, fmt);
  n = mg_vxprintf(fn, arg, fmt, &ap);
  printf("next argument of the va_list: %d\n", va_arg(ap, int));
  va_end(ap);
  return n;
}

int main(void) {
  struct trace t;
  size_t n;
  mg_log_level = 0;

  memset(&t, 0, sizeof(t));
  n = mg_xprintf(trace, &t, "%s|%5d|%-4x|%g|%c%%%m", "text", 42, 10U, 1.5, 'c', MG_ESC("q\n"));
  printf("characters in order: %lu %lu %s\n", (unsigned long) n, (unsigned long) t.len, t.text);

  memset(&t, 0, sizeof(t));
  n = mg_xprintf(reentrant, &t, "%s%d", "ab", 12);
  printf("reentrant: %lu %s\n", (unsigned long) n, t.text);

  memset(&t, 0, sizeof(t));
  n = mg_xprintf(changing, &t, "%s", s_text);
  printf("text that changes meanwhile: %lu %s\n", (unsigned long) n, t.text);

  memset(&t, 0, sizeof(t));
  n = via_va_list(trace, &t, "%d %s", 1, "two", 3);
  printf("va_list: %lu %s\n", (unsigned long) n, t.text);

  printf("stdout: ");
  n = mg_xprintf(mg_pfn_stdout, NULL, "%s %5d %M", "mixes with printf", 42, mg_print_hex, 2, "ab");
  mg_pfn_stdout('!', NULL);
  printf(" %lu\n", (unsigned long) n);
  return 0;
}
