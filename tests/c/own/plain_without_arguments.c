// NULL everywhere: the documented failures, and nothing else happens.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

int main(void) {
  char buf[8] = "abc";
  mg_mgr_delete(NULL);
  mg_mgr_set_userdata(NULL, buf);
  CHECK(mg_mgr_conns(NULL) == NULL && mg_mgr_find(NULL, 1) == NULL && mg_mgr_get_userdata(NULL) == NULL);
  CHECK(mg_conn_id(NULL) == 0 && mg_conn_mgr(NULL) == NULL && mg_conn_next(NULL) == NULL);
  CHECK(mg_conn_get_fn_data(NULL) == NULL && mg_conn_data(NULL) == NULL);
  CHECK(mg_conn_recv_buf(NULL) == NULL && mg_conn_send_buf(NULL) == NULL);
  CHECK(mg_conn_loc(NULL) == NULL && mg_conn_rem(NULL) == NULL);
  mg_conn_set_fn(NULL, NULL), mg_conn_set_fn_data(NULL, buf);
  CHECK(mg_addr_text(NULL, buf, sizeof(buf)) == 0 && buf[0] == 'a' && mg_addr_port(NULL) == 0);
  CHECK(mg_http_get_method(NULL) == NULL && mg_http_get_uri(NULL) == NULL && mg_http_get_query(NULL) == NULL);
  CHECK(mg_http_get_proto(NULL) == NULL && mg_http_get_body(NULL) == NULL && mg_http_header_at(NULL, 0) == NULL);
  CHECK(mg_ws_get_data(NULL) == NULL && mg_ws_get_op(NULL) == -1);
  mg_http_reply_buf(NULL, 200, NULL, NULL, 0);
  CHECK(!mg_http_request_buf(NULL, "GET", "http://h/", NULL, NULL, 0));
  mg_ws_upgrade_headers(NULL, NULL, NULL);
  mg_error_str(NULL, "x");
  mg_rpc_ok_str(NULL, "1"), mg_rpc_err_str(NULL, 1, "1");

  // A connection that the library did not make.
  struct mg_connection c;
  memset(&c, 0, sizeof(c));
  mg_http_reply_buf(&c, 200, NULL, NULL, 5);
  CHECK(c.send.len > 15 && memcmp(c.send.buf, "HTTP/1.1 200 OK", 15) == 0);
  mg_iobuf_free(&c.send);
  mg_error_str(&c, NULL);
  CHECK(c.is_closing);
  return 0;
}
