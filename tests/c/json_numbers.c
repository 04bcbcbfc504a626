// mg_json_get_num and mg_json_get_long: what counts as a number, and its value.
#include "mongoose.h"
#include <math.h>

static void number(const char *json) {
  double v = -7.25;
  bool found = mg_json_get_num(mg_str(json), "$", &v);
  printf("number %s: %d %.17g\n", json, found, v);
  printf("long %s: %ld\n", json, mg_json_get_long(mg_str(json), "$", -7));
}

static uint32_t state = 1;

static uint32_t random_below(uint32_t below) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % below;
}

// Compares with what the C library reads.
static void random_numbers(const char *label, uint32_t max_digits, uint32_t max_fraction, uint32_t max_exponent) {
  int rounded = 0, wrong = 0;
  for (int i = 0; i < 20000; i++) {
    char text[100];
    size_t n = 0;
    double v = 0;
    if (random_below(2)) text[n++] = '-';
    for (uint32_t k = 1 + random_below(max_digits); k > 0; k--) text[n++] = (char) ('0' + random_below(10));
    if (max_fraction > 0) {
      text[n++] = '.';
      for (uint32_t k = 1 + random_below(max_fraction); k > 0; k--) text[n++] = (char) ('0' + random_below(10));
    }
    if (max_exponent > 0) {
      n += (size_t) snprintf(text + n, 20, "%s%u", i % 3 ? "e" : i % 2 ? "E+" : "e-", random_below(max_exponent));
    }
    text[n] = '\0';
    double expected = strtod(text, NULL);
    bool found = mg_json_get_num(mg_str(text), "$", &v);
    rounded += v != expected;
    wrong += !found || fabs(v - expected) > fabs(expected) * 1e-12;
  }
  printf("%s, wrong: %d\n", label, wrong);
  printf("%s, not correctly rounded: %d\n", label, rounded);
}

int main(void) {
  static const char *texts[] = {
      "0", "-0", "1", "-1", "12", "00012", "-", "1.", "-.5", "-.", "1e", "1e+", "1e-", "1.5", "-1.5", "1.25", "0.5", "123.456e2", "1e3",
      "1E3", "1e+3", "2e-1", "5e-1", "1e0", "1e00005", "0x10", "1.2.3", "--1", "+1", ".5", "4294967296", "-2147483649",
      "9007199254740992", "123456789012", "0.1", "0.2", "0.3", "1.1", "3.14159", "1e-3", "1e23", "1e100",       "1e308", "1e309", "1e400", "1e-400", "5e-324", "1.7976931348623157e308",
      "9007199254740993", "9223372036854775808", "-9223372036854775808",
      "-9223372036854775809", "18446744073709551616", "1234567890.9", "-0.99", "inf", "nan", "NaN", "Infinity", "-Infinity", "true",
      "null", "\"1\"", "[1]", "", "{\"a\":1}", "1 2", "1a", "1,", " 7",
  };
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) number(texts[i]);

  struct mg_str json = mg_str("{\"a\":[1,-2.5,\"3\",null,{\"b\":4}]}");
  double v = 0;
  printf("element 1: %d", mg_json_get_num(json, "$.a[1]", &v));
  printf(" %g\n", v);
  printf("element 1, not stored: %d\n", mg_json_get_num(json, "$.a[1]", NULL));
  printf("element 2, not stored: %d\n", mg_json_get_num(json, "$.a[2]", NULL));
  printf("element 4: %ld\n", mg_json_get_long(json, "$.a[4].b", 0));
  printf("element 5: %ld\n", mg_json_get_long(json, "$.a[5]", LONG_MIN));
  printf("broken path: %ld\n", mg_json_get_long(json, "a", 5));
  printf("no text: %ld\n", mg_json_get_long(mg_str(NULL), "$", 5));
  printf("cut number: %ld\n", mg_json_get_long(mg_str_n("1234", 2), "$", 5));

  random_numbers("random integers", 15, 0, 0);
  random_numbers("random fractions", 9, 9, 0);
  random_numbers("random exponents", 3, 9, 280);
  random_numbers("random long numbers", 25, 25, 50);

  char digits[1000];
  memset(digits, '9', sizeof(digits));
  bool found = mg_json_get_num(mg_str_n(digits, 300), "$", &v);
  printf("300 digits: %d %.10g\n", found, v);
  digits[1] = '.';
  found = mg_json_get_num(mg_str_n(digits, 1000), "$", &v);
  printf("998 digits of a fraction: %d %.10g\n", found, v);
  return 0;
}
