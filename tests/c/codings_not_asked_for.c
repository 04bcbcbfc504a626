// Without mg_http_set_codings(), which the reference does not have, nothing is compressed that is not in a ".gz" file.

#include "loop.h"

static char text[5001];
static struct mg_http_serve_opts opts = {.root_dir = "www"};

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/reply"), NULL)) mg_http_reply(c, 200, "ETag: \"v\"\r\nContent-Type: text/plain\r\n", "%s", text);
  else mg_http_serve_dir(c, hm, &opts);
}

// Makes a file with a fixed time.
static void put(const char *path, const char *content) {
  struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
  FILE *f = fopen(path, "w");
  if (f == NULL) perror(path), exit(1);
  fputs(content, f);
  fclose(f);
  utimensat(AT_FDCWD, path, times, 0);
}

static void get(struct mg_connection *l, const char *uri, const char *fields) {
  char request[500], label[500];
  int fd = dial(l);
  snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n", uri, fields);
  say(fd, request);
  snprintf(label, sizeof(label), "%s %.*s", uri, (int) strcspn(fields, "\r"), fields);
  for (char *p = label; (p = strchr(p, ':')) != NULL;) *p = '=';
  show(label, response(fd));
  close(fd);
  turns(3);
}

int main(void) {
  memset(text, 'x', sizeof(text) - 1);
  mkdir("www", 0755);
  put("www/a.css", text), put("www/a.css.br", "br"), put("www/a.css.zst", "zst");
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  get(l, "/reply", "");
  get(l, "/reply", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
  get(l, "/a.css", "");
  get(l, "/a.css", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
  get(l, "/a.css", "Accept-Encoding: identity;q=0, *\r\n");
  get(l, "/a.css", "If-None-Match: W/\"1000000000.5000\"\r\n");
  get(l, "/a.css", "If-None-Match: \"1\", \"1000000000.5000\"\r\n");
  get(l, "/a.css", "If-None-Match: *\r\n");
  get(l, "/a.css", "Range: bytes=4990-5000\r\n");
  get(l, "/missing", "Accept-Encoding: gzip\r\n");
  mg_mgr_free(&mgr);
  return 0;
}
