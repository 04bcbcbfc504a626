// Freeing or polling a manager that was never initialised does nothing. The reference closes descriptor 0.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  memset(&mgr, 0, sizeof(mgr));
  CHECK(fcntl(0, F_GETFD) >= 0);
  mg_mgr_free(&mgr);
  CHECK(fcntl(0, F_GETFD) >= 0);
  mg_mgr_poll(&mgr, 0);
  CHECK(!mg_wakeup(&mgr, 1, "x", 1));
  mg_mgr_free(&mgr);
  CHECK(fcntl(0, F_GETFD) >= 0);
  CHECK(mgr.conns == NULL);
  return 0;
}
