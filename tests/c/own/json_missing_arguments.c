// JSON without text, path or room. The reference reads or writes NULL.
#undef NDEBUG
#include "mongoose.h"
#include <assert.h>

int main(void) {
  struct mg_str nothing = {NULL, 5}, json = mg_str("{\"a\":\"x\"}");
  int len = 77;
  double number = 1;
  bool flag = true;
  assert(mg_json_get(json, NULL, &len) == MG_JSON_INVALID && len == 0);
  assert(mg_json_get(nothing, "$", &len) == MG_JSON_NOT_FOUND);
  assert(mg_json_get(nothing, NULL, NULL) == MG_JSON_INVALID);
  assert(mg_json_get_tok(json, NULL).buf == NULL && mg_json_get_tok(nothing, "$").buf == NULL);
  assert(!mg_json_get_num(json, NULL, &number) && number == 1);
  assert(!mg_json_get_num(nothing, "$", NULL));
  assert(!mg_json_get_bool(json, NULL, &flag) && flag);
  assert(mg_json_get_long(json, NULL, 5) == 5);
  assert(mg_json_get_str(json, NULL) == NULL && mg_json_get_str(nothing, "$") == NULL);
  assert(mg_json_get_hex(json, NULL, NULL) == NULL && mg_json_get_b64(json, NULL, NULL) == NULL);
  assert(mg_json_unescape(json, "$.a", NULL, 5) == 0);
  assert(mg_json_unescape(json, NULL, NULL, 0) == 0);
  assert(mg_json_next(nothing, 0, NULL, NULL) == 0);

  // No more is written than the string needs, however large the room is said to be.
  char to[4];
  assert(mg_json_unescape(json, "$.a", to, (size_t) -1) == 1 && strcmp(to, "x") == 0);
  return 0;
}
