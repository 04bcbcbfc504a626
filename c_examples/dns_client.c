// Looks up names, all at once, and prints their addresses.
//
// Build: make examples        Run: target/examples/dns_client example.com localhost
//
// Names that end in ".local" are asked of the local network. For others, the host's files decide: /etc/hosts first, then the
// name servers of /etc/resolv.conf. Or ask a certain server:
//        target/examples/dns_client -s udp://1.1.1.1:53 example.com

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

struct lookup {
  const char *name;
  int *waiting;
  int *failed;
};

static void stop(int signal_number) {
  stopped = signal_number;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct lookup *lookup = (struct lookup *) c->fn_data;
  if (ev == MG_EV_RESOLVE) {
    char address[64];
    mg_snprintf(address, sizeof(address), "%M", mg_print_ip, &c->rem);
    printf("%s %s\n", lookup->name, address);
    // The address was all we wanted. A UDP connection sends nothing by itself.
    c->is_closing = 1;
  } else if (ev == MG_EV_ERROR) {
    fprintf(stderr, "%s: %s\n", lookup->name, (char *) ev_data);
    ++*lookup->failed;
  } else if (ev == MG_EV_CLOSE) {
    --*lookup->waiting;
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct lookup lookups[32];
  int first = 1, waiting = 0, failed = 0;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  mg_mdns_listen(&mgr, NULL, NULL);  // without it, looking up a ".local" name is an error
  if (argc > 2 && strcmp(argv[1], "-s") == 0) mgr.dns4.url = argv[2], first = 3;
  for (int i = first; i < argc && waiting < 32; i++) {
    char url[300];
    struct lookup *lookup = &lookups[waiting++];
    *lookup = (struct lookup){argv[i], &waiting, &failed};
    snprintf(url, sizeof(url), "udp://%s:1", argv[i]);
    mg_connect(&mgr, url, handler, lookup);
  }
  while (waiting > 0 && !stopped) mg_mgr_poll(&mgr, 50);
  mg_mgr_free(&mgr);
  return failed > 0 || stopped ? 1 : 0;
}
