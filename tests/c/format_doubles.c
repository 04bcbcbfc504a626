// %g and %f: tables, and checksums over many thousand numbers. The ends of the range are in
// format_doubles_extremes.c.
#include "mongoose.h"

#include <math.h>

static uint64_t s_seed;

static uint64_t rnd(void) {
  s_seed = s_seed * 6364136223846793005ULL + 1442695040888963407ULL;
  return s_seed >> 11;
}

static double power_of_ten(int e) {
  double v = 1;
  for (; e > 0; e--) v *= 10;
  for (; e < 0; e++) v /= 10;
  return v;
}

static double number(int kind) {
  double v = 0, sign = rnd() & 1 ? -1 : 1;
  switch (kind) {
    case 0: v = (double) (rnd() % 2000000) / 100; break;       // prices
    case 1: v = (double) (rnd() % 100000000); break;           // counts
    case 2: v = (double) rnd() / 9007199254740992.0; break;    // fractions
    case 3: v = (double) (rnd() % 10000000) / 1e4; break;      // measurements
    case 4: v = (double) rnd(); break;                         // up to 2^53
    case 5: v = (double) rnd() / 9e15 * power_of_ten((int) (rnd() % 160) - 80); break;
    case 6: v = power_of_ten((int) (rnd() % 60) - 30) * (double) (rnd() % 10); break;
    default: v = 1 + (double) (rnd() % 2000 - 1000.0) * 1e-7; break;  // around 1
  }
  return v * sign;
}

static void sweep(const char *name, const char *conversion) {
  for (int kind = 0; kind < 8; kind++) {
    uint64_t sum = 14695981039346656037ULL;
    s_seed = (uint64_t) kind + 1;
    for (int i = 0; i < 1500; i++) {
      char text[100];
      double v = number(kind);
      mg_snprintf(text, sizeof(text), conversion, v, v);
      for (const char *p = text; *p != '\0'; p++) sum = (sum ^ (unsigned char) *p) * 1099511628211ULL;
      sum = (sum ^ '\n') * 1099511628211ULL;
    }
    printf("sweep %s kind %d: %016llx\n", name, kind, (unsigned long long) sum);
  }
}

int main(void) {
  static const double numbers[] = {
      0,        -0.0,      1,         1.5,       0.1,     1.0 / 3,  2.0 / 3,      9.9999999,  99.99995,     123456, 1234567,
      12345678, 0.0001,    1e-5,      1.23e-6,   0.05,    0.15,     1e10,         999999.4,   999999.5,     4294967296.0,
      9007199254740992.0,  -123.456,  0.9999999, 0.015,   1.15,     1e11,         2.34567e-57, 0.056,       0.00745445,
      2.5,      3.5,       0.5,       100,       1000000, 999999,   1e15,         1e16,       1e17,         1e22,
      1e23,     123456789.125,        -1,        -0.001,  3.14159,  1e-7,         1e99,       9.99e-99,     5e-5,
      0.000123456789,      1e30,      1.7e38,    0.99999999999999989};
  static const char *const forms[] = {"%g", "%f", "%.2g", "%.3g", "%.5g", "%.10g", "%.15g", "%.17g", "%.1f", "%.2f", "%.3f", "%.9f", "%lg"};
  char name[20];
  mg_log_level = 0;
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    printf("number %d:", (int) i);
    for (size_t k = 0; k < sizeof(forms) / sizeof(forms[0]); k++) {
      char text[100];
      size_t n = mg_snprintf(text, sizeof(text), forms[k], numbers[i]);
      printf(" %s%s", text, n == strlen(text) ? "" : "(length)");
    }
    printf("\n");
  }

#define SHOW(label, ...)                             \
  do {                                               \
    char text[100];                                  \
    mg_snprintf(text, sizeof(text), __VA_ARGS__);    \
    printf("%s: [%s]\n", label, text);               \
  } while (0)
  SHOW("width", "%8.3f|%-8.2f|%10g|%-10g|%1f", 3.14159, 3.14159, 1.5, 1.5, 1.5);
  SHOW("width, zeros", "%08.2f|%08.2f|%010g|%-010g|", 3.14159, -3.14159, 1.5, 1.5);
  SHOW("alternate form", "%#g|%#f|%#10g|%#010.1f|", 1.5, 1.5, 1.5, 1.5);
  SHOW("precision argument", "%.*f|%.*g|%10.*f", 3, 1.5, 3, 1234.5, 2, 2.25);
  SHOW("zero with a precision", "%.3f|%.3g|%5.1f|%05.1f", 0.0, 0.0, 0.0, 0.0);
  SHOW("infinity", "%g|%f|%5g|%05g|%-5g|%.1f", INFINITY, -INFINITY, INFINITY, INFINITY, -INFINITY, INFINITY);
  SHOW("not a number", "%g|%f|%5g|%05.1f", NAN, NAN, -NAN, NAN);
  SHOW("float arguments", "%g %f", (double) 1.1f, (double) 0.1f);
  SHOW("many decimals are cut", "%.40f|%.50f|%.37f", 1.0 / 3, 0.5, 1.5);
  SHOW("many digits are cut", "%.40g|%.40g|%.40g|%.50g", 1.0 / 3, 1e50 / 3, -1e50 / 3, 0.5);
  SHOW("large numbers are cut", "%f|%f|%.1f", 1e50, -1e50, 1e300);

  for (int p = 2; p <= 17; p++) {
    char form[10];
    snprintf(form, sizeof(form), "%%.%dg", p);
    snprintf(name, sizeof(name), "g %d", p);
    sweep(name, form);
  }
  for (int p = 1; p <= 12; p++) {
    char form[10];
    snprintf(form, sizeof(form), "%%.%df", p);
    snprintf(name, sizeof(name), "f %d", p);
    sweep(name, form);
  }
  sweep("g default", "%g");
  sweep("f default", "%f");
  sweep("g padded", "%-25.9g|%025.9g");
  return 0;
}
