// %g and %f where the arithmetic of the digits comes to its limits.
#include "mongoose.h"

#include <float.h>

static void show(const char *label, const char *form, double v) {
  char text[100];
  mg_snprintf(text, sizeof(text), form, v);
  printf("%s: %s\n", label, text);
}

int main(void) {
  mg_log_level = 0;
  show("1e100", "%g", 1e100);
  show("1.5e105", "%g", 1.5e105);
  show("1e110", "%g", 1e110);
  show("9.99e199", "%g", 9.99e199);
  show("1e200", "%g", 1e200);
  show("1e300", "%g", 1e300);
  show("1e307", "%g", 1e307);
  show("1e308", "%g", 1e308);
  show("DBL_MAX", "%g", DBL_MAX);
  show("-DBL_MAX, 15 digits", "%.15g", -DBL_MAX);
  show("1e-99", "%g", 1e-99);
  show("1e-100", "%g", 1e-100);
  show("1e-105", "%g", 1e-105);
  show("1e-110", "%g", 1e-110);
  show("1e-307", "%g", 1e-307);
  show("DBL_MIN", "%g", DBL_MIN);
  show("1e-310", "%g", 1e-310);
  show("1e-310, 15 digits", "%.15g", 1e-310);
  show("9.88e-323", "%g", 9.88e-323);
  show("smallest", "%g", 4.9406564584124654e-324);
  show("smallest, f", "%f", 4.9406564584124654e-324);
  show("DBL_MAX, f", "%f", DBL_MAX);

  show("f without decimals, 0.4", "%.0f", 0.4);
  show("f without decimals, 0.5", "%.0f", 0.5);
  show("f without decimals, 1.5", "%.0f", 1.5);
  show("f without decimals, 123456", "%.0f", 123456);
  show("f without decimals, -99.5", "%.0f", -99.5);
  show("f without decimals, 0", "%.0f", 0);

  show("one digit, 0.4", "%.1g", 0.4);
  show("one digit, 0.05", "%.1g", 0.05);
  show("one digit, 0.96", "%.1g", 0.96);
  show("one digit, 5", "%.1g", 5);
  show("one digit, 9.4", "%.1g", 9.4);
  show("one digit, 9.6", "%.1g", 9.6);
  show("one digit, 10", "%.1g", 10);
  show("one digit, 99", "%.1g", 99);
  show("one digit, 123456", "%.1g", 123456);
  show("one digit, 1e-5", "%.1g", 1e-5);

  show("no digit, 0.4", "%.0g", 0.4);
  show("no digit, 0.5", "%.0g", 0.5);
  show("no digit, 1", "%.0g", 1);
  show("no digit, 1.5", "%.0g", 1.5);
  show("no digit, 5", "%.0g", 5);
  show("no digit, 123456", "%.0g", 123456);

  show("fifty digits of a small number", "%.50g", 1e-45 / 3);
  show("thirty-five digits of a tiny number", "%.35g", -1e-45 / 3);
  {
    char text[100];
    mg_snprintf(text, sizeof(text), "%.*f %.*g", -1, 1.5, -2, 123.456);
    printf("negative precision argument: %s\n", text);
  }
  return 0;
}
