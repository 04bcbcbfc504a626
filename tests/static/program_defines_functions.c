// A program may define functions that the library also has, as the header allows (MG_ENABLE_CUSTOM_LOG and
// the like). Linking must work, shared and static; the library's own messages go to the program's mg_log.

#include "mongoose.h"

static int s_logged, s_prefixed, s_installed;

bool mg_random(void *buf, size_t len) {
  memset(buf, 7, len);
  return true;
}

uint64_t mg_millis(void) {
  return 42;
}

void mg_log(const char *fmt, ...) {
  (void) fmt;
  s_logged++;
}

void mg_log_prefix(int level, const char *file, int line, const char *func) {
  (void) level, (void) file, (void) line, (void) func;
  s_prefixed++;
}

bool mg_ota_begin(size_t new_firmware_size) {
  return new_firmware_size == 5;
}

bool mg_ota_write(const void *buf, size_t len) {
  return len == 5 && memcmp(buf, "hello", 5) == 0;
}

bool mg_ota_end(void) {
  return true;
}

static void installed(struct mg_connection *c, const char *error) {
  s_installed = error == NULL ? 1 : -1;
  c->is_draining = 1;
}

// A server that installs what its own client sends.
static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  if (ev == MG_EV_HTTP_HDRS && c->is_accepted) mg_http_start_ota(c, (struct mg_http_message *) ev_data, installed);
}

int main(void) {
  struct mg_mgr mgr;
  unsigned char byte = 0;
  char url[50];
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  if (mg_listen(&mgr, "tcp://no.such.address:1", NULL, NULL) != NULL) return 1;
  struct mg_connection *listener = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  mg_snprintf(url, sizeof(url), "http://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  mg_http_connect(&mgr, url, handler, NULL);
  for (int i = 0; i < 1000 && s_installed == 0; i++) mg_mgr_poll(&mgr, 1);
  mg_mgr_free(&mgr);
  if (s_logged == 0 || s_logged != s_prefixed) return 2;
  if (s_installed != 1) return 4;
  if (!mg_random(&byte, 1) || byte != 7 || mg_millis() != 42) return 3;
  return 0;
}
