// Random cases from fixed seeds, and one checksum for each block of cases.
//
// A program of this kind prints a line per block. With the name of a block as its argument, such as 'requests 7', it
// prints every case of that block with its results, so that two libraries can be compared case by case.

#include "mongoose.h"

#define CASES_PER_BLOCK 5000
#define PICK(array) (array)[number(sizeof(array) / sizeof((array)[0]))]

static uint64_t generator;
static uint32_t checksum;
static bool shown;

// The input of the case at hand.
static char text[70000];
static size_t len;

static inline uint32_t number(uint32_t below) {
  generator = generator * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t) (generator >> 33) % below;
}

static inline bool one_in(uint32_t n) {
  return number(n) == 0;
}

static inline void put_n(const char *s, size_t n) {
  if (len + n <= sizeof(text)) memcpy(text + len, s, n), len += n;
}

static inline void put(const char *s) {
  put_n(s, strlen(s));
}

static inline void put_byte(uint32_t byte) {
  char ch = (char) byte;
  put_n(&ch, 1);
}

// Up to `longest` characters of an alphabet.
static inline void put_from(const char *alphabet, uint32_t longest) {
  for (uint32_t n = number(longest + 1), size = (uint32_t) strlen(alphabet); n > 0; n--) put_byte((uint8_t) alphabet[number(size)]);
}

// Up to three bytes are replaced, removed, or copied to another place.
static inline void damage(const char *junk) {
  for (uint32_t n = number(4); n > 0 && len > 0; n--) {
    uint32_t at = number((uint32_t) len);
    switch (number(3)) {
      case 0: text[at] = junk[number((uint32_t) strlen(junk))]; break;
      case 1: memmove(text + at, text + at + 1, --len - at); break;
      default: text[at] = text[number((uint32_t) len)]; break;
    }
  }
}

static inline void hash(const void *data, size_t size) {
  for (size_t i = 0; i < size; i++) checksum = (checksum ^ ((const uint8_t *) data)[i]) * 16777619u;
}

static inline void show(const char *s, size_t size) {
  for (size_t i = 0; shown && i < size; i++) {
    unsigned char ch = (unsigned char) s[i];
    printf(ch > ' ' && ch < 0x7f && ch != '\\' ? "%c" : ch == ' ' ? " " : "\\x%02x", ch);
  }
}

static inline void result(const char *name, long long value) {
  hash(name, strlen(name)), hash(&value, sizeof(value));
  if (shown) printf(" %s %lld", name, value);
}

// Bytes that the library made.
static inline void bytes(const char *name, const char *s, size_t size) {
  hash(name, strlen(name)), hash(&size, sizeof(size)), hash(s, size);
  if (shown) printf(" %s [", name), show(s, size), printf("]");
}

// A view of the input: where it begins, -1 for NULL and -2 for somewhere else; and its length.
static inline void view(const char *name, struct mg_str s) {
  bool inside = s.buf >= text && s.buf <= text + len;
  result(name, s.buf == NULL ? -1 : inside ? (long long) (s.buf - text) : -2);
  result("+", (long long) s.len);
}

// Each case has a seed of its own, so a difference in one does not spread to those behind it.
static inline void run_block(const char *label, int block, void (*one)(void)) {
  uint64_t seed = 0;
  for (const char *p = label; *p; p++) seed = seed * 31 + (uint8_t) *p;
  checksum = 2166136261u;
  for (int i = 0; i < CASES_PER_BLOCK; i++) {
    generator = ((seed << 32) + (uint64_t) block * CASES_PER_BLOCK + (uint64_t) i) * 0x9e3779b97f4a7c15u;
    len = 0;
    if (shown) printf("case %d:", i);
    one();
    if (shown) printf("\n");
  }
}

static inline void run_blocks(int argc, char *argv[], const char *label, int count, void (*one)(void)) {
  mg_log_level = MG_LL_NONE;
  for (int block = 0; block < count; block++) {
    char name[80];
    snprintf(name, sizeof(name), "%s %d", label, block);
    shown = argc > 1 && strcmp(argv[1], name) == 0;
    if (argc > 1 && !shown) continue;
    run_block(label, block, one);
    if (!shown) printf("%s: %08x\n", name, (unsigned) checksum);
  }
}
