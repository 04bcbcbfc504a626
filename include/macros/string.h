/** A struct mg_str that views the C string `s`; {NULL, 0} for NULL. A call of mg_str_s(). */
#define mg_str(s) mg_str_s(s)
