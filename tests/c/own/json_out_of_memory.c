// With memory exhausted, strings cannot be copied, methods not be registered and lists not be collected: the documented
// failures, also with the next call that needs little. The reference registers a method without a name, and writes to NULL.
#include "mongoose.h"
#include <sys/resource.h>

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define MB (1024 * 1024)

static char text[64 * MB];

static size_t address_space(void) {
  size_t pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f != NULL && fscanf(f, "%zu", &pages) == 1);
  fclose(f);
  return pages * (size_t) sysconf(_SC_PAGESIZE);
}

int main(void) {
#ifdef __SANITIZE_ADDRESS__
  return 0;  // the sanitizer reserves more address space than any limit that would matter here
#endif
  char answer[100];
  struct mg_iobuf io = {(unsigned char *) answer, sizeof(answer), 0, 0};
  struct mg_rpc *methods = NULL;
  struct rlimit limit;
  int len = 77;
  mg_log_set(MG_LL_NONE);
  memset(text, 'a', sizeof(text));
  text[0] = text[sizeof(text) - 1] = '"';
  struct mg_str json = mg_str_n(text, sizeof(text));
  mg_rpc_add(&methods, mg_str_n(text + 1, 32 * MB), mg_rpc_list, NULL);
  CHECK(methods != NULL);

  CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
  limit.rlim_cur = address_space() + 8 * MB;
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);

  CHECK(mg_json_get_str(json, "$") == NULL);
  CHECK(mg_json_get_hex(json, "$", &len) == NULL && len == 77);
  CHECK(mg_json_get_b64(json, "$", &len) == NULL && len == 77);
  CHECK(mg_json_get_tok(json, "$").len == sizeof(text));
  char *s = mg_json_get_str(mg_str("{\"a\":\"small\"}"), "$.a");
  CHECK(s != NULL && strcmp(s, "small") == 0);
  mg_free(s);

  struct mg_rpc *before = methods;
  mg_rpc_add(&methods, json, mg_rpc_list, NULL);
  CHECK(methods == before);
  mg_rpc_add(&methods, mg_str("small"), mg_rpc_list, NULL);
  CHECK(methods != before && methods->next == before);

  struct mg_rpc_req r = {&methods, NULL, mg_pfn_iobuf_noresize, &io, NULL, mg_str("{\"id\":1,\"method\":\"small\"}")};
  mg_rpc_process(&r);
  CHECK(strcmp(answer, "{\"id\":1,\"error\":{\"code\":-32603,\"message\":\"out of memory\"}}") == 0);
  mg_rpc_del(&methods, NULL);
  CHECK(methods == NULL);
  return 0;
}
