// Offsets of the message queue: booking, wrapping around, reading, deleting.

#include "mongoose.h"

static struct mg_queue q;
static char memory[64];
static int step;

static void show(const char *call, size_t result, const char *p) {
  printf("%d %s: %d", ++step, call, (int) result);
  if (p != NULL) printf(" at %d", (int) (p - memory));
  printf(", head %d tail %d\n", (int) q.head, (int) q.tail);
}

static void book(size_t len) {
  char *p = NULL, call[32];
  size_t n = mg_queue_book(&q, &p, len);
  snprintf(call, sizeof(call), "book %d", (int) len);
  show(call, n, p);
}

static void add(size_t len) {
  mg_queue_add(&q, len);
  show("add", len, NULL);
}

static size_t next(void) {
  char *p = NULL;
  size_t n = mg_queue_next(&q, &p);
  show("next", n, p);
  return n;
}

static void del(size_t len) {
  mg_queue_del(&q, len);
  show("del", len, NULL);
}

int main(void) {
  memset(memory, 0x55, sizeof(memory));
  mg_queue_init(&q, memory, sizeof(memory));
  printf("initialised: %d %d %d %d\n", q.buf == memory, (int) q.size, (int) q.head, (int) q.tail);
  next();
  book(56), book(57), book(10), add(10), book(42), book(43), book(20), add(20), book(20);
  next(), next(), del(10), book(20), book(5), book(6), add(5);
  next(), del(20), next(), next(), del(5), next();
  // A message that fits only after the consumer followed the mark.
  mg_queue_init(&q, memory, sizeof(memory));
  book(20), add(20), next(), del(20), book(40), next(), next(), book(40);
  // Filled to the last byte.
  mg_queue_init(&q, memory, sizeof(memory));
  book(56), add(56), book(1), next(), del(56), book(1), next(), book(56);
  printf("optional outputs: %d %d\n", (int) mg_queue_book(&q, NULL, 5), (int) mg_queue_next(&q, NULL));
  for (size_t size = 0; size < 20; size++) {
    printf("%d bytes of memory: ", (int) size);
    mg_queue_init(&q, memory, size);
    printf("%d %d\n", (int) mg_queue_book(&q, NULL, 1), (int) mg_queue_book(&q, NULL, 5));
  }

  mg_queue_init(&q, memory, sizeof(memory));
  printf("printf: %d", (int) mg_queue_printf(&q, "hi %d", 5));
  for (int i = 0; i < 9; i++) printf(" %02x", (unsigned char) memory[i]);
  printf("\n");
  printf("printf of nothing: %d head %d\n", (int) mg_queue_printf(&q, "%s", ""), (int) q.head);
  printf("printf without room: %d head %d\n", (int) mg_queue_printf(&q, "%60s", "x"), (int) q.head);
  printf("printf of all kinds: %d\n", (int) mg_queue_printf(&q, "%d %s %.2f %c %lld %M", 1, "two", 3.0, '4', (long long) 5,
                                                            mg_print_hex, 2, "67"));
  char *p = NULL;
  size_t n = mg_queue_next(&q, &p);
  printf("first message: [%.*s]\n", (int) n, p);
  mg_queue_del(&q, n);
  n = mg_queue_next(&q, &p);
  printf("second message: [%.*s], terminated %d\n", (int) n, p, p[n] == 0);

  // Random traffic.
  uint32_t state = 1, crc = 0;
  mg_queue_init(&q, memory, sizeof(memory));
  for (int i = 0; i < 100000; i++) {
    char line[64];
    state = state * 1664525u + 1013904223u;
    if (state >> 31) {
      size_t len = 1 + (state >> 8) % 30, space = mg_queue_book(&q, &p, len);
      if (space > 0) memset(p, 'a' + (int) (len % 26), len), mg_queue_add(&q, len);
      snprintf(line, sizeof(line), "%d %d %d", (int) space, (int) q.head, (int) q.tail);
    } else {
      n = mg_queue_next(&q, &p);
      snprintf(line, sizeof(line), "%.*s %d %d", (int) n, n > 0 ? p : "", (int) q.head, (int) q.tail);
      if (n > 0) mg_queue_del(&q, n);
    }
    crc = mg_crc32(crc, line, strlen(line));
  }
  printf("random traffic: %08x\n", crc);
  return 0;
}
