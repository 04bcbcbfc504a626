// One handler on a plain and a TLS listener: plain requests are redirected, secure ones answered; a client of the library that
// follows, with the certificate checked; WebSocket messages on the secure side.

#include "loop.h"
#include "tls_certs.h"

static struct mg_connection *s_plain, *s_secure;
static bool s_done;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT && c->is_tls) {
    struct mg_tls_opts opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
    mg_tls_init(c, &opts);
  } else if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    char field[200];
    if (c->is_tls && mg_match(hm->uri, mg_str("/ws"), NULL)) {
      mg_ws_upgrade(c, hm, NULL);
    } else if (c->is_tls) {
      mg_http_reply(c, 200, "Strict-Transport-Security: max-age=60\r\n", "secret of %.*s", (int) hm->uri.len, hm->uri.buf);
    } else {
      snprintf(field, sizeof(field), "Location: %s%.*s\r\n", url_of("https", s_secure, ""), (int) hm->uri.len, hm->uri.buf);
      mg_http_reply(c, 308, field, "");
    }
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_printf(c, WEBSOCKET_OP_TEXT, "%d bytes", (int) wm->data.len);
  }
}

static void secure_client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) {
    struct mg_tls_opts opts = {.ca = mg_str(CA_CERT), .name = mg_str("localhost")};
    mg_tls_init(c, &opts);
    if (c->fn_data != NULL) mg_printf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", (char *) c->fn_data);
  } else if (ev == MG_EV_HTTP_MSG && c->fn_data != NULL) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    add("secure: %d %.*s\n", mg_http_status(hm), (int) hm->body.len, hm->body.buf);
    c->is_draining = 1, s_done = true;
  } else if (ev == MG_EV_WS_OPEN) {
    static char large[50000];
    mg_ws_send(c, large, sizeof(large), WEBSOCKET_OP_BINARY);
  } else if (ev == MG_EV_WS_MSG) {
    add("message: %.*s\n", (int) ((struct mg_ws_message *) ev_data)->data.len, ((struct mg_ws_message *) ev_data)->data.buf);
    c->is_closing = 1, s_done = true;
  } else if (ev == MG_EV_ERROR) {
    add("error %s\n", (char *) ev_data), s_done = true;
  }
}

static void plain_client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "GET /a HTTP/1.1\r\n\r\n");
  if (ev != MG_EV_HTTP_MSG) return;
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_str *location = mg_http_get_header(hm, "Location");
  static char url[100];
  snprintf(url, sizeof(url), "%.*s", (int) location->len, location->buf);
  add("plain: %d to %s\n", mg_http_status(hm), mg_url_uri(url));
  mg_http_connect(c->mgr, url, secure_client, (void *) mg_url_uri(url));
  c->is_closing = 1;
}

int main(void) {
  start();
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();  // the certificates are good in 2030
  s_plain = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  s_secure = mg_http_listen(&mgr, "https://127.0.0.1:0", server, NULL);
  mg_http_connect(&mgr, url_of("http", s_plain, "/a"), plain_client, NULL);
  poll_until(s_done);
  s_done = false;
  mg_ws_connect(&mgr, url_of("wss", s_secure, "/ws"), secure_client, NULL, NULL);
  poll_until(s_done);
  show_trace("clients");
  poll_until(number_of_connections(&mgr) == 2);
  printf("connections: %d\n", number_of_connections(&mgr));
  mg_mgr_free(&mgr);
  return 0;
}
