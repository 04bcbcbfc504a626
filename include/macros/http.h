/** Addresses to listen on, for programs. */
#ifndef MG_HTTP_ADDR
#define MG_HTTP_ADDR "http://0.0.0.0:8000"
#define MG_HTTPS_ADDR "https://0.0.0.0:8443"
#define MG_MODBUS_ADDR "tcp://0.0.0.0:8502"
#endif

/** What the function of mg_http_reply_stream() or mg_http_request_stream() returns when its body is complete, or cannot be
 * completed. */
#define MG_HTTP_STREAM_END (-1)
#define MG_HTTP_STREAM_ABORT (-2)

/** Fields that the library adds to responses, see mg_http_set_fields(). */
#define MG_HTTP_FIELD_DATE 1U
#define MG_HTTP_FIELD_CONNECTION 2U
