// Connections that do not come about: TLS handshakes that stall, servers that do not answer. And requests over TLS.

#include "../limits.h"
#include "../tls_certs.h"

static struct mg_mgr s_mgr;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_tls_opts opts = {.cert = mg_str(ED25519_CERT), .key = mg_str(ED25519_KEY)};
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &opts);
}

static int s_handshakes;

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_tls_opts opts = {.skip_verification = 1};
  if (ev == MG_EV_CONNECT && c->is_tls) mg_tls_init(c, &opts);
  if (ev == MG_EV_TLS_HS) s_handshakes++;
  (void) ev_data;
}

static struct mg_connection *listener(struct mg_limits l) {
  struct mg_connection *c = mg_http_listen(&s_mgr, "https://127.0.0.1:0", server, NULL);
  l.size = sizeof(l);
  CHECK(mg_conn_set_limits(c, &l));
  return c;
}

static void over(const char *error) {
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == 1 && strcmp(s_seen.error, error) == 0);
}

static void handshake(void) {
  struct mg_connection *l = listener((struct mg_limits) {.handshake_timeout = 150});
  forget();
  int fd = dial(l);
  over("TLS handshake timeout");
  close(fd);
  // Part of a record, and then a byte now and then.
  forget();
  fd = dial(l);
  say(fd, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  for (int turn = 0; turn < 2000 && s_seen.errors == 0; turn++) {
    send(fd, "\x01", 1, MSG_NOSIGNAL);
    usleep(5000), mg_mgr_poll(&s_mgr, 0);
  }
  over("TLS handshake timeout");
  close(fd);
  // After the handshake a request is due.
  char url[50];
  l = listener((struct mg_limits) {.handshake_timeout = 10000, .header_timeout = 200});
  sprintf(url, "https://127.0.0.1:%d", mg_ntohs(l->loc.port));
  forget();
  mg_http_connect(&s_mgr, url, client, NULL);
  over("header timeout");
  CHECK(s_handshakes == 1);
}

static void tls_client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  client(c, ev, ev_data);
}

// A listener whose queue is full does not answer.
static void connecting(void) {
  struct mg_limits l = {.size = sizeof(l), .connect_timeout = 100, .handshake_timeout = 200};
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(addr);
  char url[50];
  int full = socket(AF_INET, SOCK_STREAM, 0), fds[10];
  CHECK(bind(full, (struct sockaddr *) &addr, len) == 0 && listen(full, 0) == 0);
  CHECK(getsockname(full, (struct sockaddr *) &addr, &len) == 0);
  sprintf(url, "https://127.0.0.1:%d", ntohs(addr.sin_port));
  CHECK(mg_mgr_set_limits(&s_mgr, &l));
  // The first ones get into the queue; there nobody answers their handshakes.
  forget();
  mg_connect(&s_mgr, url, tls_client, NULL);
  over("TLS handshake timeout");
  for (int i = 0; i < 10; i++) {
    fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(fds[i], (struct sockaddr *) &addr, len);
  }
  forget();
  mg_connect(&s_mgr, url, tls_client, NULL);
  over("connect timeout");
  for (int i = 0; i < 10; i++) close(fds[i]);
  close(full);
}

int main(void) {
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  handshake();
  connecting();
  mg_mgr_free(&s_mgr);
  return 0;
}
