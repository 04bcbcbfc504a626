// Takes firmware at /ota, and looks for it at the URL in the body of a POST to /check; stores it in the file argv[2].

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

static const char *path;
static FILE *file;
static size_t expected, received;
static volatile sig_atomic_t stopped;
static unsigned long waiting;
static struct mg_mgr mgr;

static void stop(int signal_number) {
  stopped = signal_number;
}

bool mg_ota_begin(size_t new_firmware_size) {
  expected = new_firmware_size, received = 0;
  return (file = fopen(path, "wb")) != NULL;
}

bool mg_ota_write(const void *buf, size_t len) {
  received += len;
  return fwrite(buf, 1, len, file) == len;
}

bool mg_ota_end(void) {
  return fclose(file) == 0 && received == expected;
}

static void checked(const char *error_message) {
  for (struct mg_connection *c = mgr.conns; c != NULL; c = c->next) {
    if (c->id == waiting) mg_http_reply(c, 200, "", "%s", error_message == NULL ? "installed" : error_message);
  }
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/ota"), NULL)) {
    mg_http_start_ota(c, hm, NULL);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/check"), NULL)) {
    char url[200];
    mg_snprintf(url, sizeof(url), "%.*s", (int) hm->body.len, hm->body.buf);
    waiting = c->id;
    mg_ota_url_check(c->mgr, url, checked);
  }
}

int main(int argc, char *argv[]) {
  if (argc != 3) return 2;
  path = argv[2];
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argv[1], handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
