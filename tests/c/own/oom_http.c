// HTTP, both sides, when memory runs out at any allocation: the connection concerned gets MG_EV_ERROR, or the function
// fails; others go on, nothing leaks, and the next request is answered.

#include "../failing_allocator.h"

static const char *path, *body;
static int status;
static size_t body_len;
static bool closed, compress;
static char big[40000], request[70000];

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_HDRS) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/stream"), NULL)) {
      mg_http_start_upload(c, hm, mg_str("streamed"), mg_str("."), NULL, NULL);
    }
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    struct mg_http_serve_opts opts = {.root_dir = ".", .ssi_pattern = "#.shtml"};
    if (mg_match(hm->uri, mg_str("/reply"), NULL)) {
      mg_http_reply(c, 200, "A: b\r\n", "%s %d %m\n", "text", 42, MG_ESC("a\nb"));
    } else if (mg_match(hm->uri, mg_str("/big"), NULL)) {
      mg_http_reply(c, 200, "", "%s", big);
    } else if (mg_match(hm->uri, mg_str("/chunks"), NULL)) {
      mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 20; i++) mg_http_printf_chunk(c, "%d %s\n", i, "chunk");
      mg_http_write_chunk(c, big, sizeof(big) - 1);
      mg_http_write_chunk(c, "", 0);
    } else if (mg_match(hm->uri, mg_str("/form"), NULL)) {
      struct mg_http_part part;
      size_t at = 0, sum = 0;
      while ((at = mg_http_next_multipart(hm->body, at, &part)) > 0) sum += part.body.len;
      mg_http_reply(c, 200, "", "%lu\n", sum);
    } else if (mg_match(hm->uri, mg_str("/upload"), NULL)) {
      mg_http_upload(c, hm, &mg_fs_posix, ".", 1000000);
    } else if (mg_match(hm->uri, mg_str("/count"), NULL)) {
      mg_http_reply(c, 200, "", "%lu\n", hm->body.len);
    } else {
      mg_http_serve_dir(c, hm, &opts);
    }
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) {
    size_t n = strlen(body);
    is(mg_printf(c, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %lu\r\n", n > 0 ? "POST" : "GET", path, n) > 0);
    mg_http_bauth(c, "user", "password");
    if (compress) is(mg_printf(c, "Accept-Encoding: gzip\r\n") > 0);
    is(mg_printf(c, "Content-Type: multipart/form-data; boundary=xyz\r\n\r\n") > 0);
    is(mg_send(c, body, n) || n == 0);
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    status = mg_http_status(hm);
    body_len = hm->body.len;
    c->is_draining = 1;
  } else if (ev == MG_EV_CLOSE) {
    closed = true;
  }
}

// One request, and whether its answer was complete.
static bool exchange(struct world *w) {
  char url[64];
  begin(w);
  begin_faults(w);
  struct mg_connection *l = mg_http_listen(&w->mgr, "http://127.0.0.1:0", server, NULL);
  status = 0, body_len = 0;
  closed = false;
  if (is(l != NULL)) {
    struct mg_http_codings codings = {.size = sizeof(codings), .gzip_level = 6, .siblings = 1};
    if (compress) CHECK(mg_http_set_codings(l, &codings));
    mg_snprintf(url, sizeof(url), "http://127.0.0.1:%d", mg_ntohs(l->loc.port));
    if (is(mg_http_connect(&w->mgr, url, client, NULL) != NULL)) poll_until(&w->mgr, &closed);
  }
  end(w);
  if (status != 200 && status > 0) refusals++;
  return status == 200;
}

static void requests(const char *name, const char *to, const char *with) {
  path = to, body = with;
  every_allocation(name, exchange);
}

int main(void) {
  memset(big, 'x', sizeof(big) - 1);
  mg_file_write(&mg_fs_posix, "file.txt", big, 30000);
  mg_file_write(&mg_fs_posix, "page.shtml", "a<!--#include file=\"file.txt\" -->b", 34);
  mkdir("sub", 0755);
  mg_file_write(&mg_fs_posix, "sub/a<b", "1", 1);

  requests("reply", "/reply", "");
  requests("large reply", "/big", "");
  requests("chunks", "/chunks", "");
  requests("large body", "/count", big);
  requests("file", "/file.txt", "");
  requests("directory", "/sub/", "");
  requests("server side include", "/page.shtml", "");
  requests("upload", "/upload?file=uploaded&offset=0", big);
  requests("streamed upload", "/stream", big);
  snprintf(request, sizeof(request), "--xyz\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n%s\r\n--xyz--\r\n", big);
  requests("form", "/form", request);

  compress = true;
  requests("compressed reply", "/big", "");
  requests("compressed file", "/file.txt", "");
  return 0;
}
