// A peer that resets the connection after any number of bytes, in either direction: each side gets MG_EV_ERROR and closes, both
// once, nothing leaks, others are served, and the next conversation is complete.

#include "../relay.h"

int main(void) {
  relay_setup();
  for (size_t i = 0; i < sizeof(conversations) / sizeof(conversations[0]); i++) {
    static struct side server_whole, client_whole;
    const struct conversation *c = &conversations[i];
    converse(c, 65536, SIZE_MAX);
    converse(c, 65536, SIZE_MAX);
    server_whole = server_side, client_whole = client_side;
    size_t total = relay.forwarded, step = total < 400 ? 1 : total / 200, cuts = 0;
    int descriptors = open_descriptors();
    for (size_t cut = 0; cut < total; cut += step, cuts++) {
      converse(c, cuts % 3 == 0 ? 7 : 1000, cut);
      CHECK(open_descriptors() == descriptors);
      // Who has not seen the end gets MG_EV_ERROR, once. That nothing follows MG_EV_CLOSE is checked with every event.
      CHECK(strcmp(client_side.trace, client_whole.trace) == 0 || client_side.failed == 1);
      CHECK(strcmp(server_side.trace, server_whole.trace) == 0 || server_side.failed == 1);
    }
    converse(c, 65536, SIZE_MAX);
    CHECK(strcmp(server_side.trace, server_whole.trace) == 0);
    CHECK(strcmp(client_side.trace, client_whole.trace) == 0);
    printf("%s: cut at %lu places\n", c->name, (unsigned long) cuts);
  }
  return 0;
}
