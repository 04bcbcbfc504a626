/** Limit on queued data, for programs. */
#ifndef MG_DASH_MAX_SEND_BUF_SIZE
#define MG_DASH_MAX_SEND_BUF_SIZE (5 * MG_IO_SIZE)
#endif

/** Puts the field set `set_` in front of the sets of a dashboard. */
#define MG_DASH_ADD_FIELD_SET(dash_, set_) \
  do {                                     \
    (set_)->next = (dash_)->sets;          \
    (dash_)->sets = (set_);                \
  } while (0)

/** Makes `fn_` the handler of the URIs that match `uri_` (see mg_match()). The strings are not
 * copied. Run each use of this macro only once. */
#define MG_DASH_REGISTER_CUSTOM_HANDLER(dash_, uri_, fn_, data_) \
  do {                                                           \
    static struct mg_dash_custom_handler mg_handler_;            \
    mg_handler_.uri_pattern = mg_str_s(uri_);                    \
    mg_handler_.handler = (fn_);                                 \
    mg_handler_.handler_data = (data_);                          \
    mg_handler_.next = (dash_)->custom_handlers;                 \
    (dash_)->custom_handlers = &mg_handler_;                     \
  } while (0)
