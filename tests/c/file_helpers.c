// mg_file_read, mg_file_write, mg_file_printf, mg_fs_ls on the host's files.

#include "mongoose.h"

#define FS (&mg_fs_posix)

static void put(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  fputs(text, f);
  fclose(f);
}

static void content(const char *label, const char *path) {
  struct mg_str s = mg_file_read(FS, path);
  printf("%s: %s %lu %.*s\n", label, s.buf == NULL ? "NULL" : "data", (unsigned long) s.len, (int) (s.len > 40 ? 40 : s.len), s.buf == NULL ? "" : s.buf);
  if (s.buf != NULL && s.buf[s.len] != '\0') printf("%s, NUL behind: no\n", label);
  mg_free(s.buf);
}

static unsigned mode(const char *path) {
  struct stat s;
  return lstat(path, &s) == 0 ? (unsigned) s.st_mode & 0170777 : 0;
}

static int s_entries;

static void count(const char *name, void *param) {
  (void) name, (void) param;
  s_entries++;
}

static int entries(const char *dir) {
  s_entries = 0;
  FS->ls(dir, count, NULL);
  return s_entries;
}

int main(void) {
  char buf[300], names[10][300], longer[300];
  static char large[300000];
  int n = 0;
  umask(022);
  mg_log_level = MG_LL_NONE;
  mkdir("w", 0755);
  content("read nothing", "nope"), content("read a directory", "w");
  printf("write: %d\n", mg_file_write(FS, "w/a", "hello", 5)), content("write, content", "w/a");
  printf("write, mode: %o\n", mode("w/a"));
  printf("write again: %d\n", mg_file_write(FS, "w/a", "bye", 3)), content("write again, content", "w/a");
  printf("write nothing: %d\n", mg_file_write(FS, "w/a", NULL, 0)), content("write nothing, content", "w/a");
  printf("write a NUL: %d\n", mg_file_write(FS, "w/a", "a\0b", 3));
  struct mg_str s = mg_file_read(FS, "w/a");
  printf("read a NUL: %lu %d\n", (unsigned long) s.len, s.len == 3 && memcmp(s.buf, "a\0b", 4) == 0);
  mg_free(s.buf);
  memset(large, 'x', sizeof(large));
  printf("write much: %d\n", mg_file_write(FS, "w/a", large, sizeof(large))), content("write much, content", "w/a");
  chmod("w/a", 0600);
  printf("write over mode 0600: %d\n", mg_file_write(FS, "w/a", "x", 1)), printf("write over mode 0600, mode: %o\n", mode("w/a"));
  put("w/target", "target");
  if (symlink("target", "w/link") != 0) return 1;
  printf("write over a link: %d\n", mg_file_write(FS, "w/link", "new", 3)), content("write over a link, target", "w/target");
  printf("write over a link, mode: %o\n", mode("w/link"));
  mkdir("w/full", 0755), put("w/full/x", "");
  printf("write over a full directory: %d\n", mg_file_write(FS, "w/full", "new", 3));
  printf("write in no directory: %d\n", mg_file_write(FS, "w/nope/x", "new", 3));
  printf("nothing left behind: %d\n", entries("w"));
  mkdir("w/empty", 0755);
  printf("write over an empty directory: %d\n", mg_file_write(FS, "w/empty", "new", 3));
  memset(longer, 'n', sizeof(longer)), longer[0] = 'w', longer[1] = '/', longer[252] = '\0';
  printf("name too long for a temporary file: %d\n", mg_file_write(FS, longer, "new", 3));

  printf("printf: %d\n", mg_file_printf(FS, "w/p", "%s-%d.", "a", 5)), content("printf, content", "w/p");
  printf("printf much: %d\n", mg_file_printf(FS, "w/p", "%s|%.*s", "start", 50000, large)), content("printf much, content", "w/p");
  printf("printf quoted: %d\n", mg_file_printf(FS, "w/p", "{%m:%d}", MG_ESC("key"), 7)), content("printf quoted, content", "w/p");
  printf("printf in no directory: %d\n", mg_file_printf(FS, "w/nope/x", "%d", 1));

  mkdir("ls", 0755), put("ls/one", ""), put("ls/two", ""), put("ls/.dot", "");
  buf[0] = '\0';
  while (n < 10 && mg_fs_ls(FS, "ls", buf, sizeof(buf))) strcpy(names[n++], buf);
  int found = 0;
  for (int i = 0; i < n; i++) found |= strcmp(names[i], "one") == 0 ? 1 : strcmp(names[i], "two") == 0 ? 2 : strcmp(names[i], ".dot") == 0 ? 4 : 8;
  printf("ls: %d names, set %d, then [%s]\n", n, found, buf);
  buf[0] = '\0';
  printf("ls of an empty name: %d [%s]\n", mg_fs_ls(FS, "nope", buf, sizeof(buf)), buf);
  mkdir("none", 0755);
  printf("ls of an empty directory: %d [%s]\n", mg_fs_ls(FS, "none", buf, sizeof(buf)), buf);
  strcpy(buf, "gone");
  bool more = mg_fs_ls(FS, "ls", buf, sizeof(buf));
  printf("ls behind a name that is not there: %d [%s]\n", more, buf);
  mkdir("long", 0755), put("long/a-long-name", "");
  buf[0] = '\0';
  more = mg_fs_ls(FS, "long", buf, 6);
  printf("ls without room: %d [%s]\n", more, buf);
  buf[0] = '\0';
  printf("ls with just enough room: %d", mg_fs_ls(FS, "long", buf, 12));
  printf(" [%s]\n", buf);
  return 0;
}
