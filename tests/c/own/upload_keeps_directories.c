// An upload never replaces or removes a directory, whatever the client calls the file.

#include "../limits.h"
#include <sys/stat.h>

static char s_dir[] = "/tmp/upload_keeps_directories.XXXXXX";
static long s_result;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_MSG) s_result = mg_http_upload(c, (struct mg_http_message *) ev_data, &mg_fs_posix, s_dir, 1000);
}

static bool is_directory(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int main(void) {
  struct mg_mgr mgr;
  char sub[100], file[100];
  CHECK(mkdtemp(s_dir) != NULL);
  snprintf(sub, sizeof(sub), "%s/sub", s_dir), snprintf(file, sizeof(file), "%s/file", s_dir);
  CHECK(mkdir(sub, 0700) == 0);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  const char *names[] = {"sub", "sub/", "./sub", "sub%2f", "/sub", "/", ".", "./", "%2f", "sub/."};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    char text[200];
    snprintf(text, sizeof(text), "POST /?file=%s&offset=0 HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", names[i]);
    int fd = dial(l);
    say(fd, text, strlen(text));
    struct mg_str answer = hear(&mgr, fd);
    CHECK(begins(answer, "HTTP/1.1 400 ") && s_result < 0);
    CHECK(is_directory(s_dir) && is_directory(sub));
  }
  const char *good = "POST /?file=file HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
  int fd = dial(l);
  say(fd, good, strlen(good));
  CHECK(begins(hear(&mgr, fd), "HTTP/1.1 200 ") && s_result == 5);
  mg_mgr_free(&mgr);
  CHECK(unlink(file) == 0 && rmdir(sub) == 0 && rmdir(s_dir) == 0);
  return 0;
}
