// Strings, characters, percent signs, and directives that are none.
#include "mongoose.h"

#define SHOW(label, ...)                                              \
  do {                                                                \
    char text[200];                                                   \
    size_t n = mg_snprintf(text, sizeof(text), __VA_ARGS__);          \
    printf("%s: [%s] %lu\n", label, text, (unsigned long) n);         \
  } while (0)

int main(void) {
  const char not_terminated[3] = {'x', 'y', 'z'};
  char *no_string = NULL;
  mg_log_level = 0;
  SHOW("text alone", "hello");
  SHOW("empty", "%s", "");
  SHOW("s", "%s, %s!", "hello", "world");
  SHOW("NULL", "%s|%5s|%-5s|", no_string, no_string, no_string);
  SHOW("NULL, precision 0", "%.0s|%5.0s|", no_string, no_string);
  SHOW("width", "%5s|%-5s|%1s|", "ab", "ab", "abc");
  SHOW("width, zeros", "%05s|%-05s|", "ab", "ab");
  SHOW("precision", "%.2s|%.s|%.0s|%.99s|", "abcdef", "abc", "abc", "a");
  SHOW("precision argument", "%.*s|%.*s|%.*s|", 2, "abc", 0, "abc", 5, "abc");
  SHOW("negative precision argument", "%.*s|%8.*s|", -1, "abcdef", -1, "abc");
  SHOW("precision ends at a NUL", "%.*s|%8.*s|", 5, "a\0bcd", 5, "a\0b");
  SHOW("precision reads no further", "%.3s|%.*s|", not_terminated, 2, not_terminated);
  SHOW("padding counts the precision, not the length", "%5.9s|%10.5s|%10.2s|%-10.5s|", "a", "ab", "abcdef", "ab");
  SHOW("lengths are ignored", "%hs|%ls|%lls|%zs|", "a", "b", "c", "d");
  SHOW("alternate form is ignored", "%#s|%#5s|%#c|", "a", "b", 'c');
  SHOW("long text", "%s%s", "a text that is longer than any vector register that copies it, really",
       ", and another one behind it that is just as long as the first one");

  SHOW("c", "%c%c%c", 'a', 'b', 'c');
  SHOW("c ignores the width", "%5c|%-5c|%05c|", 'a', 'b', 'c');
  SHOW("c with lengths", "%lc%hhc", 'a', 'b');
  {
    char text[10];
    size_t n = mg_snprintf(text, sizeof(text), "a%cb", 0);
    printf("c of 0: %lu %d %d %d\n", (unsigned long) n, text[0], text[1], text[2]);
    n = mg_snprintf(text, sizeof(text), "%c%c", 0x141, -1);
    printf("c takes the low byte: %lu %d %d\n", (unsigned long) n, text[0], (unsigned char) text[1]);
  }

  SHOW("percent", "%%|%d%%", 5);
  SHOW("percent ignores everything", "%5%|%-%|%#%|%05%|%.3%|%l%|%h%|%z%");

  SHOW("plus and blank flags", "%+d|% d|% 5d", 1, 2, 3);
  SHOW("width argument", "%*d", 5, 1);
  SHOW("flags in another order", "%0-5d|%0#5x|%-#5x|", 1, 2, 3);
  SHOW("flags twice", "%##x|%--5d|%00005d|", 1, 2, 3);
  SHOW("two dots", "%..5s|%.-5s|%.+3d", "abc", "abc", 1);
  SHOW("unknown conversions take nothing", "%i %o %e %E %G %F %a %n %q %k %S %C|%d", 1);
  SHOW("unknown lengths", "%jd %td %Lf %qd|%d", 1);
  SHOW("lengths in another order", "%lhd %zld %llld %llzd|%d", 1, 2);
  SHOW("unknown behind a precision argument", "%.*q|%d", 1, 2);
  SHOW("unknown with everything", "%#-05.3llq|%d", 1);
  SHOW("unknown high byte", "%\xc3\xa4|%d", 1);
  return 0;
}
