// Without flash memory the firmware functions do nothing, and say so.

#include "mongoose.h"

static void device_id(size_t len) {
  char buf[8];
  memset(buf, '#', sizeof(buf));
  mg_ota_device_id(buf, len);
  printf("device id in %lu bytes: ", (unsigned long) len);
  for (size_t i = 0; i < sizeof(buf); i++) putchar(buf[i] == '\0' ? '.' : buf[i]);
  printf("\n");
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  printf("write before begin: %d\n", mg_ota_write("abc", 3));
  printf("end before begin: %d\n", mg_ota_end());
  printf("begin with 0 bytes: %d\n", mg_ota_begin(0));
  printf("begin: %d\n", mg_ota_begin(1000));
  printf("write: %d\n", mg_ota_write("abc", 3));
  printf("write nothing: %d\n", mg_ota_write("", 0));
  printf("end: %d\n", mg_ota_end());
  for (size_t len = 0; len < 5; len++) device_id(len);
  mg_ota_poll(&mgr);
  printf("connections after mg_ota_poll: %d\n", mgr.conns != NULL);
  mg_mgr_free(&mgr);
  return 0;
}
