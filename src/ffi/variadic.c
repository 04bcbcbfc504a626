/* Stable Rust can neither define variadic functions nor read a va_list. This
   file does both and nothing else: shim_va_* take one argument each, and every
   shim_mg_* packs its "..." and calls the va_list twin that Rust defines. The
   public twins are the mg_v* functions, the private ones are called mongoose_*
   here (variadic_twin! in va.rs). */
#include <stdarg.h>
#include <stddef.h>

int shim_va_int(va_list *ap) { return va_arg(*ap, int); }
long shim_va_long(va_list *ap) { return va_arg(*ap, long); }
long long shim_va_llong(va_list *ap) { return va_arg(*ap, long long); }
double shim_va_double(va_list *ap) { return va_arg(*ap, double); }
void *shim_va_ptr(va_list *ap) { return va_arg(*ap, void *); }
size_t shim_va_size(va_list *ap) { return va_arg(*ap, size_t); }

/* Evaluates `call` with `ap` started after the last named argument. */
#define WITH_VA(last, call) \
  va_list ap;               \
  va_start(ap, last);       \
  call;                     \
  va_end(ap)

struct mg_connection;
typedef void (*mg_pfn_t)(char, void *);

size_t mg_vxprintf(mg_pfn_t fn, void *arg, const char *fmt, va_list *ap);
size_t shim_mg_xprintf(mg_pfn_t fn, void *arg, const char *fmt, ...) {
  size_t n;
  WITH_VA(fmt, n = mg_vxprintf(fn, arg, fmt, &ap));
  return n;
}

size_t mg_vsnprintf(char *buf, size_t len, const char *fmt, va_list *ap);
size_t shim_mg_snprintf(char *buf, size_t len, const char *fmt, ...) {
  size_t n;
  WITH_VA(fmt, n = mg_vsnprintf(buf, len, fmt, &ap));
  return n;
}

char *mg_vmprintf(const char *fmt, va_list *ap);
char *shim_mg_mprintf(const char *fmt, ...) {
  char *s;
  WITH_VA(fmt, s = mg_vmprintf(fmt, &ap));
  return s;
}

size_t mg_vprintf(struct mg_connection *c, const char *fmt, va_list *ap);
size_t shim_mg_printf(struct mg_connection *c, const char *fmt, ...) {
  size_t n;
  WITH_VA(fmt, n = mg_vprintf(c, fmt, &ap));
  return n;
}

void mongoose_verror(struct mg_connection *c, const char *fmt, va_list *ap);
void shim_mg_error(struct mg_connection *c, const char *fmt, ...) {
  WITH_VA(fmt, mongoose_verror(c, fmt, &ap));
}

void mongoose_vlog(const char *fmt, va_list *ap);
void shim_mg_log(const char *fmt, ...) {
  WITH_VA(fmt, mongoose_vlog(fmt, &ap));
}

/* The library's own messages. These calls go through the dynamic linker, so a
   program that defines the two functions receives the messages. */
void mg_log_prefix(int level, const char *file, int line, const char *fname);
void mg_log(const char *fmt, ...);
void shim_log(int level, const char *file, int line, const char *text,
              int len) {
  mg_log_prefix(level, file, line, "");
  mg_log("%.*s", len, text);
}

void mongoose_http_vreply(struct mg_connection *c, int code,
                          const char *headers, const char *fmt, va_list *ap);
void shim_mg_http_reply(struct mg_connection *c, int code, const char *headers,
                        const char *fmt, ...) {
  WITH_VA(fmt, mongoose_http_vreply(c, code, headers, fmt, &ap));
}

void mongoose_http_vprintf_chunk(struct mg_connection *c, const char *fmt,
                                 va_list *ap);
void shim_mg_http_printf_chunk(struct mg_connection *c, const char *fmt, ...) {
  WITH_VA(fmt, mongoose_http_vprintf_chunk(c, fmt, &ap));
}

struct mg_mgr;
typedef void (*mg_event_handler_t)(struct mg_connection *, int, void *);
struct mg_connection *mongoose_ws_vconnect(struct mg_mgr *mgr, const char *url,
                                           mg_event_handler_t fn, void *fn_data,
                                           const char *fmt, va_list *ap);
struct mg_connection *shim_mg_ws_connect(struct mg_mgr *mgr, const char *url,
                                         mg_event_handler_t fn, void *fn_data,
                                         const char *fmt, ...) {
  struct mg_connection *c;
  WITH_VA(fmt, c = mongoose_ws_vconnect(mgr, url, fn, fn_data, fmt, &ap));
  return c;
}

struct mg_http_message;
void mongoose_ws_vupgrade(struct mg_connection *c, struct mg_http_message *hm,
                          const char *fmt, va_list *ap);
void shim_mg_ws_upgrade(struct mg_connection *c, struct mg_http_message *hm,
                        const char *fmt, ...) {
  WITH_VA(fmt, mongoose_ws_vupgrade(c, hm, fmt, &ap));
}

size_t mg_ws_vprintf(struct mg_connection *c, int op, const char *fmt,
                     va_list *ap);
size_t shim_mg_ws_printf(struct mg_connection *c, int op, const char *fmt,
                         ...) {
  size_t n;
  WITH_VA(fmt, n = mg_ws_vprintf(c, op, fmt, &ap));
  return n;
}

/* The text is measured first, so there are two lists. */
struct mg_queue;
size_t mongoose_queue_vprintf(struct mg_queue *q, const char *fmt,
                              va_list *measured, va_list *written);
size_t shim_mg_queue_printf(struct mg_queue *q, const char *fmt, ...) {
  size_t n;
  va_list copy;
  WITH_VA(fmt, va_copy(copy, ap);
          n = mongoose_queue_vprintf(q, fmt, &ap, &copy); va_end(copy));
  return n;
}

struct mg_rpc_req;
void mg_rpc_vok(struct mg_rpc_req *r, const char *fmt, va_list *ap);
void shim_mg_rpc_ok(struct mg_rpc_req *r, const char *fmt, ...) {
  WITH_VA(fmt, mg_rpc_vok(r, fmt, &ap));
}

void mg_rpc_verr(struct mg_rpc_req *r, int code, const char *fmt, va_list *ap);
void shim_mg_rpc_err(struct mg_rpc_req *r, int code, const char *fmt, ...) {
  WITH_VA(fmt, mg_rpc_verr(r, code, fmt, &ap));
}

struct mg_fs;
_Bool mongoose_file_vprintf(struct mg_fs *fs, const char *path, const char *fmt,
                            va_list *ap);
_Bool shim_mg_file_printf(struct mg_fs *fs, const char *path, const char *fmt,
                          ...) {
  _Bool ok;
  WITH_VA(fmt, ok = mongoose_file_vprintf(fs, path, fmt, &ap));
  return ok;
}
