// Logs, errors and JSON-RPC answers from ready-made text: nothing in it is a format.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

static char s_log[2000], s_error[100];

static void to_log(char ch, void *param) {
  size_t n = strlen(s_log);
  (void) param;
  if (n + 1 < sizeof(s_log)) s_log[n] = ch, s_log[n + 1] = '\0';
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  (void) c;
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
}

static const char *answer(void (*fn)(struct mg_rpc_req *), const char *frame) {
  static struct mg_iobuf io;
  struct mg_rpc *methods = NULL;
  mg_iobuf_free(&io);
  mg_iobuf_init(&io, 0, 64);
  mg_rpc_add(&methods, mg_str("m"), fn, NULL);
  struct mg_rpc_req r = {&methods, NULL, mg_pfn_iobuf, &io, NULL, mg_str(frame)};
  mg_rpc_process(&r);
  mg_rpc_del(&methods, NULL);
  return io.len > 0 ? (char *) io.buf : "";
}

static void ok(struct mg_rpc_req *r) {
  mg_rpc_ok_str(r, "[\"100%s\"]");
}

static void ok_null(struct mg_rpc_req *r) {
  mg_rpc_ok_str(r, NULL);
}

static void err(struct mg_rpc_req *r) {
  mg_rpc_err_str(r, -7, "\"50%n\"");
}

static void err_null(struct mg_rpc_req *r) {
  mg_rpc_err_str(r, 1, NULL);
}

int main(void) {
  const char *frame = "{\"id\":5,\"method\":\"m\"}", *notification = "{\"method\":\"m\"}";
  mg_log_set_fn(to_log, NULL);
  mg_log_set_level(MG_LL_INFO);
  mg_log_str(MG_LL_DEBUG, "a.lua", 1, "not enabled");
  CHECK(s_log[0] == '\0');
  mg_log_str(MG_LL_INFO, "dir/a.lua", 12, "100%s %n");
  CHECK(strstr(s_log, "a.lua:12:") != NULL && strstr(s_log, "100%s %n\r\n") != NULL && strstr(s_log, "dir") == NULL);
  s_log[0] = '\0';
  mg_log_str(MG_LL_ERROR, NULL, 0, NULL);
  CHECK(strlen(s_log) > 2 && strcmp(s_log + strlen(s_log) - 2, "\r\n") == 0);

  struct mg_connection c;
  memset(&c, 0, sizeof(c));
  c.fn = handler;
  s_log[0] = '\0';
  mg_error_str(&c, "bad %s %n");
  CHECK(c.is_closing && strcmp(s_error, "bad %s %n") == 0 && strstr(s_log, "bad %s %n") != NULL);
  mg_error_str(&c, "0123456789012345678901234567890123456789012345678901234567890123456789");
  CHECK(strlen(s_error) == 63);

  CHECK(strcmp(answer(ok, frame), "{\"id\":5,\"result\":[\"100%s\"]}") == 0);
  CHECK(strcmp(answer(ok_null, frame), "{\"id\":5,\"result\":null}") == 0);
  CHECK(strcmp(answer(ok, notification), "") == 0);
  CHECK(strcmp(answer(err, frame), "{\"id\":5,\"error\":{\"code\":-7,\"message\":\"50%n\"}}") == 0);
  CHECK(strcmp(answer(err_null, frame), "{\"id\":5,\"error\":{\"code\":1,\"message\":null}}") == 0);
  CHECK(strcmp(answer(err, ""), "{\"error\":{\"code\":-32700,\"message\":\"\"}}") == 0);
  return 0;
}
