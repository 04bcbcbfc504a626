// Every protocol, both sides of it, sees the same in segments of one byte as in whole ones.

#include "../relay.h"

int main(void) {
  static struct side server_whole, client_whole;
  relay_setup();
  for (size_t i = 0; i < sizeof(conversations) / sizeof(conversations[0]); i++) {
    converse(&conversations[i], 65536, SIZE_MAX);
    CHECK(server_side.failed == 0 && client_side.failed == 0 && server_side.len > 0 && client_side.len > 0);
    server_whole = server_side, client_whole = client_side;
    for (size_t segment = 1; segment < 4; segment++) {
      converse(&conversations[i], segment, SIZE_MAX);
      CHECK(strcmp(server_side.trace, server_whole.trace) == 0);
      CHECK(strcmp(client_side.trace, client_whole.trace) == 0);
    }
    printf("%s: %lu bytes\n", conversations[i].name, (unsigned long) relay.forwarded);
  }
  return 0;
}
