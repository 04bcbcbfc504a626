// mg_http_listen and mg_http_connect: results, handlers they install, requests queued before the connection is up.

#include "mongoose.h"

static char s_trace[500];
static bool s_done;

static void add(const char *fmt, ...) {
  va_list ap;
  size_t n = strlen(s_trace);
  va_start(ap, fmt);
  vsnprintf(s_trace + n, sizeof(s_trace) - n, fmt, ap);
  va_end(ap);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_OPEN) add(" open(%s, pfn %s)", c->is_listening ? "listener" : "accepted", c->pfn ? "set" : "NULL");
  if (ev == MG_EV_ACCEPT) add(" accept(pfn %s, pfn_data %s, data %s)", c->pfn ? "set" : "NULL", c->pfn_data ? "set" : "NULL", (char *) c->fn_data);
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "", "%.*s", (int) hm->uri.len, hm->uri.buf);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_OPEN) add(" open(client, pfn %s)", c->pfn ? "set" : "NULL");
  if (ev == MG_EV_CONNECT) add(" connect(queued %lu)", (unsigned long) c->send.len);
  if (ev == MG_EV_HTTP_MSG) add(" response(%.*s)", (int) hm->body.len, hm->body.buf), s_done = true;
}

int main(void) {
  struct mg_mgr mgr;
  char url[40], data[] = "mine";
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  printf("invalid address: %d\n", mg_http_listen(&mgr, "invalid:31:14", server, NULL) != NULL);
  printf("invalid host: %d\n", mg_http_listen(&mgr, "http://example.com:0", server, NULL) != NULL);
  printf("connect to NULL: %d\n", mg_http_connect(&mgr, NULL, client, NULL) != NULL);
  printf("connect to nothing: %d\n", mg_http_connect(&mgr, "", client, NULL) != NULL);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, data);
  printf("listener: pfn %d pfn_data %d fn %d fn_data %d\n", l->pfn != NULL, l->pfn_data != NULL, l->fn == server, l->fn_data == data);
  snprintf(url, sizeof(url), "http://127.0.0.1:%d/ignored", ntohs(l->loc.port));
  struct mg_connection *c = mg_http_connect(&mgr, url, client, data);
  printf("client: pfn %d pfn_data %d fn %d same pfn %d\n", c->pfn != NULL, c->pfn_data != NULL, c->fn == client, c->pfn == l->pfn);
  printf("queued by the library: %lu\n", (unsigned long) c->send.len);
  mg_printf(c, "GET /early HTTP/1.1\r\n\r\n");
  for (int k = 0; k < 200 && !s_done; k++) mg_mgr_poll(&mgr, 10);
  printf("events: %s\n", s_trace);
  mg_mgr_free(&mgr);
  return 0;
}
