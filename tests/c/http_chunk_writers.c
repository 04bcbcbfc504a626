// The exact bytes that mg_http_printf_chunk and mg_http_write_chunk queue, and what becomes of is_resp.

#include "mongoose.h"

static struct mg_connection *s_conn;

static void show(const char *label) {
  struct mg_connection *c = s_conn;
  printf("%s: %zu ", label, c->send.len);
  for (size_t i = 0; i < c->send.len && i < 60; i++) {
    unsigned char ch = c->send.buf[i];
    if (ch == '\r') printf("\\r");
    else if (ch == '\n') printf("\\n");
    else if (ch < ' ' || ch > '~') printf("\\x%02x", ch);
    else putchar(ch);
  }
  printf("| resp %d draining %d closing %d\n", c->is_resp, c->is_draining, c->is_closing);
  c->send.len = 0;
  c->is_resp = 1;
}

int main(void) {
  struct mg_mgr mgr;
  static char big[300];
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *c = s_conn = mg_listen(&mgr, "tcp://127.0.0.1:0", NULL, NULL);
  memset(big, 'x', sizeof(big) - 1);
  c->is_resp = 1;
  mg_http_printf_chunk(c, "%s", "hello");
  show("printf");
  mg_http_printf_chunk(c, "%s", big);
  show("printf 299 bytes");
  mg_http_printf_chunk(c, "");
  show("printf nothing");
  mg_http_printf_chunk(c, "%s", "");
  show("printf an empty string");
  mg_http_printf_chunk(c, "%d%%", 5);
  show("printf a number");
  mg_http_printf_chunk(c, "%c", 0);
  show("printf a NUL");
  mg_http_write_chunk(c, "hello", 5);
  show("write");
  memset(big, 'x', sizeof(big));
  mg_http_write_chunk(c, big, 300);
  show("write 300 bytes");
  mg_http_write_chunk(c, "a\0b", 3);
  show("write a NUL");
  mg_http_write_chunk(c, "", 0);
  show("write nothing");
  mg_http_write_chunk(c, NULL, 0);
  show("write NULL");
  mg_http_write_chunk(c, "hello", 0);
  show("write none of five bytes");
  mg_http_printf_chunk(c, "%s", "a");
  mg_http_write_chunk(c, "b", 1);
  mg_http_printf_chunk(c, "");
  show("three in a row");
  c->is_resp = 0;
  mg_mgr_free(&mgr);
  return 0;
}
