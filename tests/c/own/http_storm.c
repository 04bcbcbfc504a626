// A server with files, uploads, WebSockets, chunked and late answers; clients that send valid and broken requests in
// random pieces, read or not, close or reset; and handlers that now and then do whatever the interface allows. Nothing
// may crash or leak, and at the end the server answers as on the first day.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define CLIENTS 12

static unsigned long s_seed, s_messages;
static int s_depth, s_polls, s_connections;
static bool s_calm;
static char s_url[64];

static unsigned rnd(unsigned n) {
  s_seed = s_seed * 6364136223846793005ul + 1442695040888963407ul;
  return (unsigned) (s_seed >> 33) % n;
}

static struct mg_connection *pick(struct mg_mgr *mgr) {
  int n = 0;
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) n++;
  struct mg_connection *c = mgr->conns;
  for (unsigned i = n > 0 ? rnd((unsigned) n) : 0; i > 0; i--) c = c->next;
  return c == NULL || c->is_listening ? NULL : c;
}

static void handler(struct mg_connection *c, int ev, void *ev_data);

static void hostile(struct mg_connection *c) {
  static char data[3000];
  struct mg_connection *other = pick(c->mgr);
  long n = 0;
  switch (rnd(22)) {
    case 0: mg_close_conn(c); break;
    case 1: if (other != NULL) mg_close_conn(other); break;
    case 2: c->is_closing = 1; break;
    case 3: c->is_draining = 1; break;
    case 4: mg_iobuf_free(&c->recv); break;
    case 5: mg_iobuf_free(&c->send); break;
    case 6: c->recv.len = 0; break;
    case 7: mg_iobuf_del(&c->recv, 0, rnd(100)); break;
    case 8: mg_iobuf_resize(&c->recv, rnd(100000)); break;
    case 9: mg_send(c, data, rnd(sizeof(data))); break;
    case 10: if (other != NULL) mg_http_reply(other, 200, "", "surprise"); break;
    case 11: c->is_resp = 0; break;
    case 12: c->pfn = NULL; break;
    case 13: mg_error(c, "%s", "hostile"); break;
    case 14: c->is_full = !c->is_full; break;
    case 15: if (s_polls-- > 0) mg_mgr_poll(c->mgr, 0); break;
    case 16: mg_http_write_chunk(c, data, rnd(100)); break;
    case 17: if (s_connections++ < 40) mg_ws_connect(c->mgr, s_url, handler, NULL, NULL); break;
    case 18: if (s_connections++ < 40) mg_http_connect(c->mgr, s_url, handler, NULL); break;
    case 19: if (c->is_websocket) mg_ws_send(c, data, rnd(2000), WEBSOCKET_OP_BINARY); break;
    case 20: mg_call(c, MG_EV_READ, &n); break;
    case 21: if (other != NULL) other->fn = rnd(2) == 0 ? NULL : handler; break;
  }
}

static void uploaded(struct mg_connection *c, const char *error) {
  mg_http_reply(c, error == NULL ? 200 : 500, "", "%s", error == NULL ? "stored" : error);
}

static void serve(struct mg_connection *c, struct mg_http_message *hm) {
  struct mg_http_serve_opts opts = {.root_dir = ".", .ssi_pattern = "#.shtml"};
  s_messages++;
  switch (s_calm ? 0 : rnd(9)) {
    case 0: mg_http_serve_dir(c, hm, &opts); break;
    case 1: mg_http_serve_file(c, hm, "big.bin", &opts); break;
    case 2: mg_http_reply(c, 200, "", "%.*s", (int) hm->body.len, hm->body.buf); break;
    case 3: mg_ws_upgrade(c, hm, NULL); break;
    case 4: mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); break;
    case 5: mg_http_upload(c, hm, &mg_fs_posix, ".", 100000); break;
    case 6: mg_http_reply(c, (int) rnd(600), "", "%lu", s_messages), mg_http_reply(c, 200, "", ""); break;
    case 7: mg_http_serve_ssi(c, ".", "page.shtml"); break;
    default: break;
  }
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (c->is_listening) return;
  if (ev == MG_EV_CONNECT && !c->is_websocket) mg_printf(c, "GET /big.bin HTTP/1.1\r\n\r\n");
  if (ev == MG_EV_HTTP_HDRS && !s_calm && c->is_accepted && rnd(6) == 0) mg_http_start_upload(c, hm, mg_str("up.bin"), mg_str("."), &mg_fs_posix, rnd(2) ? uploaded : NULL);
  if (ev == MG_EV_HTTP_MSG && c->is_accepted) serve(c, hm);
  if (ev == MG_EV_POLL && c->is_resp && rnd(4) == 0) mg_http_write_chunk(c, "late", rnd(5));
  if (s_calm || s_depth > 4 || rnd(ev == MG_EV_POLL ? 200 : 12) != 0) return;
  s_depth++;
  hostile(c);
  s_depth--;
}

static size_t request(char *p) {
  static const char *texts[] = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /big.bin HTTP/1.1\r\nRange: bytes=5-50000\r\n\r\n", "HEAD /big.bin HTTP/1.1\r\n\r\n",
      "POST /up?file=x HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello world", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "GET /page.shtml HTTP/1.0\r\n\r\n", "GET /../x HTTP/1.1\r\n\r\n",
      "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      "\x81\x85\x01\x02\x03\x04ignor\x88\x80\x01\x02\x03\x04", "PUT /up HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n12345",
      "POST /up HTTP/1.1\r\nContent-Length: 200000\r\n\r\n", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "garbage \1\2\3\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"};
  const char *text = texts[rnd(sizeof(texts) / sizeof(texts[0]))];
  size_t len = strlen(text);
  memcpy(p, text, len);
  if (rnd(20) == 0) p[rnd((unsigned) len)] ^= (char) (1 << rnd(8));
  return len;
}

static int dial(struct sockaddr_in *addr) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(fd >= 0 && connect(fd, (struct sockaddr *) addr, sizeof(*addr)) == 0);
  return fd;
}

static int open_descriptors(void) {
  int n = 0;
  for (int fd = 0; fd < 1024; fd++) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

static void storm(unsigned long seed, int iterations) {
  struct mg_mgr mgr;
  char data[CLIENTS][4000], buf[20000];
  size_t len[CLIENTS] = {0}, sent[CLIENTS] = {0};
  int fds[CLIENTS], before = open_descriptors();
  s_seed = seed, s_polls = 200, s_connections = 0, s_calm = false;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  CHECK(l != NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  snprintf(s_url, sizeof(s_url), "http://127.0.0.1:%u", mg_ntohs(l->loc.port));
  for (int i = 0; i < CLIENTS; i++) fds[i] = -1;
  for (int k = 0; k < iterations; k++) {
    unsigned i = rnd(CLIENTS);
    if (fds[i] < 0) {
      fds[i] = dial(&addr);
      len[i] = sent[i] = 0;
      for (unsigned n = rnd(5) + 1; n > 0; n--) len[i] += request(data[i] + len[i]);
    } else if (sent[i] < len[i]) {
      size_t n = rnd(3) == 0 ? len[i] - sent[i] : 1 + rnd((unsigned) (len[i] - sent[i]));
      ssize_t done = send(fds[i], data[i] + sent[i], n, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (done > 0) sent[i] += (size_t) done;
      else sent[i] = len[i];
    } else if (rnd(4) == 0) {
      struct linger reset = {.l_onoff = 1, .l_linger = 0};
      if (rnd(2) == 0) setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
      if (rnd(4) == 0) shutdown(fds[i], SHUT_WR), mg_mgr_poll(&mgr, 0);
      close(fds[i]);
      fds[i] = -1;
    } else {
      while (recv(fds[i], buf, sizeof(buf), MSG_DONTWAIT) > 0 && rnd(3) != 0) (void) 0;
    }
    mg_mgr_poll(&mgr, 0);
  }
  for (int i = 0; i < CLIENTS; i++) {
    if (fds[i] >= 0) close(fds[i]);
  }
  // The sky clears.
  s_calm = true;
  int fd = dial(&addr);
  size_t got = 0;
  ssize_t n;
  send(fd, "GET /big.bin HTTP/1.1\r\nRange: bytes=0-9\r\n\r\n", 43, MSG_NOSIGNAL);
  for (int k = 0; k < 1000 && (got < 14 || memcmp(buf + got - 14, "\r\n\r\n0123456789", 14) != 0); k++) {
    mg_mgr_poll(&mgr, 5);
    if ((n = recv(fd, buf + got, sizeof(buf) - got, MSG_DONTWAIT)) > 0) got += (size_t) n;
  }
  CHECK(got > 14 && memcmp(buf, "HTTP/1.1 206", 12) == 0 && memcmp(buf + got - 14, "\r\n\r\n0123456789", 14) == 0);
  close(fd);
  mg_mgr_free(&mgr);
  CHECK(mgr.conns == NULL);
  CHECK(open_descriptors() == before);
}

static void no_log(char ch, void *param) {
  (void) ch, (void) param;
}

static void write_file(const char *name, const char *text, int times) {
  FILE *f = fopen(name, "w");
  CHECK(f != NULL);
  for (int i = 0; i < times; i++) fputs(text, f);
  fclose(f);
}

int main(int argc, char *argv[]) {
  int storms = argc > 1 ? atoi(argv[1]) : 10, first = argc > 2 ? atoi(argv[2]) : 1;
  mg_log_level = MG_LL_NONE;
  mg_log_set_fn(no_log, NULL);
  write_file("page.shtml", "a<!--#include file=\"part\" -->b<!--#include file=\"page.shtml\" -->", 1);
  write_file("part", "included", 1);
  for (int i = 0; i < storms; i++) {
    write_file("big.bin", "0123456789", 30000);
    if (argc > 1) fprintf(stderr, "%d\n", first + i);
    storm((unsigned long) (first + i), 3000);
  }
  CHECK(s_messages > 500);
  return 0;
}
