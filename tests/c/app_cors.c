// Requests of pages from elsewhere: preflights are answered, allowed origins are repeated, others get no permission.

#include "loop.h"

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  struct mg_str *origin = mg_http_get_header(hm, "Origin"), *method = mg_http_get_header(hm, "Access-Control-Request-Method");
  char fields[300] = "";
  if (origin != NULL && mg_match(*origin, mg_str("https://#.example.com"), NULL)) {
    mg_snprintf(fields, sizeof(fields), "Access-Control-Allow-Origin: %.*s\r\nVary: Origin\r\n", (int) origin->len, origin->buf);
  }
  if (mg_strcmp(hm->method, mg_str("OPTIONS")) == 0 && method != NULL) {
    size_t n = strlen(fields);
    mg_snprintf(fields + n, sizeof(fields) - n, "%s", "Access-Control-Allow-Methods: GET, PUT\r\nAccess-Control-Max-Age: 600\r\n");
    mg_http_reply(c, 204, fields, "");
  } else {
    mg_http_reply(c, 200, fields, "{%m:%m}\n", MG_ESC("method"), mg_print_esc, (int) hm->method.len, hm->method.buf);
  }
}

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
#define REQUEST(label, line, fields) ask(l, label, line " HTTP/1.1\r\nHost: x\r\n" fields "\r\n")
  REQUEST("same origin", "GET /", "");
  REQUEST("allowed origin", "GET /", "Origin: https://www.example.com\r\n");
  REQUEST("other origin", "GET /", "Origin: https://example.com.evil.org\r\n");
  REQUEST("origin null", "GET /", "Origin: null\r\n");
  REQUEST("preflight", "OPTIONS /x", "Origin: https://www.example.com\r\nAccess-Control-Request-Method: PUT\r\n");
  REQUEST("preflight of another", "OPTIONS /x", "Origin: https://evil.org\r\nAccess-Control-Request-Method: PUT\r\n");
  REQUEST("plain OPTIONS", "OPTIONS *", "Origin: https://www.example.com\r\n");
  mg_mgr_free(&mgr);
  return 0;
}
