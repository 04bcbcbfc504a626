// HTTPS: a reply, a large file, and a request with a large body, on one connection.

#include "tls_pair.h"

#define FILE_SIZE 1000000

static int step;
static char *body;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &pair->server.opts);
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/file"), NULL)) {
      struct mg_http_serve_opts opts = {.mime_types = "bin=a/b"};
      mg_http_serve_file(c, hm, "file.bin", &opts);
    } else {
      mg_http_reply(c, 200, "", "%.*s %lu %lu", (int) hm->uri.len, hm->uri.buf, (unsigned long) hm->body.len,
                    (unsigned long) mg_crc32(0, hm->body.buf, hm->body.len));
    }
  }
}

static void next_request(struct mg_connection *c) {
  step++;
  if (step == 1) mg_printf(c, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
  if (step == 2) mg_printf(c, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
  if (step == 3) {
    mg_printf(c, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", FILE_SIZE);
    mg_send(c, body, FILE_SIZE);
  }
  if (step == 4) c->is_closing = 1;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct tls_pair *pair = (struct tls_pair *) c->fn_data;
  tls_note(c, &pair->client, ev == MG_EV_READ || ev == MG_EV_WRITE ? MG_EV_POLL : ev, ev_data);
  if (ev == MG_EV_CONNECT) {
    mg_tls_init(c, &pair->client.opts);
    next_request(c);
  }
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    printf("response %d, status: %d\n", step, mg_http_status(hm));
    printf("response %d, body: %lu bytes, CRC %lx\n", step, (unsigned long) hm->body.len,
           (unsigned long) mg_crc32(0, hm->body.buf, hm->body.len));
    if (hm->body.len < 100) printf("response %d, text: %.*s\n", step, (int) hm->body.len, hm->body.buf);
    next_request(c);
  }
}

int main(void) {
  static struct tls_pair pair;
  body = (char *) malloc(FILE_SIZE);
  for (int i = 0; i < FILE_SIZE; i++) body[i] = (char) (i * 5 + i / 1000);
  mg_file_write(&mg_fs_posix, "file.bin", body, FILE_SIZE);
  pair.server.opts.cert = mg_str(SERVER_CERT);
  pair.server.opts.key = mg_str(SERVER_KEY);
  pair.client.opts.ca = mg_str(CA_CERT);
  pair.client.opts.name = mg_str("localhost");
  tls_begin(&pair);
  struct mg_connection *listener = mg_http_listen(&pair.mgr, "https://127.0.0.1:0", server, &pair);
  snprintf(pair.url, sizeof(pair.url), "https://127.0.0.1:%u", mg_ntohs(listener->loc.port));
  mg_http_connect(&pair.mgr, pair.url, client, &pair);
  tls_poll_until(&pair.mgr, &pair.client.closed, 1000);
  printf("events: %s\n", pair.client.trace);
  mg_mgr_free(&pair.mgr);
  free(body);
  return 0;
}
