// After fork() parent and child mask WebSocket frames with different keys (RFC 6455, 5.3).

#include "mongoose.h"
#include <sys/wait.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

enum { KEYS = 8 };

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  (void) c, (void) ev, (void) ev_data;
}

static void keys(struct mg_connection *c, uint32_t *to) {
  for (int i = 0; i < KEYS; i++) {
    c->send.len = 0;
    CHECK(mg_ws_send(c, "x", 1, WEBSOCKET_OP_TEXT) == 7);
    memcpy(&to[i], c->send.buf + 2, 4);
  }
}

int main(void) {
  struct mg_mgr mgr;
  uint32_t ours[KEYS], theirs[KEYS];
  int fds[2], equal = 0;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *c = mg_connect(&mgr, "tcp://127.0.0.1:1", handler, NULL);
  keys(c, ours);
  CHECK(pipe(fds) == 0);
  pid_t child = fork();
  keys(c, ours);
  if (child == 0) _exit(write(fds[1], ours, sizeof(ours)) == sizeof(ours) ? 0 : 1);
  CHECK(read(fds[0], theirs, sizeof(theirs)) == sizeof(theirs) && waitpid(child, NULL, 0) == child);
  for (int i = 0; i < KEYS; i++) equal += ours[i] == theirs[i];
  printf("equal keys: %d of %d\n", equal, KEYS);
  // One is equal by accident in half a billion runs.
  CHECK(equal == 0);
  mg_mgr_free(&mgr);
  return 0;
}
