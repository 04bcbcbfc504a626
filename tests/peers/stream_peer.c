// Streams bodies for tests/peers/test_stream.py.
//
// stream_peer serve URL [CERT KEY]            sends each request body back as it comes, in little memory whoever is slow
// stream_peer put URL SIZE length|chunked [CA] sends a body of that size, checks that it comes back, and says what it took

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

enum { ENOUGH = 128 * 1024 };

static volatile sig_atomic_t s_stopped;
static struct mg_tls_opts s_tls;

static void stop(int signal_number) {
  s_stopped = signal_number;
}

// A body on its way back, and how many of its two directions go on.
struct echo {
  struct mg_iobuf io;
  size_t used;
  int directions;
  bool ended, failed;
};

static void echo_piece(struct mg_connection *c, struct mg_str data, void *arg) {
  struct echo *echo = (struct echo *) arg;
  mg_iobuf_add(&echo->io, echo->io.len, data.buf, data.len);
  if (echo->io.len > ENOUGH) mg_http_pause_body(c);
  mg_http_resume_send(c);
}

static long echo_source(struct mg_connection *c, char *buf, size_t len, void *arg) {
  struct echo *echo = (struct echo *) arg;
  size_t left = echo->io.len - echo->used;
  if (left == 0 && echo->ended) return echo->failed ? MG_HTTP_STREAM_ABORT : MG_HTTP_STREAM_END;
  if (len > left) len = left;
  memcpy(buf, echo->io.buf + echo->used, len);
  echo->used += len;
  if (echo->used == echo->io.len) {
    echo->used = echo->io.len = 0;
    mg_http_resume_body(c);
  }
  return (long) len;
}

static void echo_done(struct mg_connection *c, const char *error, void *arg) {
  struct echo *echo = (struct echo *) arg;
  echo->ended = true;
  if (error != NULL) echo->failed = true;
  mg_http_resume_send(c);
  if (--echo->directions == 0) mg_iobuf_free(&echo->io), free(echo);
}

static void serve(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ACCEPT && c->is_tls) {
    mg_tls_init(c, &s_tls);
  } else if (ev == MG_EV_HTTP_HDRS) {
    struct echo *echo = (struct echo *) calloc(1, sizeof(*echo));
    struct mg_str *length = mg_http_get_header(hm, "Content-Length");
    echo->io.align = 16384;
    echo->directions = 2;
    if (!mg_http_read_body(c, hm, echo_piece, echo_done, echo) ||
        !mg_http_reply_stream(c, 200, "", length ? (int64_t) hm->body.len : -1, echo_source, echo_done, echo)) {
      abort();
    }
  }
}

static uint64_t s_size, s_sent, s_received;
static bool s_wrong, s_chunked, s_closed;
static int s_status;
static const char *s_url;

static char at(uint64_t i) {
  return (char) (i * 31 + (i >> 11));
}

static long make(struct mg_connection *c, char *buf, size_t len, void *arg) {
  if (s_sent == s_size) return MG_HTTP_STREAM_END;
  if (len > s_size - s_sent) len = (size_t) (s_size - s_sent);
  for (size_t i = 0; i < len; i++) buf[i] = at(s_sent + i);
  s_sent += len;
  (void) c, (void) arg;
  return (long) len;
}

static void check(struct mg_connection *c, struct mg_str data, void *arg) {
  for (size_t i = 0; i < data.len; i++) s_wrong |= data.buf[i] != at(s_received + i);
  s_received += data.len;
  (void) c, (void) arg;
}

static void complain(struct mg_connection *c, const char *error, void *arg) {
  if (error != NULL) printf("%s: %s\n", (char *) arg, error);
  (void) c;
}

static void put(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_CONNECT) {
    if (s_tls.ca.len > 0) mg_tls_init(c, &s_tls);
    if (!mg_http_request_stream(c, "PUT", s_url, "", s_chunked ? -1 : (int64_t) s_size, make, complain, "sending")) abort();
  } else if (ev == MG_EV_HTTP_HDRS) {
    if (!mg_http_read_body(c, hm, check, complain, "receiving")) abort();
  } else if (ev == MG_EV_HTTP_MSG) {
    s_status = mg_http_status(hm);
    c->is_draining = 1;
  } else if (ev == MG_EV_CLOSE) {
    s_closed = true;
  } else if (ev == MG_EV_ERROR) {
    printf("%s\n", (char *) ev_data);
  }
}

// The most memory that this program had.
static long most_kilobytes(void) {
  char line[200];
  long kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof(line), file) != NULL) sscanf(line, "VmHWM: %ld", &kilobytes);
  if (file != NULL) fclose(file);
  return kilobytes;
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  mg_log_set(MG_LL_ERROR);
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_mgr_init(&mgr);
  if (argc > 2 && strcmp(argv[1], "serve") == 0) {
    if (argc > 4) s_tls.cert = mg_file_read(&mg_fs_posix, argv[3]), s_tls.key = mg_file_read(&mg_fs_posix, argv[4]);
    struct mg_connection *l = mg_http_listen(&mgr, argv[2], serve, NULL);
    if (l == NULL) return 1;
    printf("Listening on port %u\n", mg_ntohs(l->loc.port));
    fflush(stdout);
    while (!s_stopped) mg_mgr_poll(&mgr, 1000);
  } else if (argc > 4) {
    s_url = argv[2];
    s_size = strtoull(argv[3], NULL, 10);
    s_chunked = strcmp(argv[4], "chunked") == 0;
    if (argc > 5) s_tls.ca = mg_file_read(&mg_fs_posix, argv[5]);
    mg_http_connect(&mgr, s_url, put, NULL);
    while (!s_stopped && !s_closed) mg_mgr_poll(&mgr, 1000);
    printf("status %d, sent %llu, received %llu%s, %ld KB\n", s_status, (unsigned long long) s_sent,
           (unsigned long long) s_received, s_wrong ? " wrong" : "", most_kilobytes());
  }
  mg_mgr_free(&mgr);
  return s_stopped || argc < 5 || (s_received == s_size && !s_wrong && s_status == 200) ? 0 : 1;
}
