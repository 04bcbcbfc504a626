// Lengths that a queue cannot hold, and memory with a broken length in it: the reference reads and writes beyond the
// queue's memory.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

int main(void) {
  struct mg_queue q;
  char memory[64 + 8], *p;
  memset(memory, 0, sizeof(memory));
  memset(memory + 64, '#', 8);
  mg_queue_init(&q, memory, 64);
  CHECK(mg_queue_book(&q, &p, SIZE_MAX) == 0);
  CHECK(mg_queue_book(&q, &p, SIZE_MAX - 7) == 0);
  CHECK(mg_queue_book(&q, &p, 56) == 56);
  mg_queue_add(&q, SIZE_MAX);
  mg_queue_add(&q, 61);
  CHECK(q.head == 0 && mg_queue_next(&q, &p) == 0);
  mg_queue_add(&q, 20);
  mg_queue_del(&q, SIZE_MAX);
  mg_queue_del(&q, 1000);
  CHECK(q.tail == 0 && mg_queue_next(&q, &p) == 20);

  uint32_t broken = 61;
  memcpy(memory, &broken, sizeof(broken));
  CHECK(mg_queue_next(&q, &p) == 0);
  broken = UINT32_MAX;
  memcpy(memory, &broken, sizeof(broken));
  CHECK(mg_queue_next(&q, &p) == 0);
  for (size_t offset = 0; offset < 200; offset++) {
    q.head = offset;
    q.tail = 200 - offset;
    CHECK(mg_queue_next(&q, &p) <= 60);
    q.tail = 200 - offset;
    CHECK(mg_queue_book(&q, &p, 5) <= 56);
    q.head = offset;
    mg_queue_add(&q, 5);
    CHECK(memcmp(memory + 64, "########", 8) == 0);
  }

  mg_queue_init(&q, NULL, 64);
  CHECK(mg_queue_book(&q, &p, 1) == 0 && mg_queue_next(&q, &p) == 0 && mg_queue_printf(&q, "hi") == 0);
  mg_queue_add(&q, 1);
  mg_queue_del(&q, 1);
  return 0;
}
