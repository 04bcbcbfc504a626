// Streamed bodies, both ways and both sides, when memory runs out at any allocation: the functions are told of the end once,
// whatever it is, nothing leaks, and the next exchange works.

#include "../failing_allocator.h"

enum { SIZE = 100000 };

static int status, begun, ended;
static size_t received;
static bool closed, is_chunked;
static char url[64];

static long make(struct mg_connection *c, char *buf, size_t len, void *arg) {
  size_t *left = (size_t *) arg;
  if (*left == 0) return MG_HTTP_STREAM_END;
  if (len > *left) len = *left;
  memset(buf, 'x', len);
  *left -= len;
  (void) c;
  return (long) len;
}

static void take(struct mg_connection *c, struct mg_str data, void *arg) {
  received += data.len;
  (void) c, (void) arg;
}

static void done(struct mg_connection *c, const char *error, void *arg) {
  ended++;
  if (error != NULL) is(false);
  (void) c, (void) arg;
}

static void read_body(struct mg_connection *c, void *ev_data) {
  if (is(mg_http_read_body(c, (struct mg_http_message *) ev_data, take, done, NULL))) begun++;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  static size_t left;
  note(c, ev, ev_data);
  if (ev == MG_EV_HTTP_HDRS) read_body(c, ev_data);
  if (ev == MG_EV_HTTP_MSG) {
    left = SIZE;
    if (is(mg_http_reply_stream(c, 200, "A: b\r\n", is_chunked ? -1 : SIZE, make, done, &left))) begun++;
    else mg_http_reply(c, 500, "", "");
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  static size_t left;
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) {
    left = SIZE;
    if (is(mg_http_request_stream(c, "PUT", url, "", is_chunked ? -1 : SIZE, make, done, &left))) begun++;
    else c->is_closing = 1;
  } else if (ev == MG_EV_HTTP_HDRS) {
    read_body(c, ev_data);
  } else if (ev == MG_EV_HTTP_MSG) {
    status = mg_http_status((struct mg_http_message *) ev_data);
    c->is_draining = 1;
  } else if (ev == MG_EV_CLOSE) {
    closed = true;
  }
}

static bool exchange(struct world *w) {
  begin(w);
  begin_faults(w);
  struct mg_connection *l = mg_http_listen(&w->mgr, "http://127.0.0.1:0", server, NULL);
  status = begun = ended = 0;
  received = 0;
  closed = false;
  if (is(l != NULL)) {
    mg_snprintf(url, sizeof(url), "http://127.0.0.1:%d", mg_ntohs(l->loc.port));
    if (is(mg_http_connect(&w->mgr, url, client, NULL) != NULL)) poll_until(&w->mgr, &closed);
  }
  end(w);
  CHECK(begun == ended);
  if (status != 200 && status > 0) refusals++;
  return status == 200 && received == 2 * SIZE && begun == 4;
}

int main(void) {
  every_allocation("with a length", exchange);
  is_chunked = true;
  every_allocation("in chunks", exchange);
  return 0;
}
