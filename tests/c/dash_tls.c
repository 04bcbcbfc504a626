// On TLS a dashboard's session cookie is for TLS only.

#include "mongoose.h"
#include "tls_certs.h"

static struct mg_mgr s_mgr;
static struct mg_dash s_dash;
static char s_answer[2000];

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) {
    struct mg_tls_opts opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
    mg_tls_init(c, &opts);
  }
  mg_dash_ev_handler(c, ev, ev_data);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_CONNECT) {
    struct mg_tls_opts opts = {.skip_verification = true};
    mg_tls_init(c, &opts);
    mg_printf(c, "GET %s HTTP/1.1\r\n\r\n", (char *) c->fn_data);
  }
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    struct mg_str *cookie = mg_http_get_header(hm, "Set-Cookie");
    mg_snprintf(s_answer, sizeof(s_answer), "%d [%.*s] [%.*s]", mg_http_status(hm), cookie == NULL ? 0 : (int) cookie->len, cookie == NULL ? "" : cookie->buf, (int) hm->body.len, hm->body.buf);
    c->is_draining = 1;
  }
}

static void request(struct mg_connection *listener, char *uri) {
  char url[100];
  mg_snprintf(url, sizeof(url), "https://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  s_answer[0] = '\0';
  mg_http_connect(&s_mgr, url, client, uri);
  for (int i = 0; i < 3000 && s_answer[0] == '\0'; i++) mg_mgr_poll(&s_mgr, 1);
  printf("%s: ", uri);
  for (char *p = s_answer; *p != '\0'; p++) putchar(*p == '\n' ? '~' : *p);
  printf("\n");
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_boot_timestamp_ms = 1750000000000;  // The certificate is valid then.
  mg_mgr_init(&s_mgr);
  struct mg_connection *listener = mg_http_listen(&s_mgr, "https://127.0.0.1:0", server, &s_dash);
  request(listener, "/api/login");
  request(listener, "/api/get");
  mg_mgr_free(&s_mgr);
  return 0;
}
