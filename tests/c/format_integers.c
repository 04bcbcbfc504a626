// Integer and pointer conversions: sizes, flags, widths.
#include "mongoose.h"

#define SHOW(label, ...)                                              \
  do {                                                                \
    char text[200];                                                   \
    size_t n = mg_snprintf(text, sizeof(text), __VA_ARGS__);          \
    printf("%s: [%s] %lu\n", label, text, (unsigned long) n);         \
  } while (0)

int main(void) {
  mg_log_level = 0;
  SHOW("d", "%d %d %d %d", 0, 42, -42, INT_MIN);
  SHOW("u", "%u %u", 0U, UINT_MAX);
  SHOW("x", "%x %x %x", 0U, 255U, UINT_MAX);
  SHOW("X prints lower case", "%X", 0xabcdefU);
  SHOW("ld, lu, lx", "%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
  SHOW("lld, llu, llx", "%lld %llu %llx", LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
  SHOW("zd, zu, zx", "%zd %zu %zx", (ssize_t) -3, SIZE_MAX, SIZE_MAX);
  SHOW("h and hh do not narrow", "%hd %hhd %hhu %hhx %hx", 100000, 300, -1, 0x1ff, -1);
  SHOW("hl is l", "%hld %hlld", -1L, -1LL);
  SHOW("PRId64, PRIu64, PRIx64", "%" PRId64 " %" PRIu64 " %" PRIx64, INT64_MIN, UINT64_MAX, UINT64_MAX);

  SHOW("width", "%5d|%5d|%1d|%0d", 42, -42, 123456, 7);
  SHOW("width, left", "%-5d|%-5d|%-1d|", 42, -42, 123456);
  SHOW("width, zeros", "%05d|%03d|%05u", 42, 12345, 7U);
  SHOW("zeros go before the sign", "%05d|%06d", -42, -1);
  SHOW("zeros beat left", "%-05d|%-05x|", 42, 0xabU);
  SHOW("zero with a width", "%5d|%-5d|%5x|%.0d", 0, 0, 0U, 0);
  SHOW("width of two digits", "%12d|%-12d|%012d", 1, 2, 3);
  SHOW("width of long numbers", "%25llu|%-25lld|%025lld", ULLONG_MAX, LLONG_MIN, LLONG_MIN);

  SHOW("precision is ignored", "%.3d|%8.3d|%.0d|%.*d", 5, 5, 5, 3, 5);
  SHOW("negative precision argument", "%.*d|%.*x", -1, 5, -7, 0xffU);

  SHOW("alternate form", "%#x %#x %#X %#d %#u", 15U, 0U, 0xabU, 15, 15U);
  SHOW("alternate form, width", "%#6x|%#06x|%#-6x|%#-06x|", 15U, 15U, 15U, 15U);
  SHOW("alternate form, small width", "%#1x|%#2x|%#3x|%#4x|", 10U, 10U, 10U, 10U);
  SHOW("alternate form, negative", "%#d|%#6d|%#06d|%#-6d|", -15, -15, -15, -15);
  SHOW("alternate form, long", "%#lx %#llx %#zx", 255UL, 255ULL, (size_t) 255);

  SHOW("p", "%p %p %p", (void *) 0, (void *) 7, (void *) -1);
  SHOW("p, width", "%10p|%010p|%-10p|%#10p|", (void *) 7, (void *) 7, (void *) 7, (void *) 7);
  SHOW("p, small width", "%1p|%2p|%3p|%4p|", (void *) 10, (void *) 10, (void *) 10, (void *) 10);

  SHOW("arguments in registers and on the stack", "%d%d%d%d%d%d%d|%f|%d|%s|%g|%lld|%c", 1, 2, 3, 4, 5, 6,
       7, 1.5, 8, "end", 2.5, -9LL, 'x');
  SHOW("more doubles than registers", "%g %g %g %g %g %g %g %g %g %g %d %g", 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0,
       8.0, 9.0, 10.0, 11, 12.0);

  {
    // Random values against the C library, which agrees on all of these forms.
    static const char *const forms[] = {"%llx", "%20llx", "%-20llx|", "%llu", "%22llu", "%-22llu|", "%022llu", "%lld", "%22lld"};
    uint64_t seed = 1, differences = 0;
    for (int i = 0; i < 20000; i++) {
      char ours[64], theirs[64];
      const char *form = forms[i % 9];
      uint64_t value;
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      value = seed >> (seed >> 58);
      if ((i & 1) && i % 9 >= 7) value = ~value;
      mg_snprintf(ours, sizeof(ours), form, value);
      snprintf(theirs, sizeof(theirs), form, value);
      if (strcmp(ours, theirs) != 0) differences++;
    }
    printf("differences from libc: %lu\n", (unsigned long) differences);
  }
  return 0;
}
