// The library's own connections, and datagrams, have no limits: they outlive an idle timeout and count nowhere.

#include "../limits.h"

static char s_error[64];
static int s_asked, s_woken;

// Accepts questions, does not answer.
static void name_server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT) s_asked++;
  (void) c, (void) ev_data;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) snprintf(s_error, sizeof(s_error), "%s", (char *) ev_data);
  if (ev == MG_EV_WAKEUP) s_woken++;
  (void) c;
}

static int count(struct mg_mgr *mgr) {
  int n = 0;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) n++;
  return n;
}

int main(void) {
  struct mg_mgr mgr;
  char url[50];
  struct mg_limits l = {.size = sizeof(l), .idle_timeout = 50, .recv_size = 10, .send_size = 1}, none = {.size = sizeof(none)};
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  CHECK(mg_mgr_set_limits(&mgr, &l));
  CHECK(mg_wakeup_init(&mgr));
  struct mg_connection *udp = mg_listen(&mgr, "udp://127.0.0.1:0", client, NULL);
  CHECK(udp != NULL && mg_mdns_listen(&mgr, client, NULL) != NULL);
  sprintf(url, "udp://127.0.0.1:%d", mg_ntohs(udp->loc.port));
  struct mg_connection *peer = mg_connect(&mgr, url, client, NULL);
  CHECK(peer != NULL);
  int before = count(&mgr);
  for (uint64_t end = mg_millis() + 250; mg_millis() < end;) mg_mgr_poll(&mgr, 10);
  CHECK(count(&mgr) == before && s_error[0] == 0);
  CHECK(mg_send(peer, "more than the limit", 19));
  WAIT_FOR(&mgr, udp->recv.len == 19);
  CHECK(mg_wakeup(&mgr, peer->id, "wake up, please", 15));
  WAIT_FOR(&mgr, s_woken == 1);

  // A lookup ends when the resolver says so.
  struct mg_connection *dns = mg_listen(&mgr, "tcp://127.0.0.1:0", name_server, NULL);
  CHECK(mg_conn_set_limits(dns, &none));
  sprintf(url, "tcp://127.0.0.1:%d", mg_ntohs(dns->loc.port));
  mgr.dns4.url = url, mgr.dnstimeout = 300;
  mg_connect(&mgr, "tcp://example.invalid:1", client, NULL);
  WAIT_FOR(&mgr, s_error[0] != 0);
  CHECK(s_asked > 0 && strcmp(s_error, "DNS timeout") == 0);
  mg_mgr_free(&mgr);
  return 0;
}
