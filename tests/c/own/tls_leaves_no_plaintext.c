// What was sent and received in plain text over TLS is not found in the buffers that other connections are lent.

#define _GNU_SOURCE
#include "mongoose.h"
#include "../tls_certs.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr s_server, s_client;
static int s_answers;
static bool s_found;

static void look(struct mg_iobuf *io) {
  if (io->buf != NULL && memmem(io->buf + io->len, io->size - io->len, "SECRET", 6) != NULL) s_found = true;
}

static void secure(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_ACCEPT) {
    struct mg_tls_opts opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
    mg_tls_init(c, &opts);
  }
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "", "%0500d SECRET", 1);
}

static void plain(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  look(&c->recv), look(&c->send);
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "", "ok"), look(&c->send);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_CONNECT) {
    if (c->is_tls) mg_tls_init(c, NULL);
    mg_printf(c, "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%0500d %s", 507, 1, c->is_tls ? "SECRET" : "------");
  }
  if (ev == MG_EV_HTTP_MSG) s_answers++, c->is_closing = 1;
}

static void ask(const char *scheme, struct mg_connection *listener) {
  char url[50];
  int want = s_answers + 1;
  snprintf(url, sizeof(url), "%s://127.0.0.1:%u", scheme, mg_ntohs(listener->loc.port));
  mg_http_connect(&s_client, url, client, NULL);
  for (int i = 0; i < 2000 && s_answers < want; i++) mg_mgr_poll(&s_server, 1), mg_mgr_poll(&s_client, 1);
  CHECK(s_answers == want);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_server), mg_mgr_init(&s_client);
  struct mg_connection *https = mg_http_listen(&s_server, "https://127.0.0.1:0", secure, NULL);
  struct mg_connection *http = mg_http_listen(&s_server, "http://127.0.0.1:0", plain, NULL);
  for (int i = 0; i < 5; i++) ask("https", https), ask("http", http), ask("http", http);
  CHECK(!s_found);
  mg_mgr_free(&s_server), mg_mgr_free(&s_client);
  return 0;
}
