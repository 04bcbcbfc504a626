// The broker of the examples, as a handler that a fuzz target can install.

#define main broker_main
#include "../../c_examples/mqtt_broker.c"

mg_event_handler_t fuzz_broker(void);

mg_event_handler_t fuzz_broker(void) {
  return handler;
}
