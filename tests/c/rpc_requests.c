// mg_rpc_process: the answer to each frame, byte for byte.
#include "mongoose.h"

static void print(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (s[i] > ' ' && s[i] <= '~') putchar(s[i]);
    else printf("\\x%02x", (unsigned char) s[i]);
  }
}

static void sum(struct mg_rpc_req *r) {
  double a = 0, b = 0;
  mg_json_get_num(r->frame, "$.params[0]", &a);
  mg_json_get_num(r->frame, "$.params[1]", &b);
  mg_rpc_ok(r, "%g", a + b);
}

static void nothing(struct mg_rpc_req *r) {
  mg_rpc_ok(r, NULL);
}

static void fail(struct mg_rpc_req *r) {
  mg_rpc_err(r, -500, "%m", MG_ESC("bad \"thing\""));
}

static void fail_without_text(struct mg_rpc_req *r) {
  mg_rpc_err(r, 7, NULL);
}

static void silent(struct mg_rpc_req *r) {
  (void) r;
}

static void twice(struct mg_rpc_req *r) {
  mg_rpc_ok(r, "%d", 1);
  mg_rpc_err(r, 2, "%d", 3);
}

static void data(struct mg_rpc_req *r) {
  mg_rpc_ok(r, "[%m,%m,%d]", MG_ESC((char *) r->rpc->fn_data), MG_ESC((char *) r->req_data), (int) r->rpc->method.len);
}

static void answer(struct mg_rpc_req *r) {
  ++*(int *) r->rpc->fn_data;
}

static int s_answers;

static void process_n(struct mg_rpc *head, const char *frame, size_t len, const char *label) {
  struct mg_iobuf io = {NULL, 0, 0, 64};
  struct mg_rpc_req r = {&head, NULL, mg_pfn_iobuf, &io, (void *) "data", mg_str_n(frame, len)};
  printf("%s ", label);
  print(frame, len);
  printf(" -> : ");
  mg_rpc_process(&r);
  print((char *) io.buf, io.len);
  printf(", method ");
  if (r.rpc == NULL) printf("none");
  else print(r.rpc->method.buf, r.rpc->method.len);
  printf(", answers %d\n", s_answers);
  mg_iobuf_free(&io);
}

static void process(struct mg_rpc *head, const char *frame, const char *label) {
  process_n(head, frame, strlen(frame), label);
}

int main(void) {
  struct mg_rpc *head = NULL;
  static const char *frames[] = {
      "{\"id\":1,\"method\":\"sum\",\"params\":[1,2.5]}",
      "{\"id\":\"a\\\"b\",\"method\":\"sum\",\"params\":[1,2.5]}",
      "{\"id\":null,\"method\":\"sum\",\"params\":[1,2]}",
      "{\"id\":{\"x\":[1]},\"method\":\"sum\",\"params\":[1,2]}",
      "{\"id\":-1.50e+1,\"method\":\"sum\",\"params\":[1,2]}",
      "{\"id\":true,\"method\":\"sum\",\"params\":[]}",
      "{\"method\":\"sum\",\"params\":[1,2]}",
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sum\",\"params\":[4,5]}",
      " { \"method\" : \"sum\" , \"params\" : [ 1 , 2 ] , \"id\" : 9 } ",
      "{\"params\":{\"id\":5,\"method\":\"x\"},\"method\":\"sum\",\"id\":6}",
      "{\"id\":1,\"id\":2,\"method\":\"sum\"}",
      "{\"id\":1,\"method\":\"sum\",\"method\":\"nothing\"}",
      "{\"id\":1,\"method\":\"sum\"",
      "{\"id\":1,\"method\":\"sum\",",
      "{\"method\":\"sum\",\"params\":[1,",
      "{\"id\":1,\"method\":\"nothing\"}",
      "{\"method\":\"nothing\"}",
      "{\"id\":1,\"method\":\"fail\"}",
      "{\"method\":\"fail\"}",
      "{\"id\":1,\"method\":\"fail without text\"}",
      "{\"id\":1,\"method\":\"silent\"}",
      "{\"id\":1,\"method\":\"twice\"}",
      "{\"id\":1,\"method\":\"data\"}",
      "{\"id\":1,\"method\":\"rpc.list\"}",
      "{\"method\":\"rpc.list\"}",
      "{\"id\":1,\"method\":\"get/b\"}",
      "{\"id\":1,\"method\":\"get/b/c\"}",
      "{\"id\":1,\"method\":\"deep/b/c\"}",
      "{\"id\":1,\"method\":\"nope\"}",
      "{\"method\":\"nope\"}",
      "{\"id\":1,\"method\":\"SUM\"}",
      "{\"id\":1,\"method\":\"sum \"}",
      "{\"id\":1,\"method\":\"s\\u0075m\"}",
      "{\"id\":1,\"method\":\"a\\\"b\\\\\"}",
      "{\"id\":1,\"method\":\"a\tb\"}",
      "{\"id\":1,\"method\":5}",
      "{\"id\":1,\"method\":null}",
      "{\"id\":1,\"method\":[\"sum\"]}",
      "{\"id\":1,\"method\":\"\"}",
      "{\"id\":1,\"result\":5}",
      "{\"id\":1,\"result\":null}",
      "{\"result\":{}}",
      "{\"id\":1,\"error\":{\"code\":1,\"message\":\"x\"}}",
      "{\"id\":1,\"method\":7,\"error\":1}",
      "{\"id\":1}",
      "{}",
      "haha",
      "",
      " ",
      "[1,2]",
      "[{\"id\":1,\"method\":\"sum\"},{\"id\":2,\"method\":\"sum\"}]",
      "\"sum\"",
      "null",
      "{\"id\":1,\"method\":\"sum",
      "{\"id\":1 \"method\":\"sum\"}",
      "{'id':1,'method':'sum'}",
      "a\"b\\c\nd\xff",
      "{\"id\":[,\"method\":\"sum\"}",
      "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],\"id\":1,\"method\":\"sum\"}",
      "{\"id\":1,\"method\":\"sum\",\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
  };
  mg_rpc_add(&head, mg_str("sum"), sum, NULL);
  mg_rpc_add(&head, mg_str("nothing"), nothing, NULL);
  mg_rpc_add(&head, mg_str("fail"), fail, NULL);
  mg_rpc_add(&head, mg_str("fail without text"), fail_without_text, NULL);
  mg_rpc_add(&head, mg_str("silent"), silent, NULL);
  mg_rpc_add(&head, mg_str("twice"), twice, NULL);
  mg_rpc_add(&head, mg_str("data"), data, (void *) "own \"data\"");
  mg_rpc_add(&head, mg_str("get/*"), nothing, NULL);
  mg_rpc_add(&head, mg_str("deep/#"), nothing, NULL);
  mg_rpc_add(&head, mg_str("rpc.list"), mg_rpc_list, NULL);
  for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
    process(head, frames[i], "methods");
    process(NULL, frames[i], "no methods");
  }
  process_n(head, "a\0b", 3, "a NUL");
  process_n(head, "{\"id\":1,\"method\":\"s\0m\"}", 23, "a NUL");
  process_n(head, "{\"id\":1,\"method\":\"sum\"}garbage", 15, "cut");
  process_n(head, "{\"id\":1,\"method\":\"sum\"}garbage", 23, "exact");
  process_n(head, NULL, 0, "NULL");
  process(head, "a\x01", "a control character");
  mg_rpc_add(&head, mg_str(""), answer, &s_answers);
  for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) process(head, frames[i], "methods and answers");
  mg_rpc_add(&head, mg_str("#"), nothing, NULL);
  process(head, "{\"id\":1,\"method\":\"a/b\"}", "a method for everything");
  process(head, "{\"id\":1,\"result\":1}", "a method for everything");
  process(head, "{\"id\":1}", "a method for everything");
  mg_rpc_del(&head, NULL);

  // A frame of length 0 is empty, whatever is behind.
  process_n(head, "{\"id\":1}", 0, "length 0");
  struct mg_rpc_req r = {NULL, (struct mg_rpc *) &head, mg_pfn_stdout, NULL, NULL, mg_str("{\"id\":1,\"method\":\"a\"}")};
  printf("no list: ");
  mg_rpc_process(&r);
  printf("\n");
  return 0;
}
