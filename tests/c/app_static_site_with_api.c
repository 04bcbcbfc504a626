// A site of files with an API beside it: files of a folder, a download with another name, a page for what is not there, headers
// of the program's own, and a file made of a template by a printer.

#include <sys/stat.h>

#include "loop.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  struct mg_http_serve_opts opts = {
      .root_dir = "site", .extra_headers = "X-Served-By: us\r\n", .mime_types = "data=text/x-data", .page404 = "site/404.html"};
  if (mg_match(hm->uri, mg_str("/api/time"), NULL)) {
    mg_http_reply(c, 200, "Content-Type: application/json\r\nCache-Control: no-cache\r\n", "{%m:%d}\n", MG_ESC("now"), 5);
  } else if (mg_match(hm->uri, mg_str("/download"), NULL)) {
    opts.extra_headers = "Content-Disposition: attachment; filename=\"report.txt\"\r\n";
    mg_http_serve_file(c, hm, "site/a.data", &opts);
  } else if (mg_match(hm->uri, mg_str("/page/*"), NULL)) {
    struct mg_str text = mg_file_read(&mg_fs_posix, "site/template.html");
    mg_http_reply(c, 200, "Content-Type: text/html\r\n", text.buf, 42, "name & more");
    mg_free(text.buf);
  } else {
    mg_http_serve_dir(c, hm, &opts);
  }
}

static void write_file(const char *path, const char *text) {
  mg_file_write(&mg_fs_posix, path, text, strlen(text));
}

// Without the tags of files, which depend on their times.
static void get(struct mg_connection *l, const char *uri, const char *method) {
  char request[200], label[120], *tag, *end;
  static char text[5000];
  snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", method, uri);
  snprintf(label, sizeof(label), "%s %s", method, uri);
  int fd = dial(l);
  say(fd, request);
  snprintf(text, sizeof(text), "%s", response(fd));
  if ((tag = strstr(text, "Etag: ")) != NULL && (end = strstr(tag, "\r\n")) != NULL) memmove(tag + 6, end, strlen(end) + 1);
  show(label, text);
  close(fd);
}

int main(void) {
  start();
  mkdir("site", 0755), mkdir("site/sub", 0755);
  write_file("site/index.html", "<h1>home</h1>");
  write_file("site/404.html", "not here");
  write_file("site/a.data", "1,2,3\n");
  write_file("site/template.html", "<p>%d: %s</p>");
  write_file("site/sub/index.html", "sub");
  write_file("site/my file.txt", "spaces");
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  get(l, "/", "GET");
  get(l, "/index.html", "GET");
  get(l, "/a.data", "GET");
  get(l, "/a.data?x=y", "GET");
  get(l, "/sub/", "GET");
  get(l, "/sub", "GET");
  get(l, "/my%20file.txt", "GET");
  get(l, "/nothing", "GET");
  get(l, "/sub/nothing/deep.html", "GET");
  get(l, "/api/time", "GET");
  get(l, "/download", "GET");
  get(l, "/page/1", "GET");
  mg_mgr_free(&mgr);
  return 0;
}
