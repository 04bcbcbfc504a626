// Peers that do not take their output: "write timeout". Those that take it slowly are left alone. Queued output, files
// and TLS.

#include "../limits.h"
#include "../tls_certs.h"

enum { SIZE = 20000000 };

static struct mg_mgr s_mgr;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = "."};
  note(c, ev, ev_data);
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/queue"), NULL)) {
    mg_http_reply(c, 200, "", "%0*d", 1, 0), mg_send(c, NULL, SIZE);
  } else {
    mg_http_serve_dir(c, hm, &opts);
  }
}

// Asks, then reads `piece` bytes in each of `turns` turns of 10 ms, then nothing.
static void reader(struct mg_connection *listener, const char *uri, size_t piece, int turns) {
  static char text[200000];
  char request[100];
  forget();
  int fd = dial(listener);
  size_t len = (size_t) sprintf(request, "GET %s HTTP/1.1\r\n\r\n", uri);
  say(fd, request, len);
  WAIT_FOR(&s_mgr, s_seen.msgs == 1);
  for (int i = 0; i < turns; i++) {
    CHECK(recv(fd, text, piece, 0) > 0);
    for (uint64_t end = mg_millis() + 10; mg_millis() < end;) mg_mgr_poll(&s_mgr, 1);
    CHECK(s_seen.errors == 0);
  }
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == 1 && strcmp(s_seen.error, "write timeout") == 0 && !s_seen.draining);
  close(fd);
}

// Both sides are ours; the client does not read.
static bool s_stop_reading;

static void tls_server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_tls_opts opts = {.cert = mg_str(ED25519_CERT), .key = mg_str(ED25519_KEY)};
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &opts);
  if (ev == MG_EV_TLS_HS) mg_send(c, NULL, SIZE);
}

static void tls_client(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_tls_opts opts = {.skip_verification = 1};
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &opts);
  if (ev == MG_EV_READ) c->recv.len = 0, c->is_full = s_stop_reading;
  (void) ev_data;
}

static void over_tls(struct mg_limits *l) {
  char url[50];
  struct mg_connection *listener = mg_listen(&s_mgr, "tcp://127.0.0.1:0", tls_server, NULL);
  CHECK(mg_conn_set_limits(listener, l));
  sprintf(url, "tcp://127.0.0.1:%d", mg_ntohs(listener->loc.port));
  forget();
  s_stop_reading = true;
  struct mg_connection *c = mg_connect(&s_mgr, url, tls_client, NULL);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
  CHECK(s_seen.errors == 1 && strcmp(s_seen.error, "write timeout") == 0);
  mg_close_conn(c);
  // One that reads gets everything.
  forget();
  s_stop_reading = false;
  c = mg_connect(&s_mgr, url, tls_client, NULL);
  WAIT_FOR(&s_mgr, s_seen.accepted == 1);
  for (uint64_t end = mg_millis() + 400; mg_millis() < end;) mg_mgr_poll(&s_mgr, 1);
  CHECK(s_seen.errors == 0 && s_seen.closed == 0);
  mg_close_conn(c);
  WAIT_FOR(&s_mgr, s_seen.closed == 1);
}

int main(void) {
  struct mg_limits l = {.size = sizeof(l), .write_timeout = 400};
  FILE *fp = fopen("big", "w");
  CHECK(fseek(fp, SIZE, SEEK_SET) == 0 && fputc('x', fp) == 'x');
  fclose(fp);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  struct mg_connection *listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(mg_conn_set_limits(listener, &l));
  reader(listener, "/queue", 0, 0);
  reader(listener, "/big", 0, 0);
  reader(listener, "/queue", 200000, 40);
  reader(listener, "/big", 200000, 40);
  over_tls(&l);
  mg_mgr_free(&s_mgr);
  return 0;
}
