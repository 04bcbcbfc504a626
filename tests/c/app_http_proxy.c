// A reverse proxy for HTTP: takes a request apart, sends it on with other headers over a connection of its own, and passes
// the answer through as it comes, with the protocol handler of the client's connection set aside.

#include "loop.h"

static const char *backend_url;

static void from_backend(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_connection *client = (struct mg_connection *) c->fn_data;
  (void) ev_data;
  if (ev == MG_EV_READ) {
    if (client != NULL) mg_send(client, c->recv.buf, c->recv.len);
    c->recv.len = 0;
  } else if (ev == MG_EV_CLOSE && client != NULL) {
    client->is_draining = 1, client->fn_data = NULL;
  } else if (ev == MG_EV_ERROR && client != NULL) {
    mg_printf(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
  }
}

static void proxy(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_connection *backend = (struct mg_connection *) c->fn_data;
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    c->fn_data = backend = mg_connect(c->mgr, backend_url, from_backend, c);
    if (backend == NULL) {
      mg_http_reply(c, 502, "", "");
      return;
    }
    mg_printf(backend, "%.*s %.*s%s%.*s HTTP/1.0\r\n", (int) hm->method.len, hm->method.buf, (int) hm->uri.len, hm->uri.buf,
              hm->query.len > 0 ? "?" : "", (int) hm->query.len, hm->query.buf);
    for (int i = 0; i < MG_MAX_HTTP_HEADERS && hm->headers[i].name.len > 0; i++) {
      struct mg_http_header *h = &hm->headers[i];
      if (mg_strcasecmp(h->name, mg_str("Connection")) == 0 || mg_strcasecmp(h->name, mg_str("Transfer-Encoding")) == 0) continue;
      if (mg_strcasecmp(h->name, mg_str("Content-Length")) == 0) continue;
      mg_printf(backend, "%.*s: %.*s\r\n", (int) h->name.len, h->name.buf, (int) h->value.len, h->value.buf);
    }
    mg_printf(backend, "X-Forwarded-For: %M\r\nContent-Length: %d\r\n\r\n", mg_print_ip, &c->rem, (int) hm->body.len);
    mg_send(backend, hm->body.buf, hm->body.len);
  } else if (ev == MG_EV_CLOSE && backend != NULL && !c->is_listening) {
    backend->is_closing = 1, backend->fn_data = NULL;
  }
}

static void backend(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  add("%.*s", (int) hm->message.len, hm->message.buf);
  mg_http_reply(c, 200, "X-Backend: yes\r\n", "got %d bytes", (int) hm->body.len);
}

int main(void) {
  start();
  struct mg_connection *b = mg_http_listen(&mgr, "http://127.0.0.1:0", backend, NULL);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", proxy, NULL);
  backend_url = strdup(url_of("http", b, ""));
  ask(l, "GET", "GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nConnection: keep-alive\r\nX-A: 1\r\n\r\n");
  show_trace("GET, as forwarded");
  ask(l, "POST", "POST /p HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello");
  show_trace("POST, as forwarded");
  ask(l, "chunked", "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  show_trace("chunked, as forwarded");
  b->is_closing = 1;
  turns(3);
  ask(l, "no backend", "GET / HTTP/1.1\r\n\r\n");
  poll_until(number_of_connections(&mgr) == 1);
  printf("connections left: %d\n", number_of_connections(&mgr));
  free((void *) backend_url);
  mg_mgr_free(&mgr);
  return 0;
}
