// Months outside 1 to 12: the reference reads outside a table.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

int main(void) {
  CHECK(mg_timegm(2024, 0, 1, 0, 0, 0) == 0);
  CHECK(mg_timegm(2024, 13, 1, 0, 0, 0) == 0);
  CHECK(mg_timegm(2024, UINT32_MAX, 1, 0, 0, 0) == 0);
  CHECK(mg_timegm(2024, 12, 1, 0, 0, 0) == 1733011200);
  return 0;
}
