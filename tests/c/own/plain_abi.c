// A program can tell whether the library that runs is the one its header belongs to.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

int main(void) {
  char expected[200];
  size_t sizes[] = {MG_DATA_SIZE, MG_MAX_HTTP_HEADERS, MG_DASH_MAX_USER_NAME,
                    sizeof(struct mg_mgr), sizeof(struct mg_connection), sizeof(struct mg_http_message)};
  CHECK(MG_ABI_CHECK());
  CHECK(strcmp(mg_version(), MG_VERSION) == 0);

  // Each of the numbers counts.
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    for (int d = -1; d <= 1; d += 2) {
      sizes[i] += (size_t) d;
      CHECK(!mg_abi_check(MG_VERSION, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]));
      sizes[i] -= (size_t) d;
    }
  }
  CHECK(mg_abi_check(MG_VERSION, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]));
  CHECK(!mg_abi_check("7.22", sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]));
  CHECK(!mg_abi_check(MG_VERSION ".1", sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]));
  CHECK(!mg_abi_check(NULL, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]));

  snprintf(expected, sizeof(expected), "%s data=%zu headers=%zu user=%zu mgr=%zu connection=%zu http_message=%zu",
           MG_VERSION, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]);
  CHECK(strcmp(mg_abi(), expected) == 0);
  CHECK(mg_abi() == mg_abi());
  return 0;
}
