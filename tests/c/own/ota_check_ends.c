// Every update check ends with a report, and the next one can start, even out of the report.
// The reference never reports when the server closes early, is blocked then for ever, and crashes when connecting
// fails at once or the URL is a UDP one.

#include "mongoose.h"

static struct mg_mgr s_mgr;
static char s_report[200];
static int s_reports, s_again, s_stage;

static void done(const char *error_message) {
  mg_snprintf(s_report, sizeof(s_report), "%s", error_message == NULL ? "ok" : error_message);
  s_reports++;
  if (s_again > 0) s_again--, mg_ota_url_check(&s_mgr, "", done);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ACCEPT && s_stage == 0) c->is_closing = 1;
  if (ev == MG_EV_HTTP_MSG && s_stage == 1) c->is_closing = 1;
  if (ev == MG_EV_HTTP_MSG && s_stage >= 2) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/meta"), NULL)) {
      mg_http_reply(c, 200, "", "{%m:%m,%m:\"http://127.0.0.1:%u/fw\",%m:3000}", MG_ESC("version"), MG_ESC("2"), MG_ESC("url"), mg_ntohs(c->loc.port), MG_ESC("size"));
    } else {
      if (s_stage == 3) mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\nabc");
      c->is_draining = 1;
    }
  }
}

static int expect(const char *url, const char *report) {
  s_reports = 0, s_report[0] = '\0';
  mg_ota_url_check(&s_mgr, url, done);
  for (int i = 0; i < 2000 && s_reports == 0; i++) mg_mgr_poll(&s_mgr, 1);
  for (int i = 0; i < 10; i++) mg_mgr_poll(&s_mgr, 1);
  if (s_reports == 1 && strncmp(s_report, report, strlen(report)) == 0) return 0;
  fprintf(stderr, "%s: %d reports, last [%s] instead of [%s]\n", url, s_reports, s_report, report);
  return 1;
}

int main(void) {
  char url[100];
  int failed = 0;
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr);
  struct mg_connection *listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  mg_snprintf(url, sizeof(url), "http://127.0.0.1:%u/meta", mg_ntohs(listener->loc.port));
  s_stage = 0, failed += expect(url, "");  // A reset, if the request was faster.
  for (s_stage = 1; s_stage <= 3; s_stage++) failed += expect(url, "connection closed");
  // Fails inside of mg_connect().
  failed += expect("http://255.255.255.255:1/", "connect: ");
  failed += expect("", "Failed to connect");
  s_reports = 0;
  mg_ota_url_check(&s_mgr, NULL, done);
  mg_ota_url_check(&s_mgr, "", NULL);
  mg_ota_url_check(NULL, url, done);
  if (s_reports != 2) failed++, fprintf(stderr, "%d reports instead of 2\n", s_reports);

  // The next check starts out of the report.
  s_again = 3, s_reports = 0;
  mg_ota_url_check(&s_mgr, "", done);
  if (s_reports != 4) failed++, fprintf(stderr, "%d reports instead of 4\n", s_reports);

  // The manager goes away under a check.
  s_stage = 4, s_reports = 0;
  mg_ota_url_check(&s_mgr, url, done);
  mg_mgr_free(&s_mgr);
  if (s_reports != 1) failed++, fprintf(stderr, "%d reports of the freed manager\n", s_reports);
  mg_mgr_init(&s_mgr);
  failed += expect("", "Failed to connect");
  mg_mgr_free(&s_mgr);
  return failed;
}
