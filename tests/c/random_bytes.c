// Random bytes and random strings.

#include "mongoose.h"

int main(void) {
  unsigned char a[64], b[64], zeros[64];
  memset(zeros, 0, sizeof(zeros));
  memset(a, 0, sizeof(a));
  memset(b, 0, sizeof(b));
  printf("mg_random: %d %d\n", mg_random(a, 62), mg_random(b, 62));
  printf("different: %d\n", memcmp(a, b, 62) != 0);
  printf("bytes behind: %d %d\n", a[62], b[63]);
  printf("nothing: %d\n", mg_random(a, 0));
  static unsigned char many[100000];
  printf("many: %d\n", mg_random(many, sizeof(many)));
  int counts[256] = {0}, missing = 0;
  for (size_t i = 0; i < sizeof(many); i++) counts[many[i]]++;
  for (int i = 0; i < 256; i++) missing += counts[i] < 200 || counts[i] > 600;
  printf("values that are too rare or too frequent: %d\n", missing);

  char text[16];
  for (size_t len = 0; len < 5; len++) {
    memset(text, '#', sizeof(text));
    char *result = mg_random_str(text, len);
    printf("a string of %d: %d, ", (int) len, result == text);
    for (int i = 0; i < 6; i++) printf("%c", text[i] == 0 ? '0' : text[i] == '#' ? '#' : 'x');
    printf("\n");
  }
  static char letters[20000];
  int other = 0, kinds = 0, seen[256] = {0};
  mg_random_str(letters, sizeof(letters));
  for (size_t i = 0; i + 1 < sizeof(letters); i++) seen[(unsigned char) letters[i]]++;
  for (int i = 0; i < 256; i++) {
    bool alnum = (i >= '0' && i <= '9') || (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
    kinds += seen[i] > 0;
    other += !alnum && seen[i] > 0;
  }
  printf("length: %d\n", (int) strlen(letters));
  printf("different characters: %d, others than letters and digits: %d\n", kinds, other);
  return 0;
}
