// A program may define functions that the library also has, as the header allows (MG_ENABLE_CUSTOM_LOG and
// the like). Linking must work, shared and static; the library's own messages go to the program's mg_log.

#include "mongoose.h"

static int s_logged, s_prefixed;

bool mg_random(void *buf, size_t len) {
  memset(buf, 7, len);
  return true;
}

uint64_t mg_millis(void) {
  return 42;
}

void mg_log(const char *fmt, ...) {
  (void) fmt;
  s_logged++;
}

void mg_log_prefix(int level, const char *file, int line, const char *func) {
  (void) level, (void) file, (void) line, (void) func;
  s_prefixed++;
}

int main(void) {
  struct mg_mgr mgr;
  unsigned char byte = 0;
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  if (mg_listen(&mgr, "tcp://no.such.address:1", NULL, NULL) != NULL) return 1;
  mg_mgr_poll(&mgr, 0);
  mg_mgr_free(&mgr);
  if (s_logged == 0 || s_logged != s_prefixed) return 2;
  if (!mg_random(&byte, 1) || byte != 7 || mg_millis() != 42) return 3;
  return 0;
}
