/** True when the library that runs has the version and the struct layouts of this header. A program checks it
 * once, first of all, if it might meet another library than the one it was built with. */
#define MG_ABI_CHECK()                                                                          \
  mg_abi_check(MG_VERSION, MG_DATA_SIZE, MG_MAX_HTTP_HEADERS, MG_DASH_MAX_USER_NAME,            \
               sizeof(struct mg_mgr), sizeof(struct mg_connection), sizeof(struct mg_http_message))

/** Flags of a connection for mg_conn_get_flag(), named like the members of `struct mg_connection`. */
enum mg_conn_flag {
  MG_CONN_IS_LISTENING = 0,
  MG_CONN_IS_CLIENT = 1,
  MG_CONN_IS_ACCEPTED = 2,
  MG_CONN_IS_RESOLVING = 3,
  MG_CONN_IS_ARPLOOKING = 4,
  MG_CONN_IS_CONNECTING = 5,
  MG_CONN_IS_TLS = 6,
  MG_CONN_IS_TLS_HS = 7,
  MG_CONN_IS_UDP = 8,
  MG_CONN_IS_WEBSOCKET = 9,
  MG_CONN_IS_MQTT5 = 10,
  MG_CONN_IS_HEXDUMPING = 11,
  MG_CONN_IS_DRAINING = 12,
  MG_CONN_IS_CLOSING = 13,
  MG_CONN_IS_FULL = 14,
  MG_CONN_IS_TLS_THROTTLED = 15,
  MG_CONN_IS_RESP = 16,
  MG_CONN_IS_READABLE = 17,
  MG_CONN_IS_WRITABLE = 18
};
