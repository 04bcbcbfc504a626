/* Stable Rust can neither define variadic functions nor read a va_list. This
   file does both and nothing else: shim_va_* take one argument each, and every
   shim_mg_* packs its "..." and calls the va_list twin that Rust exports. */
#include <stdarg.h>
#include <stddef.h>

int shim_va_int(va_list *ap) { return va_arg(*ap, int); }
long shim_va_long(va_list *ap) { return va_arg(*ap, long); }
long long shim_va_llong(va_list *ap) { return va_arg(*ap, long long); }
double shim_va_double(va_list *ap) { return va_arg(*ap, double); }
void *shim_va_ptr(va_list *ap) { return va_arg(*ap, void *); }
size_t shim_va_size(va_list *ap) { return va_arg(*ap, size_t); }
