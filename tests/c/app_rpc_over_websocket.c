// JSON-RPC over a WebSocket, both ways: methods of the server with arguments, results made by printers, errors,
// notifications, and calls of the server that the client answers.

#include "loop.h"

static struct mg_rpc *s_methods;
static bool s_done;

static void sum(struct mg_rpc_req *r) {
  double a = 0, b = 0;
  if (mg_json_get_num(r->frame, "$.params[0]", &a) && mg_json_get_num(r->frame, "$.params[1]", &b)) mg_rpc_ok(r, "%g", a + b);
  else mg_rpc_err(r, -32602, "%m", MG_ESC("two numbers, please"));
}

static void reverse(struct mg_rpc_req *r) {
  char *text = mg_json_get_str(r->frame, "$.params.text");
  for (size_t i = 0, n = text ? strlen(text) : 0; i < n / 2; i++) {
    char ch = text[i];
    text[i] = text[n - 1 - i], text[n - 1 - i] = ch;
  }
  if (text == NULL) mg_rpc_err(r, -32602, NULL);
  else mg_rpc_ok(r, "{%m:%m}", MG_ESC("reversed"), MG_ESC(text));
  mg_free(text);
}

static void note(struct mg_rpc_req *r) {
  struct mg_str text = mg_json_get_tok(r->frame, "$.params");
  add("noted %.*s by %.*s\n", (int) text.len, text.buf, (int) r->rpc->method.len, r->rpc->method.buf);
  struct mg_connection *c = (struct mg_connection *) r->req_data;
  mg_ws_printf(c, WEBSOCKET_OP_TEXT, "{%m:%d,%m:%m}", MG_ESC("id"), 100, MG_ESC("method"), MG_ESC("who"));
}

static void answered(struct mg_rpc_req *r) {
  struct mg_str result = mg_json_get_tok(r->frame, "$.result");
  add("client answered %.*s\n", (int) result.len, result.buf);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev != MG_EV_WS_MSG) return;
  struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
  struct mg_iobuf io = {NULL, 0, 0, 512};
  struct mg_rpc_req r = {&s_methods, NULL, mg_pfn_iobuf, &io, c, wm->data};
  mg_rpc_process(&r);
  if (io.len > 0) mg_ws_send(c, io.buf, io.len, WEBSOCKET_OP_TEXT);
  mg_iobuf_free(&io);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static const char *calls[] = {
      "{\"id\": 1, \"method\": \"sum\", \"params\": [1, 2.5]}",
      "{\"id\": \"two\", \"method\": \"sum\", \"params\": [1]}",
      "{\"id\": 3, \"method\": \"text.reverse\", \"params\": {\"text\": \"a\\\"b\\n\"}}",
      "{\"id\": 4, \"method\": \"text.reverse\"}",
      "{\"id\": 5, \"method\": \"nothing\"}",
      "{\"id\": 6",
      "{\"method\": \"note\", \"params\": {\"a\": [true]}}",
  };
  size_t *step = (size_t *) c->fn_data;
  if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    add("%.*s\n", (int) wm->data.len, wm->data.buf);
    if (mg_json_get_long(wm->data, "$.id", 0) == 100) {
      mg_ws_printf(c, WEBSOCKET_OP_TEXT, "{%m:%d,%m:%m}", MG_ESC("id"), 100, MG_ESC("result"), MG_ESC("me"));
      s_done = true;
      return;
    }
  }
  if ((ev == MG_EV_WS_OPEN || ev == MG_EV_WS_MSG) && *step < sizeof(calls) / sizeof(calls[0])) {
    mg_ws_send(c, calls[*step], strlen(calls[*step]), WEBSOCKET_OP_TEXT);
    ++*step;
  }
}

int main(void) {
  size_t step = 0;
  start();
  mg_rpc_add(&s_methods, mg_str("sum"), sum, NULL);
  mg_rpc_add(&s_methods, mg_str("text.*"), reverse, NULL);
  mg_rpc_add(&s_methods, mg_str("note"), note, NULL);
  mg_rpc_add(&s_methods, mg_str(""), answered, NULL);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  mg_ws_connect(&mgr, url_of("ws", l, "/rpc"), client, &step, NULL);
  poll_until(s_done && strstr(trace, "client answered") != NULL);
  show_trace("calls");
  mg_mgr_free(&mgr);
  mg_rpc_del(&s_methods, NULL);
  return 0;
}
