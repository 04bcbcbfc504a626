// Bodies of any size in little memory: uploads are hashed while they arrive, downloads are made while they leave.
//
// Build: make examples
// Run:   target/examples/stream http://127.0.0.1:8000 [CERT KEY], with CERT and KEY for https://
// Try:   curl -T large http://127.0.0.1:8000/hash; cat large | curl -T - http://127.0.0.1:8000/hash
//        curl 'http://127.0.0.1:8000/bytes?size=4000000000' | sha256sum; the same with /chunks

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;
static struct mg_tls_opts tls;

static void stop(int signal_number) {
  stopped = signal_number;
}

struct upload {
  mg_sha256_ctx hash;
  uint64_t size;
};

static void hash_piece(struct mg_connection *c, struct mg_str data, void *arg) {
  struct upload *upload = (struct upload *) arg;
  (void) c;
  mg_sha256_update(&upload->hash, (unsigned char *) data.buf, data.len);
  upload->size += data.len;
}

static void hash_done(struct mg_connection *c, const char *error, void *arg) {
  struct upload *upload = (struct upload *) arg;
  uint8_t digest[32];
  mg_sha256_final(digest, &upload->hash);
  if (error == NULL) {
    mg_http_reply(c, 200, "", "%M %llu\n", mg_print_hex, (int) sizeof(digest), digest, upload->size);
  } else {
    fprintf(stderr, "%lu: %s after %llu bytes\n", c->id, error, (unsigned long long) upload->size);
  }
  free(upload);
}

// The next part of a download, of which `*left` bytes are left.
static long next_piece(struct mg_connection *c, char *buf, size_t len, void *arg) {
  uint64_t *left = (uint64_t *) arg;
  (void) c;
  if (*left == 0) return MG_HTTP_STREAM_END;
  if (len > *left) len = (size_t) *left;
  memset(buf, 'x', len);
  *left -= len;
  return (long) len;
}

static void download_done(struct mg_connection *c, const char *error, void *arg) {
  if (error != NULL) fprintf(stderr, "%lu: %s\n", c->id, error);
  free(arg);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ACCEPT && c->is_tls) {
    mg_tls_init(c, &tls);
  } else if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/hash"), NULL)) {
    struct upload *upload = (struct upload *) calloc(1, sizeof(*upload));
    if (upload != NULL) mg_sha256_init(&upload->hash);
    if (upload == NULL || !mg_http_read_body(c, hm, hash_piece, hash_done, upload)) free(upload);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/hash"), NULL)) {
    mg_http_reply(c, 500, "", "no memory\n");
  } else if (ev == MG_EV_HTTP_MSG) {
    bool chunked = mg_match(hm->uri, mg_str("/chunks"), NULL);
    uint64_t *left = (uint64_t *) calloc(1, sizeof(*left));
    if (left == NULL) {
      mg_http_reply(c, 500, "", "no memory\n");
      return;
    }
    mg_str_to_num(mg_http_var(hm->query, mg_str("size")), 10, left, sizeof(*left));
    if (!mg_http_reply_stream(c, 200, "", chunked ? -1 : (int64_t) *left, next_piece, download_done, left)) free(left);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  if (argc > 3) {
    tls.cert = mg_file_read(&mg_fs_posix, argv[2]);
    tls.key = mg_file_read(&mg_fs_posix, argv[3]);
  }
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  mg_free((void *) tls.cert.buf);
  mg_free((void *) tls.key.buf);
  return 0;
}
