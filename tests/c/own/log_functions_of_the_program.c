// A program that defines mg_log and mg_log_prefix receives the library's own messages. The reference needs a build
// option for that.
#include "mongoose.h"

static char s_text[200];
static int s_level;

void mg_log_prefix(int level, const char *file, int line, const char *fname) {
  if (file != NULL && line > 0 && fname != NULL) s_level = level;
}

void mg_log(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(s_text, sizeof(s_text), fmt, ap);
  va_end(ap);
}

int main(void) {
  struct mg_iobuf io = {NULL, 0, 0, 0};
  mg_iobuf_resize(&io, ((size_t) -1) / 2);
  printf("%d %s\n", s_level, s_text);
  return !(s_level == MG_LL_ERROR && strcmp(s_text, "0->9223372036854775807") == 0);
}
