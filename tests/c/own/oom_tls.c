// TLS, both sides, when memory runs out at any allocation, those of rustls included: the connections concerned fail, others
// go on, nothing leaks, and the next handshake succeeds.

#include "../failing_allocator.h"
#include "../tls_certs.h"

static struct mg_tls_opts server_opts, client_opts;
static char big[20000];
static size_t echoed;
static bool closed, established;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &server_opts);
  if (ev == MG_EV_READ) is(mg_send(c, c->recv.buf, c->recv.len)), c->recv.len = 0;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &client_opts);
  if (ev == MG_EV_TLS_HS) established = true, is(mg_send(c, big, sizeof(big)));
  if (ev == MG_EV_READ) echoed += c->recv.len, c->recv.len = 0;
  if (echoed == sizeof(big)) c->is_draining = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static bool exchange(struct world *w) {
  char url[64];
  echoed = 0;
  closed = established = false;
  begin(w);
  begin_faults(w);
  struct mg_connection *l = mg_listen(&w->mgr, "tls://127.0.0.1:0", server, NULL);
  if (is(l != NULL)) {
    mg_snprintf(url, sizeof(url), "tls://127.0.0.1:%d", mg_ntohs(l->loc.port));
    if (is(mg_connect(&w->mgr, url, client, NULL) != NULL)) poll_until(&w->mgr, &closed);
  }
  end(w);
  return established && echoed == sizeof(big);
}

// A second handshake resumes the session of the first. Here the manager lives on, with what it keeps.
static bool resumed(struct world *w) {
  char url[64];
  bool ok = true;
  begin(w);
  struct mg_connection *l = mg_listen(&w->mgr, "tls://127.0.0.1:0", server, NULL);
  mg_snprintf(url, sizeof(url), "tls://127.0.0.1:%d", mg_ntohs(l->loc.port));
  for (int i = 0; i < 3; i++) {
    echoed = 0;
    closed = established = false;
    if (i == 1) begin_faults(w);
    if (is(mg_connect(&w->mgr, url, client, NULL) != NULL)) poll_until(&w->mgr, &closed);
    end_faults();
    for (int turns = 0; turns < 20 && w->mgr.conns->next->next != NULL; turns++) mg_mgr_poll(&w->mgr, 0);
    bool done = established && echoed == sizeof(big);
    CHECK(done || i == 1);
    ok = ok && done;
  }
  end(w);
  return ok;
}

// Memory runs out, and stays so, while many are in the middle of a handshake: no more than the reserve of the library is
// needed, because each that fails gives back what it took.
static bool crowd(struct world *w) {
  char url[64];
  begin(w);
  struct mg_connection *l = mg_listen(&w->mgr, "tls://127.0.0.1:0", server, NULL);
  mg_snprintf(url, sizeof(url), "tls://127.0.0.1:%d", mg_ntohs(l->loc.port));
  echoed = 0;
  for (int i = 0; i < 100; i++) CHECK(mg_connect(&w->mgr, url, client, NULL) != NULL);
  begin_faults(w);
  for (int i = 0; i < 300; i++) mg_mgr_poll(&w->mgr, 0);
  end(w);
  return errors == 0;
}

int main(void) {
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();
  memset(big, 'x', sizeof(big));
  server_opts.cert = mg_str(SERVER_CERT);
  server_opts.key = mg_str(SERVER_KEY);
  client_opts.ca = mg_str(CA_CERT);
  every_allocation("handshake and data", exchange);
  every_later_allocation("resumption", resumed);

  static struct world w = {.n = -1};
  CHECK(crowd(&w));
  long outstanding = heap.outstanding;
  heap.all = true;
  for (w.n = 1; w.n < 100000; w.n += w.n / 4 + 1) {
    bool ok = crowd(&w);
    CHECK(ok == !heap.failed);
    CHECK(heap.outstanding == outstanding);
  }
  return 0;
}
