// A producer and a consumer thread pass many messages through a small queue: all arrive, in order, intact.

#include "mongoose.h"

#include <pthread.h>
#include <sched.h>

#define MESSAGES 99999

static struct mg_queue q;
static char memory[512];

static void *produce(void *arg) {
  uint32_t *crc = (uint32_t *) arg, state = 1;
  for (uint32_t i = 0; i < MESSAGES; i++) {
    char *p;
    state = state * 1664525u + 1013904223u;
    size_t len = 4 + (state >> 8) % 60;
    while (mg_queue_book(&q, &p, len) < len) sched_yield();
    memset(p, (int) (state >> 16), len);
    memcpy(p, &i, sizeof(i));
    *crc = mg_crc32(*crc, p, len);
    mg_queue_add(&q, len);
  }
  return NULL;
}

int main(void) {
  pthread_t thread;
  uint32_t sent = 0, received = 0, expected = 0, misplaced = 0;
  mg_queue_init(&q, memory, sizeof(memory));
  pthread_create(&thread, NULL, produce, &sent);
  while (expected < MESSAGES) {
    char *p;
    uint32_t number;
    size_t len = mg_queue_next(&q, &p);
    if (len == 0) {
      sched_yield();
      continue;
    }
    memcpy(&number, p, sizeof(number));
    misplaced += number != expected++;
    received = mg_crc32(received, p, len);
    mg_queue_del(&q, len);
  }
  pthread_join(thread, NULL);
  printf("messages out of order: %u\n", misplaced);
  printf("checksums are equal: %d\n", sent == received);
  printf("checksum: %08x\n", received);
  printf("empty at the end: %d\n", mg_queue_next(&q, NULL) == 0);
  return 0;
}
