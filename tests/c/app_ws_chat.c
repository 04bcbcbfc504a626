// A chat: what one says goes to all others over the manager's list; joining and leaving is announced, a name is kept in
// c->data, and who is rude is thrown out in the middle of a broadcast.

#include "loop.h"

static void tell(struct mg_connection *from, const char *fmt, ...) {
  char text[200];
  va_list ap;
  va_start(ap, fmt);
  size_t n = mg_vsnprintf(text, sizeof(text), fmt, &ap);
  va_end(ap);
  for (struct mg_connection *c = from->mgr->conns; c != NULL; c = c->next) {
    if (c != from && c->is_websocket && c->data[0] != '\0') mg_ws_send(c, text, n, WEBSOCKET_OP_TEXT);
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    char name[20];
    if (mg_http_get_var(&hm->query, "name", name, sizeof(name)) <= 0) {
      mg_http_reply(c, 400, "", "no name");
    } else {
      snprintf(c->data, sizeof(c->data), "%s", name);
      mg_ws_upgrade(c, hm, "X-Name: %s\r\n", name);
    }
  } else if (ev == MG_EV_WS_OPEN) {
    tell(c, "%s joined", c->data);
    mg_ws_printf(c, WEBSOCKET_OP_TEXT, "welcome %s", c->data);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    if (mg_match(wm->data, mg_str("#damn#"), NULL)) {
      mg_ws_printf(c, WEBSOCKET_OP_CLOSE, "%c%c%s", 3, 240, "rude");
      tell(c, "%s was rude", c->data);
      c->is_draining = 1;
    } else {
      tell(c, "%s: %.*s", c->data, (int) wm->data.len, wm->data.buf);
    }
  } else if (ev == MG_EV_CLOSE && c->is_websocket) {
    tell(c, "%s left", c->data);
  }
}

struct person {
  struct mg_connection *c;
  char heard[500];
  int closed, open;
};

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct person *p = (struct person *) c->fn_data;
  size_t n = strlen(p->heard);
  if (ev == MG_EV_WS_OPEN) {
    struct mg_str *name = mg_http_get_header((struct mg_http_message *) ev_data, "X-Name");
    snprintf(p->heard + n, sizeof(p->heard) - n, "<%.*s>", name ? (int) name->len : 0, name ? name->buf : "");
    p->open = 1;
  }
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    snprintf(p->heard + n, sizeof(p->heard) - n, "[%.*s]", (int) wm->data.len, wm->data.buf);
  }
  if (ev == MG_EV_CLOSE) p->closed = 1, p->c = NULL;
}

static void expect_heard(struct person *p, const char *text) {
  poll_until(strstr(p->heard, text) != NULL);
}

static void speak(struct person *p, const char *text) {
  mg_ws_send(p->c, text, strlen(text), WEBSOCKET_OP_TEXT);
}

int main(void) {
  static struct person a, b, d;
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  a.c = mg_ws_connect(&mgr, url_of("ws", l, "/chat?name=ann"), client, &a, NULL);
  expect_heard(&a, "welcome");
  b.c = mg_ws_connect(&mgr, url_of("ws", l, "/chat?name=bob%20b"), client, &b, NULL);
  expect_heard(&b, "welcome"), expect_heard(&a, "joined");
  d.c = mg_ws_connect(&mgr, url_of("ws", l, "/chat?name=dan"), client, &d, NULL);
  expect_heard(&d, "welcome"), expect_heard(&a, "dan joined"), expect_heard(&b, "dan joined");
  speak(&a, "hello all");
  expect_heard(&b, "hello"), expect_heard(&d, "hello");
  speak(&b, "damn that");
  expect_heard(&a, "left"), expect_heard(&d, "left");
  poll_until(b.closed);
  d.c->is_closing = 1;
  expect_heard(&a, "dan left");
  ask(l, "without name", "GET /chat HTTP/1.1\r\n\r\n");
  show("ann", a.heard), show("bob", b.heard), show("dan", d.heard);
  printf("closed: %d %d %d\n", a.closed, b.closed, d.closed);
  mg_mgr_free(&mgr);
  return 0;
}
