// JSON-RPC 2.0 over WebSocket: methods that clients call, and a notification that goes to all of them.
//
// Build: make examples        Run: target/examples/json_rpc_websocket http://127.0.0.1:8000
// Try:   python3 -m websockets ws://127.0.0.1:8000/rpc
//        {"id":1,"method":"sum","params":[1,2.5]}      answers {"id":1,"result":3.5}
//        {"id":2,"method":"rpc.list"}                  answers with the names of all methods
//        {"method":"say","params":{"text":"hello"}}    {"method":"said",...} goes to every client

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

#define MAX_QUEUED (1024 * 1024)

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void sum(struct mg_rpc_req *r) {
  double total = 0, number;
  struct mg_str value, params = mg_json_get_tok(r->frame, "$.params");
  for (size_t at = 0; (at = mg_json_next(params, at, NULL, &value)) > 0;) {
    if (!mg_json_get_num(value, "$", &number)) {
      mg_rpc_err(r, -32602, "%m", MG_ESC("params must be numbers"));
      return;
    }
    total += number;
  }
  mg_rpc_ok(r, "%.15g", total);
}

static void say(struct mg_rpc_req *r) {
  struct mg_connection *from = (struct mg_connection *) r->req_data;
  struct mg_str text = mg_json_get_tok(r->frame, "$.params.text");
  if (text.len == 0 || text.buf[0] != '"') {
    mg_rpc_err(r, -32602, "%m", MG_ESC("params.text must be a string"));
    return;
  }
  for (struct mg_connection *c = from->mgr->conns; c != NULL; c = c->next) {
    if (!c->is_websocket) continue;
    mg_ws_printf(c, WEBSOCKET_OP_TEXT, "{%m:%m,%m:{%m:%lu,%m:%.*s}}", MG_ESC("method"), MG_ESC("said"), MG_ESC("params"),
                 MG_ESC("from"), from->id, MG_ESC("text"), (int) text.len, text.buf);
    if (c->send.len > MAX_QUEUED) c->is_closing = 1;  // reads too slowly
  }
  mg_rpc_ok(r, NULL);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_strcmp(hm->uri, mg_str("/rpc")) == 0) mg_ws_upgrade(c, hm, NULL);
    else mg_http_reply(c, 404, "", "The WebSocket is at /rpc\n");
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    struct mg_iobuf answer = {NULL, 0, 0, 512};
    struct mg_rpc_req r = {(struct mg_rpc **) c->fn_data, NULL, mg_pfn_iobuf, &answer, c, wm->data};
    mg_rpc_process(&r);
    if (answer.len > 0) mg_ws_send(c, answer.buf, answer.len, WEBSOCKET_OP_TEXT);  // notifications get none
    mg_iobuf_free(&answer);
  }
}

int main(int argc, char *argv[]) {
  const char *url = argc > 1 ? argv[1] : "http://127.0.0.1:8000";
  struct mg_mgr mgr;
  struct mg_rpc *methods = NULL;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  mg_rpc_add(&methods, mg_str("sum"), sum, NULL);
  mg_rpc_add(&methods, mg_str("say"), say, NULL);
  mg_rpc_add(&methods, mg_str("rpc.list"), mg_rpc_list, NULL);
  struct mg_connection *listener = mg_http_listen(&mgr, url, handler, &methods);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  mg_rpc_del(&methods, NULL);
  return 0;
}
