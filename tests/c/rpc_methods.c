// The list of methods: order, patterns, removal, mg_rpc_list.
#include "mongoose.h"

static void first(struct mg_rpc_req *r) {
  mg_rpc_ok(r, "\"first %.*s %d\"", (int) r->rpc->method.len, r->rpc->method.buf, (int) (size_t) r->rpc->fn_data);
}

static void second(struct mg_rpc_req *r) {
  mg_rpc_ok(r, "\"second %.*s %d\"", (int) r->rpc->method.len, r->rpc->method.buf, (int) (size_t) r->rpc->fn_data);
}

static void third(struct mg_rpc_req *r) {
  mg_rpc_ok(r, "\"third %.*s %d\"", (int) r->rpc->method.len, r->rpc->method.buf, (int) (size_t) r->rpc->fn_data);
}

static void list(struct mg_rpc *head, const char *label) {
  struct mg_rpc_req r = {&head, NULL, mg_pfn_stdout, NULL, NULL, mg_str("{\"id\":1}")};
  printf("%s: ", label);
  mg_rpc_list(&r);
  fflush(stdout);
  for (struct mg_rpc *rpc = head; rpc != NULL; rpc = rpc->next) {
    printf(" %s%d(%d)", rpc->fn == first ? "first" : rpc->fn == second ? "second" : rpc->fn == third ? "third" : "other",
           (int) (size_t) rpc->fn_data, (int) rpc->method.len);
  }
  printf("\n");
}

static void call(struct mg_rpc *head, const char *label, const char *method) {
  char frame[100];
  mg_snprintf(frame, sizeof(frame), "{%m:1,%m:%m}", MG_ESC("id"), MG_ESC("method"), MG_ESC(method));
  struct mg_rpc_req r = {&head, NULL, mg_pfn_stdout, NULL, NULL, mg_str(frame)};
  printf("%s, %s: ", label, method);
  mg_rpc_process(&r);
  printf("\n");
}

int main(void) {
  struct mg_rpc *head = NULL;
  list(head, "no methods");
  mg_rpc_del(&head, NULL);
  mg_rpc_del(&head, first);

  char name[] = "one", cut[] = "twoandmore";
  mg_rpc_add(&head, mg_str(name), first, (void *) 1);
  mg_rpc_add(&head, mg_str_n(cut, 3), second, (void *) 2);
  memset(name, 'x', 3), memset(cut, 'x', 10);
  list(head, "the names are copies");
  printf("and end with a NUL: %d\n", (int) strlen(head->method.buf));
  call(head, "copied", "one");
  call(head, "copied", "two");

  mg_rpc_add(&head, mg_str("one"), third, (void *) 3);
  call(head, "the newest counts", "one");
  mg_rpc_add(&head, mg_str("o*"), second, (void *) 4);
  call(head, "the newest pattern counts", "one");
  mg_rpc_add(&head, mg_str("on?"), first, (void *) 5);
  call(head, "a question mark", "one");
  call(head, "a question mark", "on");
  call(head, "a question mark", "ones");
  call(head, "a slash", "o/ne");
  mg_rpc_add(&head, mg_str("#"), third, (void *) 6);
  call(head, "everything", "o/ne");
  call(head, "everything", "");
  list(head, "six methods");

  mg_rpc_del(&head, second);
  list(head, "without the second handler");
  mg_rpc_del(&head, second);
  list(head, "removed twice");
  mg_rpc_del(&head, third);
  list(head, "without the third handler");
  call(head, "left", "one");
  call(head, "left", "two");
  mg_rpc_add(&head, mg_str("a\"b\\c\n"), first, NULL);
  mg_rpc_add(&head, mg_str("\xc3\xa9"), first, NULL);
  list(head, "names with escapes");
  mg_rpc_del(&head, first);
  list(head, "empty again");
  printf("head: %d\n", head == NULL);

  mg_rpc_add(&head, mg_str("x"), first, (void *) 1);
  mg_rpc_add(&head, mg_str(""), first, (void *) 2);
  list(head, "the newest is the empty one");
  mg_rpc_add(&head, mg_str("y"), second, (void *) 3);
  list(head, "the empty one between others");
  mg_rpc_add(&head, mg_str(NULL), second, (void *) 4);
  list(head, "two empty ones");
  mg_rpc_del(&head, NULL);
  mg_rpc_add(&head, mg_str(""), first, NULL);
  list(head, "only an empty one");
  mg_rpc_del(&head, NULL);
  list(head, "all removed");

  for (int i = 0; i < 1000; i++) {
    char method[20];
    mg_snprintf(method, sizeof(method), "method%d", i);
    mg_rpc_add(&head, mg_str(method), i % 2 ? first : second, (void *) (size_t) i);
  }
  call(head, "a thousand methods", "method0");
  call(head, "a thousand methods", "method999");
  mg_rpc_del(&head, second);
  call(head, "half of them", "method0");
  call(head, "half of them", "method1");
  struct mg_iobuf io = {NULL, 0, 0, 64};
  struct mg_rpc_req r = {&head, NULL, mg_pfn_iobuf, &io, NULL, mg_str("{\"id\":1}")};
  mg_rpc_list(&r);
  printf("the list of 500: %lu %08x\n", (unsigned long) io.len, mg_crc32(0, (char *) io.buf, io.len));
  io.len = 0;
  r.frame = mg_str("{\"no id\":1}");
  mg_rpc_list(&r);
  printf("a list for nobody: %lu\n", (unsigned long) io.len);
  mg_iobuf_free(&io);
  mg_rpc_del(&head, first);
  printf("all gone: %d\n", head == NULL);
  return 0;
}
