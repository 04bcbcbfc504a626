// Handlers and output functions that change the list of methods, and missing arguments. The reference reads
// freed memory or NULL.
#undef NDEBUG
#include "mongoose.h"
#include <assert.h>

static struct mg_rpc *s_head;
static struct mg_iobuf s_io = {NULL, 0, 0, 64};

static void expect(const char *text) {
  if (s_io.len == strlen(text) && memcmp(s_io.buf, text, s_io.len) == 0) {
    s_io.len = 0;
    return;
  }
  printf("expected %s\ngot      %.*s\n", text, (int) s_io.len, (char *) s_io.buf);
  exit(1);
}

static void other(struct mg_rpc_req *r) {
  mg_rpc_ok(r, "%d", 2);
}

static void removes_itself(struct mg_rpc_req *r) {
  mg_rpc_del(r->head, removes_itself);
  mg_rpc_ok(r, "%d", 1);
}

static void removes_all(struct mg_rpc_req *r) {
  mg_rpc_del(r->head, NULL);
  mg_rpc_list(r);
}

static void calls_again(struct mg_rpc_req *r) {
  struct mg_str frame = r->frame;
  mg_rpc_add(r->head, mg_str("new"), other, NULL);
  r->frame = mg_str("{\"id\":7,\"method\":\"new\"}");
  mg_rpc_process(r);
  r->frame = frame;
  mg_rpc_del(r->head, NULL);
  mg_rpc_process(r);
}

static void removes_while_writing(char ch, void *arg) {
  mg_rpc_del((struct mg_rpc **) arg, NULL);
  mg_pfn_iobuf(ch, &s_io);
}

static void process(const char *frame) {
  struct mg_rpc_req r = {&s_head, NULL, mg_pfn_iobuf, &s_io, NULL, mg_str(frame)};
  mg_rpc_process(&r);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_rpc_add(&s_head, mg_str("a"), other, NULL);
  mg_rpc_add(&s_head, mg_str("b"), removes_itself, NULL);
  mg_rpc_add(&s_head, mg_str("b2"), removes_itself, NULL);
  process("{\"id\":1,\"method\":\"b\"}");
  expect("{\"id\":1,\"result\":1}");
  process("{\"id\":1,\"method\":\"b\"}");
  expect("{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"b not found\"}}");
  process("{\"id\":1,\"method\":\"a\"}");
  expect("{\"id\":1,\"result\":2}");

  mg_rpc_add(&s_head, mg_str("c"), removes_all, NULL);
  process("{\"id\":1,\"method\":\"c\"}");
  expect("{\"id\":1,\"result\":[]}");
  assert(s_head == NULL);

  mg_rpc_add(&s_head, mg_str("d"), calls_again, NULL);
  process("{\"id\":1,\"method\":\"d\"}");
  expect("{\"id\":7,\"result\":2}{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"d not found\"}}");

  mg_rpc_add(&s_head, mg_str("e"), mg_rpc_list, NULL);
  mg_rpc_add(&s_head, mg_str("f"), other, NULL);
  struct mg_rpc_req r = {&s_head, NULL, removes_while_writing, &s_head, NULL, mg_str("{\"id\":1,\"method\":\"e\"}")};
  mg_rpc_process(&r);
  expect("{\"id\":1,\"result\":[\"f\",\"e\"]}");
  assert(s_head == NULL);

  // A method without a handler is no method.
  mg_rpc_add(&s_head, mg_str("g"), NULL, NULL);
  process("{\"id\":1,\"method\":\"g\"}");
  expect("{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"g not found\"}}");
  mg_rpc_del(&s_head, other);
  assert(s_head != NULL);
  mg_rpc_del(&s_head, NULL);
  assert(s_head == NULL);

  r = (struct mg_rpc_req) {NULL, NULL, mg_pfn_iobuf, &s_io, NULL, mg_str("{\"id\":1}")};
  mg_rpc_list(&r);
  expect("{\"id\":1,\"result\":[]}");
  r.pfn = NULL;
  mg_rpc_list(&r);
  mg_rpc_ok(&r, "%d", 1);
  mg_rpc_process(&r);
  mg_rpc_process(NULL);
  mg_rpc_list(NULL);
  mg_rpc_ok(NULL, "%d", 1);
  mg_rpc_err(NULL, 1, "%d", 1);
  mg_rpc_vok(NULL, NULL, NULL);
  mg_rpc_verr(NULL, 1, NULL, NULL);
  mg_rpc_add(NULL, mg_str("x"), other, NULL);
  mg_rpc_del(NULL, NULL);
  mg_iobuf_free(&s_io);
  return 0;
}
