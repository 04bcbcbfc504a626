// Uses the library once: what loading it costs, as the difference to nothing.c.

#include "mongoose.h"

int main(void) {
  return mg_millis() == 0;
}
