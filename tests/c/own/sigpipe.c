// A program that leaves SIGPIPE alone, whose default is death, survives peers that are gone: with plain sends, files that the
// kernel sends, TLS, datagrams and pipes.

#include <signal.h>
#include "../tls_certs.h"
#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static struct mg_mgr mgr;
static char big[1 << 20];
static bool closed;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_serve_opts opts = {.root_dir = "."};
  struct mg_tls_opts tls = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
  if (ev == MG_EV_ACCEPT && c->is_tls) mg_tls_init(c, &tls);
  if (ev == MG_EV_HTTP_MSG && c->fn_data != NULL) mg_http_reply(c, 200, "", "%.*s", (int) sizeof(big), big);
  if (ev == MG_EV_HTTP_MSG && c->fn_data == NULL) mg_http_serve_file(c, (struct mg_http_message *) ev_data, "file", &opts);
  if (ev == MG_EV_CLOSE && !c->is_listening) closed = true;
}

static void pusher(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_POLL && !c->is_listening && c->send.len < sizeof(big)) mg_send(c, big, 1000);
  if (ev == MG_EV_CLOSE && !c->is_listening) closed = true;
  (void) ev_data;
}

static void poll_until_closed(void) {
  for (int i = 0; i < 3000 && !closed; i++) mg_mgr_poll(&mgr, 1);
  CHECK(closed);
  closed = false;
}

// Asks, and is gone before the answer has been sent.
static void leave(struct mg_connection *l, bool reset) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  struct linger hard = {1, 0};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  CHECK(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0) == 18);
  for (int i = 0; i < 4; i++) mg_mgr_poll(&mgr, 1);
  if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close(fd);
  poll_until_closed();
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_tls_opts opts = {.ca = mg_str(CA_CERT)};
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &opts);
  if (ev == MG_EV_TLS_HS) mg_close_conn(c);
  (void) ev_data;
}

int main(void) {
  int fds[2];
  char url[64];
  signal(SIGPIPE, SIG_DFL);
  mg_log_set(MG_LL_NONE);
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();
  memset(big, 'x', sizeof(big));
  for (int i = 0; i < 8; i++) {
    FILE *f = fopen("file", "a");
    CHECK(f != NULL && fwrite(big, 1, sizeof(big), f) == sizeof(big));
    fclose(f);
  }
  mg_mgr_init(&mgr);
  struct mg_connection *replies = mg_http_listen(&mgr, "http://127.0.0.1:0", server, "reply");
  struct mg_connection *files = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct mg_connection *plain = mg_listen(&mgr, "tcp://127.0.0.1:0", pusher, NULL);
  for (int i = 0; i < 10; i++) leave(replies, i % 2), leave(files, i % 2), leave(plain, i % 2);

  struct mg_connection *secure = mg_listen(&mgr, "tls://127.0.0.1:0", server, NULL);
  mg_snprintf(url, sizeof(url), "tls://127.0.0.1:%u", mg_ntohs(secure->loc.port));
  secure->fn = server;
  mg_connect(&mgr, url, client, NULL);
  poll_until_closed();

  CHECK(pipe(fds) == 0);
  struct mg_connection *c = mg_wrapfd(&mgr, fds[1], pusher, NULL);
  close(fds[0]);
  CHECK(c != NULL && mg_send(c, big, sizeof(big)));
  poll_until_closed();

  // A datagram that nobody waits for.
  c = mg_connect(&mgr, "udp://127.0.0.1:1", NULL, NULL);
  for (int i = 0; i < 5; i++) mg_send(c, "x", 1), mg_mgr_poll(&mgr, 1);
  mg_mgr_free(&mgr);
  return 0;
}
