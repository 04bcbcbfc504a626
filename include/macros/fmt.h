/** Three arguments for "%m" and "%M": prints a C string with JSON escapes. "%m" adds quotes. */
#define MG_ESC(str) mg_print_esc, 0, (str)
