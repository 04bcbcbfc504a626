// A client that follows redirects to new connections from its handler, gives up after five, and hands its state on.

#include "loop.h"

static struct mg_connection *s_listener;

struct fetch {
  int hops, status;
  char body[50];
  bool done;
};

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_str part[2];
  char field[200];
  if (ev != MG_EV_HTTP_MSG) return;
  add("%.*s ", (int) hm->uri.len, hm->uri.buf);
  if (mg_match(hm->uri, mg_str("/hop/*"), part) && part[0].buf[0] > '0') {
    mg_snprintf(field, sizeof(field), "Location: %s%c\r\n", url_of("http", s_listener, "/hop/"), part[0].buf[0] - 1);
    mg_http_reply(c, 302, field, "");
  } else if (mg_match(hm->uri, mg_str("/loop"), NULL)) {
    mg_snprintf(field, sizeof(field), "Location: %s\r\n", url_of("http", s_listener, "/loop"));
    mg_http_reply(c, 307, field, "");
  } else if (mg_match(hm->uri, mg_str("/nowhere"), NULL)) {
    mg_http_reply(c, 301, "", "");
  } else if (mg_match(hm->uri, mg_str("/bad"), NULL)) {
    mg_http_reply(c, 301, "Location: http://127.0.0.1:1/\r\n", "");
  } else {
    mg_http_reply(c, 200, "", "arrived");
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct fetch *f = (struct fetch *) c->fn_data;
  if (f == NULL) return;
  if (ev == MG_EV_OPEN) {
    // The path is taken from the URL, which comes along with this event.
    mg_printf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", mg_url_uri((const char *) ev_data));
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    struct mg_str *location = mg_http_get_header(hm, "Location");
    f->status = mg_http_status(hm);
    if (f->status / 100 == 3 && location != NULL && ++f->hops < 5) {
      char url[200];
      mg_snprintf(url, sizeof(url), "%.*s", (int) location->len, location->buf);
      mg_http_connect(c->mgr, url, client, f);
    } else {
      snprintf(f->body, sizeof(f->body), "%.*s", (int) hm->body.len, hm->body.buf);
      f->done = true;
    }
    c->fn_data = NULL, c->is_closing = 1;
  } else if (ev == MG_EV_ERROR) {
    f->status = -1, f->done = true;
  }
}

static void fetch(const char *label, const char *uri) {
  static struct fetch f;
  memset(&f, 0, sizeof(f));
  mg_http_connect(&mgr, url_of("http", s_listener, uri), client, &f);
  poll_until(f.done);
  turns(5);
  printf("%s: status %d, %d hops, [%s], connections %d\n", label, f.status, f.hops, f.body, number_of_connections(&mgr) > 1);
}

int main(void) {
  start();
  s_listener = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  fetch("none", "/");
  fetch("three", "/hop/3");
  fetch("too many", "/loop");
  fetch("no location", "/nowhere");
  fetch("refused location", "/bad");
  show_trace("requests");
  mg_mgr_free(&mgr);
  return 0;
}
