// A response over TLS whose body ends with the connection: it is complete when the server said goodbye (close_notify), and not
// when the connection just ended, which an attacker could bring about (RFC 9112, 9.8). A length or a last chunk needs no goodbye.

#include "../tls_pair.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static struct tls_pair s_pair;
static const char *s_response;
static bool s_says_goodbye, s_closed;
static char s_end[64], s_body[64];
static int s_dones, s_messages;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &s_pair.server.opts);
  if (ev == MG_EV_TLS_HS) mg_send(c, s_response, strlen(s_response));
  if (ev == MG_EV_WRITE && s_says_goodbye) c->is_draining = 1;
  if (ev == MG_EV_WRITE && !s_says_goodbye) shutdown((int) (size_t) c->fd, SHUT_WR);
  (void) ev_data;
}

static void piece(struct mg_connection *c, struct mg_str data, void *arg) {
  size_t n = strlen(s_body);
  snprintf(s_body + n, sizeof(s_body) - n, "%.*s", (int) data.len, data.buf);
  (void) c, (void) arg;
}

static void done(struct mg_connection *c, const char *error, void *arg) {
  s_dones++;
  snprintf(s_end, sizeof(s_end), "%s", error == NULL ? "complete" : error);
  (void) c, (void) arg;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &s_pair.client.opts);
  if (ev == MG_EV_HTTP_HDRS) CHECK(mg_http_read_body(c, (struct mg_http_message *) ev_data, piece, done, NULL));
  if (ev == MG_EV_HTTP_MSG) s_messages++;
  if (ev == MG_EV_CLOSE) s_closed = true;
}

static void check(const char *response, bool says_goodbye, const char *end) {
  s_response = response, s_says_goodbye = says_goodbye;
  s_closed = false, s_dones = s_messages = 0, s_body[0] = '\0';
  mg_http_connect(&s_pair.mgr, s_pair.url, client, NULL);
  for (int i = 0; i < 2000 && !s_closed; i++) {
    mg_mgr_poll(&s_pair.mgr, 10);
    if (s_dones > 0) {
      // A client that knows where the body ended does not wait for the server.
      for (struct mg_connection *c = s_pair.mgr.conns; c != NULL; c = c->next) c->is_closing |= c->is_client;
    }
  }
  if (strcmp(s_end, end) != 0) printf("%s: %s\n", response, s_end);
  CHECK(s_closed && s_dones == 1 && strcmp(s_end, end) == 0 && strcmp(s_body, "hello") == 0);
  CHECK(s_messages == (strcmp(end, "complete") == 0));
}

int main(void) {
  s_pair.server.opts.cert = mg_str(SERVER_CERT);
  s_pair.server.opts.key = mg_str(SERVER_KEY);
  s_pair.client.opts.ca = mg_str(CA_CERT);
  tls_begin(&s_pair);
  tls_listen(&s_pair, "https", server);
  check("HTTP/1.1 200 OK\r\n\r\nhello", true, "complete");
  check("HTTP/1.1 200 OK\r\n\r\nhello", false, "connection closed");
  check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, "complete");
  check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false, "complete");
  mg_mgr_free(&s_pair.mgr);
  return 0;
}
