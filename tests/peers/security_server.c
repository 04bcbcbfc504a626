// What the security tests attack: a server that answers each request with what it understood of it, and serves files,
// takes uploads and forms.
//
// Usage: security_server URL DIR     DIR/www is served under /files/, DIR/up takes uploads.

#include <signal.h>

#include "mongoose.h"

static char root[1000], uploads[1000];
static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  (void) signal_number;
  stopped = 1;
}

static void show_form(struct mg_connection *c, struct mg_http_message *hm) {
  struct mg_http_part part;
  char answer[2000] = "";
  size_t n = 0;
  for (size_t ofs = 0; (ofs = mg_http_next_multipart(hm->body, ofs, &part)) > 0 && n < sizeof(answer);) {
    n += mg_snprintf(answer + n, sizeof(answer) - n, "(%.*s,%.*s,%.*s)", (int) part.name.len, part.name.buf, (int) part.filename.len,
                     part.filename.buf, (int) part.body.len, part.body.buf);
  }
  mg_http_reply(c, 200, "", "%s", answer);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/files/#"), NULL)) {
    struct mg_http_serve_opts opts = {.root_dir = root, .ssi_pattern = "#.shtml"};
    mg_http_serve_dir(c, hm, &opts);
  } else if (mg_match(hm->uri, mg_str("/upload"), NULL)) {
    mg_http_upload(c, hm, &mg_fs_posix, uploads, 1000);
  } else if (mg_match(hm->uri, mg_str("/form"), NULL)) {
    show_form(c, hm);
  } else if (mg_match(hm->uri, mg_str("/ws"), NULL)) {
    mg_ws_upgrade(c, hm, NULL);
  } else {
    mg_http_reply(c, 200, "", "%.*s %.*s %.*s", (int) hm->method.len, hm->method.buf, (int) hm->uri.len, hm->uri.buf, (int) hm->body.len,
                  hm->body.buf);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  if (argc < 3) return 1;
  mg_snprintf(root, sizeof(root), "/files=%s/www", argv[2]);
  mg_snprintf(uploads, sizeof(uploads), "%s/up", argv[2]);
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
