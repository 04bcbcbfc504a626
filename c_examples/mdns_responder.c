// A web server that others on the network find by itself: it answers multicast DNS for the name NAME.local and offers the
// service _http._tcp. It also asks who else does, and prints what it hears.
//
// Build: make examples        Run: target/examples/mdns_responder http://0.0.0.0:8000 mydevice
// Try:   curl http://mydevice.local:8000        avahi-browse --resolve _http._tcp

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void http_handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "found\n");
  (void) ev_data;
}

static struct mg_dnssd_record service;

static void mdns_handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_MDNS_REQ) {
    struct mg_mdns_req *req = (struct mg_mdns_req *) ev_data;
    // Questions for our address have is_resp set already. Those for a service name it, and we have only one.
    if (req->rr->atype != MG_DNS_RTYPE_A && mg_strcasecmp(req->reqname, service.srvcproto) == 0) {
      req->r = &service;
      req->is_resp = true;
    }
  } else if (ev == MG_EV_MDNS_RESP) {
    struct mg_mdns_resp *resp = (struct mg_mdns_resp *) ev_data;
    char address[64];
    mg_snprintf(address, sizeof(address), "%M", mg_print_ip_port, &resp->addr);
    printf("%.*s is at %s\n", (int) resp->name.len, resp->name.buf, address);
    fflush(stdout);
  }
  (void) c;
}

int main(int argc, char *argv[]) {
  static char no_name[] = "mydevice";
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *http = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://0.0.0.0:8000", http_handler, NULL);
  struct mg_connection *mdns = mg_mdns_listen(&mgr, mdns_handler, argc > 2 ? argv[2] : no_name);
  if (http == NULL || mdns == NULL) return 1;
  service.srvcproto = mg_str("_http._tcp");
  service.txt = mg_str("\6path=/");
  service.port = mg_ntohs(http->loc.port);
  printf("Listening on port %u\n", service.port);
  fflush(stdout);
  mg_mdns_query(mdns, "_http._tcp.local", MG_DNS_RTYPE_PTR);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
