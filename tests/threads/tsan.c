// Functions that code for ThreadSanitizer from a newer compiler calls, and that of gcc lacks: its checks are in the ones called here.

#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t n) {
  return memcpy(to, from, n);
}

void *__tsan_memmove(void *to, const void *from, size_t n) {
  return memmove(to, from, n);
}

void *__tsan_memset(void *to, int byte, size_t n) {
  return memset(to, byte, n);
}
