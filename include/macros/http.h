/** Addresses to listen on, for programs. */
#ifndef MG_HTTP_ADDR
#define MG_HTTP_ADDR "http://0.0.0.0:8000"
#define MG_HTTPS_ADDR "https://0.0.0.0:8443"
#define MG_MODBUS_ADDR "tcp://0.0.0.0:8502"
#endif

/** Fields that the library adds to responses, see mg_http_set_fields(). */
#define MG_HTTP_FIELD_DATE 1U
#define MG_HTTP_FIELD_CONNECTION 2U
