// mg_calloc() and mg_free(): zeroed memory from the C library's heap.

#include <stdint.h>
#include <stdlib.h>

#include "mongoose.h"

static bool zeroed(const unsigned char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i] != 0) return false;
  return true;
}

int main(void) {
  // Dirty the heap first, so that zeros are not there by chance.
  void *dirty = malloc(3000);
  memset(dirty, 0xa5, 3000);
  free(dirty);
  unsigned char *p = (unsigned char *) mg_calloc(30, 100);
  printf("zeroed: %d\n", p != NULL && zeroed(p, 3000));
  printf("aligned: %d\n", (uintptr_t) p % sizeof(void *) == 0);
  mg_free(p);
  mg_free(NULL);
  volatile size_t huge = SIZE_MAX / 2;
  p = (unsigned char *) mg_calloc(huge, 4);
  printf("product overflows: %d\n", p == NULL);
  // One heap: either side frees what the other allocated.
  free(mg_calloc(1, 10));
  mg_free(malloc(10));
  printf("freed across: 1\n");
  return 0;
}
