// The host's file system through its table of functions.

#include "mongoose.h"

#define FS (&mg_fs_posix)

static void st(const char *label, const char *path) {
  size_t size = 77;
  time_t mtime = 88;
  int flags = FS->st(path, &size, &mtime);
  printf("st %s: %d %lu %s\n", label, flags, (unsigned long) (flags & MG_FS_DIR ? 0 : size), mtime == 88 ? "time untouched" : mtime == 1000000000 ? "time" : "now");
}

static int s_names;

static void name(const char *text, void *param) {
  s_names++;
  if (strcmp(text, ".hidden") == 0 || strcmp(text, "a") == 0 || strcmp(text, "sub") == 0) strcat(strcat((char *) param, " "), text);
}

static void ls(const char *path) {
  char names[1000] = "";
  s_names = 0;
  FS->ls(path, name, names);
  printf("ls %s: %d names\n", path, s_names);
}

static void content(const char *label, const char *path) {
  char buf[100];
  FILE *f = fopen(path, "r");
  size_t n = f == NULL ? 0 : fread(buf, 1, sizeof(buf), f);
  printf("%s: %.*s\n", label, f == NULL ? 4 : (int) n, f == NULL ? "none" : buf);
  if (f != NULL) fclose(f);
}

static void put(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  fputs(text, f);
  fclose(f);
}

static unsigned mode(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 ? (unsigned) s.st_mode & 07777 : 0;
}

// What a handle opened with these flags can do with a file `hello`.
static void flags(int bits) {
  char buf[20] = "";
  put("flags.txt", "hello");
  void *fd = FS->op("flags.txt", bits);
  printf("flags %d, existing file: %s\n", bits, fd == NULL ? "NULL" : "opened");
  if (fd != NULL) {
    size_t n = FS->rd(fd, buf, 3);
    printf("flags %d, rd: %lu %.*s\n", bits, (unsigned long) n, (int) n, buf);
    FS->sk(fd, 0);
    printf("flags %d, wr: %lu\n", bits, (unsigned long) FS->wr(fd, "XY", 2));
    FS->cl(fd);
    char label[50];
    snprintf(label, sizeof(label), "flags %d, content", bits);
    content(label, "flags.txt");
  }
  FS->rm("new.txt");
  fd = FS->op("new.txt", bits);
  printf("flags %d, no file: %s, mode %o\n", bits, fd == NULL ? "NULL" : "opened", mode("new.txt"));
  if (fd != NULL) {
    printf("flags %d, wr to the new file: %lu\n", bits, (unsigned long) FS->wr(fd, "new", 3));
    FS->cl(fd);
  }
}

int main(void) {
  char buf[100];
  static char large[100000];
  struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
  umask(022);
  mg_log_level = MG_LL_NONE;
  put("a", "abc"), put("empty", ""), mkdir("d", 0755), mkdir("d/sub", 0755), put("d/a", "x"), put("d/.hidden", "x"), mkdir("none", 0755);
  utimensat(AT_FDCWD, "a", times, 0);
  if (symlink("a", "link") != 0 || symlink("nowhere", "dangling") != 0 || symlink("d", "dirlink") != 0 || mkfifo("fifo", 0644) != 0) return 1;

  st("file", "a"), st("empty file", "empty"), st("directory", "d"), st("directory with slash", "d/"), st("link", "link"), st("link to directory", "dirlink");
  st("dangling link", "dangling"), st("FIFO", "fifo"), st("empty name", ""), st("nothing", "nope"), st("file with slash", "a/"), st("device", "/dev/null");
  printf("st without outputs: %d\n", FS->st("a", NULL, NULL));
  ls("d"), ls("d/"), ls("none"), ls("nope"), ls("a"), ls("");
  for (int bits = 0; bits < 16; bits++) flags(bits);
  void *dir = FS->op("d", MG_FS_READ);
  printf("op of a directory for reading: %s\n", dir == NULL ? "NULL" : "opened");
  printf("rd of a directory: %lu\n", (unsigned long) FS->rd(dir, buf, 10));
  FS->cl(dir);
  printf("op of a directory for writing: %s\n", FS->op("d", MG_FS_WRITE) == NULL ? "NULL" : "opened");
  printf("op in no directory: %s\n", FS->op("nope/x", MG_FS_WRITE) == NULL ? "NULL" : "opened");

  put("append", "hello");
  void *fd = FS->op("append", MG_FS_WRITE);
  printf("append, wr: %lu\n", (unsigned long) FS->wr(fd, "XY", 2));
  printf("append, sk: %lu\n", (unsigned long) FS->sk(fd, 0));
  printf("append, wr after sk: %lu\n", (unsigned long) FS->wr(fd, "Z", 1));
  FS->cl(fd);
  content("append, content", "append");

  put("five", "12345");
  fd = FS->op("five", MG_FS_READ);
  printf("sk behind the end: %lu\n", (unsigned long) FS->sk(fd, 100));
  printf("rd behind the end: %lu\n", (unsigned long) FS->rd(fd, buf, 10));
  printf("sk back: %lu\n", (unsigned long) FS->sk(fd, 3));
  size_t n = FS->rd(fd, buf, 10);
  printf("rd the rest: %lu %.*s\n", (unsigned long) n, (int) n, buf);
  int next = open("five", O_RDONLY);  // descriptors are numbered in order
  printf("close-on-exec: %d\n", fcntl(next - 1, F_GETFD) & FD_CLOEXEC);
  close(next);
  FS->cl(fd);

  for (size_t i = 0; i < sizeof(large); i++) large[i] = (char) ('a' + i % 26);
  fd = FS->op("large", MG_FS_WRITE | MG_FS_EXCL);
  printf("wr of pieces: %lu", (unsigned long) FS->wr(fd, large, 10));
  printf(" %lu", (unsigned long) FS->wr(fd, large + 10, 50000));
  printf(" %lu\n", (unsigned long) FS->wr(fd, large + 50010, sizeof(large) - 50010));
  FS->cl(fd);
  struct mg_str whole = mg_file_read(FS, "large");
  printf("wr of pieces, content: %d\n", whole.len == sizeof(large) && memcmp(whole.buf, large, sizeof(large)) == 0);
  mg_free(whole.buf);

  put("from", "from"), put("to", "to");
  printf("mv onto a file: %d\n", FS->mv("from", "to")), content("mv, content", "to");
  printf("mv of nothing: %d\n", FS->mv("nope", "x"));
  printf("mv of a directory: %d\n", FS->mv("none", "none2"));
  printf("rm of a file: %d\n", FS->rm("to")), printf("rm of nothing: %d\n", FS->rm("to"));
  printf("rm of an empty directory: %d\n", FS->rm("none2")), printf("rm of a full directory: %d\n", FS->rm("d"));
  printf("rm of a link to a directory: %d\n", FS->rm("dirlink")), st("directory behind the removed link", "d");
  printf("mkd: %d\n", FS->mkd("made"));
  printf("mkd, mode: %o\n", mode("made"));
  printf("mkd again: %d\n", FS->mkd("made")), printf("mkd in no directory: %d\n", FS->mkd("nope/x")), printf("mkd onto a file: %d\n", FS->mkd("a"));

  struct mg_fd *file = mg_fs_open(FS, "five", MG_FS_READ);
  printf("mg_fs_open: %d\n", file != NULL && file->fs == FS && file->fd != NULL && file->fs->rd(file->fd, buf, 5) == 5);
  mg_fs_close(file);
  printf("mg_fs_open of nothing: %d\n", mg_fs_open(FS, "nope", MG_FS_READ) != NULL);
  mg_fs_close(NULL);
  return 0;
}
