// Forms of web pages, over a connection: GET with a query, POST urlencoded, multipart with files, and what is missing or too
// long in them.

#include "loop.h"

static void variables(struct mg_connection *c, struct mg_str vars) {
  char name[10], comment[30];
  int n = mg_http_get_var(&vars, "name", name, sizeof(name)), m = mg_http_get_var(&vars, "comment", comment, sizeof(comment));
  mg_http_reply(c, n > 0 ? 200 : 400, "", "%d [%s] %d [%s]", n, n > 0 ? name : "", m, m > 0 ? comment : "");
}

static void parts(struct mg_connection *c, struct mg_str body) {
  struct mg_http_part part;
  mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (size_t ofs = 0; (ofs = mg_http_next_multipart(body, ofs, &part)) > 0;) {
    mg_http_printf_chunk(c, "%.*s (%.*s): %lu bytes, crc %x\n", (int) part.name.len, part.name.buf, (int) part.filename.len, part.filename.buf,
                         (unsigned long) part.body.len, mg_crc32(0, part.body.buf, part.body.len));
  }
  mg_http_printf_chunk(c, "");
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  struct mg_str *type = mg_http_get_header(hm, "Content-Type");
  if (mg_strcmp(hm->method, mg_str("GET")) == 0) variables(c, hm->query);
  else if (type != NULL && mg_match(*type, mg_str("multipart/form-data#"), NULL)) parts(c, hm->body);
  else variables(c, hm->body);
}

static void post(struct mg_connection *l, const char *label, const char *type, const char *body) {
  static char request[5000];
  snprintf(request, sizeof(request), "POST / HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", type, (int) strlen(body), body);
  ask(l, label, request);
}

#define FORM "application/x-www-form-urlencoded"

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  ask(l, "query", "GET /?name=ann&comment=a%26b+c HTTP/1.1\r\n\r\n");
  ask(l, "no query", "GET / HTTP/1.1\r\n\r\n");
  ask(l, "empty query", "GET /? HTTP/1.1\r\n\r\n");
  ask(l, "empty value", "GET /?name= HTTP/1.1\r\n\r\n");
  ask(l, "name without value", "GET /?name&comment=x HTTP/1.1\r\n\r\n");
  ask(l, "name inside another", "GET /?surname=x&name=y HTTP/1.1\r\n\r\n");
  ask(l, "twice", "GET /?name=first&name=second HTTP/1.1\r\n\r\n");
  ask(l, "other case", "GET /?NAME=x HTTP/1.1\r\n\r\n");
  post(l, "form", FORM, "name=bob&comment=1%2B1%3D2%0Aand%20more");
  post(l, "a value that just fits", FORM, "name=123456789");
  post(l, "a value that is too long", FORM, "name=1234567890&comment=c");
  post(l, "bad escape", FORM, "name=%4&comment=%zz");
  post(l, "UTF-8", FORM, "name=%C3%A9%E2%82%AC");
  post(l, "equal signs", FORM, "name=a=b=c");
  post(l, "line end behind", FORM, "comment=x&name=y\r\n");
  post(l, "semicolons", FORM, "comment=x;name=y");
  post(l, "no content", FORM, "");
  post(l, "multipart", "multipart/form-data; boundary=bbb",
       "--bbb\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n"
       "--bbb\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
       "line\r\nline\r\n\r\n"
       "--bbb\r\nContent-Disposition: form-data; name=\"empty\"; filename=\"\"\r\n\r\n\r\n--bbb--\r\n");
  post(l, "multipart of nothing", "multipart/form-data; boundary=bbb", "--bbb--\r\n");
  mg_mgr_free(&mgr);
  return 0;
}
