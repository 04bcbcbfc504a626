// Functions that need memory, at any allocation that fails: each returns its documented failure, leaks nothing, and works
// the next time.

#include "../failing_allocator.h"

static char big[10000];
static int timers, wakeups, calls, piped;

static void on_timer(void *arg) {
  timers++;
  (void) arg;
}

static void on_event(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_READ) piped += (int) c->recv.len, c->recv.len = 0;
  if (ev == MG_EV_WAKEUP) wakeups += (int) ((struct mg_str *) ev_data)->len;
}

static void on_call(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  calls++;
  (void) mgr, (void) c, (void) arg;
}

static bool texts(struct world *w) {
  bool ok = true;
  begin(w);
  begin_faults(w);
  char *p = mg_mprintf("%s %m %d", big, MG_ESC("\n"), 7);
  ok = is(p != NULL && strlen(p) == strlen(big) + 7) && ok;
  struct mg_str s = mg_strdup(mg_str(big));
  ok = is(s.len == strlen(big)) && ok;
  char *j = mg_json_get_str(mg_str("{\"a\":\"b\\nc\"}"), "$.a");
  ok = is(j != NULL && strcmp(j, "b\nc") == 0) && ok;
  int len = 0;
  char *b = mg_json_get_b64(mg_str("{\"a\":\"YWJj\"}"), "$.a", &len);
  ok = is(b != NULL && len == 3) && ok;
  struct mg_iobuf io = {NULL, 0, 0, 16};
  ok = is(mg_iobuf_add(&io, 0, big, sizeof(big)) == sizeof(big)) && ok;
  ok = is(mg_xprintf(mg_pfn_iobuf, &io, "%s", big) == strlen(big) && io.len == sizeof(big) + strlen(big)) && ok;
  struct mg_rpc *methods = NULL;
  mg_rpc_add(&methods, mg_str("m"), mg_rpc_list, NULL);
  ok = is(methods != NULL) && ok;
  end_faults();
  mg_rpc_del(&methods, NULL);
  mg_iobuf_free(&io);
  mg_free(p), mg_free(s.buf), mg_free(j), mg_free(b);
  end(w);
  return ok;
}

static bool tokens(struct world *w) {
  char token[600], claims[100];
  struct mg_jwt_opts opts = {.claims = mg_str("{\"a\":1}"), .secret = mg_str("secret")};
  begin(w);
  begin_faults(w);
  size_t n = mg_jwt_sign_hs256(&opts, token, sizeof(token));
  bool ok = is(n > 0) && is(mg_jwt_verify_hs256(mg_str_n(token, n), &opts, claims, sizeof(claims)) == 7);
  uint8_t private_key[32], public_key[64], hash[32] = {1}, signature[64];
  ok = is(mg_uecc_make_key(public_key, private_key, mg_uecc_secp256r1())) && ok;
  ok = ok && is(mg_uecc_sign(private_key, hash, 32, signature, mg_uecc_secp256r1()));
  ok = ok && is(mg_uecc_verify(public_key, hash, 32, signature, mg_uecc_secp256r1()));
  end(w);
  return ok;
}

static bool files(struct world *w) {
  begin(w);
  begin_faults(w);
  bool ok = is(mg_file_write(&mg_fs_posix, "f", big, sizeof(big)));
  struct mg_str data = mg_file_read(&mg_fs_posix, "f");
  ok = is(data.len == sizeof(big)) && ok;
  mg_free(data.buf);
  struct mg_fd *fd = mg_fs_open(&mg_fs_posix, "f", MG_FS_READ);
  ok = is(fd != NULL) && ok;
  mg_fs_close(fd);
  ok = is(mg_file_printf(&mg_fs_posix, "g", "%s", big)) && ok;
  char name[100] = "";
  ok = is(mg_fs_ls(&mg_fs_posix, ".", name, sizeof(name))) && ok;
  end(w);
  return ok;
}

static bool loop(struct world *w) {
  begin(w);
  timers = wakeups = calls = piped = 0;
  begin_faults(w);
  bool ok = is(mg_timer_add(&w->mgr, 1, MG_TIMER_ONCE | MG_TIMER_RUN_NOW, on_timer, NULL) != NULL);
  struct mg_connection *l = mg_listen(&w->mgr, "udp://127.0.0.1:0", on_event, NULL);
  ok = is(l != NULL) && ok;
  bool channel = is(mg_wakeup_init(&w->mgr)), sent = channel && l != NULL && is(mg_wakeup(&w->mgr, l->id, big, 77));
  int called = channel ? is(mg_mgr_call(&w->mgr, 0, on_call, NULL)) + is(mg_mgr_call(&w->mgr, 0, on_call, NULL)) : 0;
  for (int i = 0; i < 10; i++) mg_mgr_poll(&w->mgr, 0);
  int pipe_fds[2];
  ok = ok && pipe(pipe_fds) == 0;
  if (ok) {
    // The descriptor stays the program's when wrapping fails.
    struct mg_connection *wrapped = mg_wrapfd(&w->mgr, pipe_fds[0], on_event, NULL);
    if (!is(wrapped != NULL)) close(pipe_fds[0]), ok = false;
    CHECK(write(pipe_fds[1], "x", 1) == 1 || wrapped == NULL);
    close(pipe_fds[1]);
    for (int i = 0; i < 10; i++) mg_mgr_poll(&w->mgr, 0);
    ok = ok && piped == 1;
  }
  end_faults();
  for (int i = 0; i < 10; i++) mg_mgr_poll(&w->mgr, 0);
  CHECK(!sent || wakeups == 77 || errors > 0);
  CHECK(calls == called);
  ok = ok && sent && called == 2 && timers == 1;
  end(w);
  return ok;
}

// A manager without a readiness queue cannot open anything, and can be freed.
static bool managers(struct world *w) {
  begin(w);
  begin_faults(w);
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  bool ok = is(mgr.epoll_fd >= 0);
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", on_event, NULL);
  CHECK(ok || l == NULL);
  ok = is(l != NULL) && ok;
  mg_mgr_poll(&mgr, 0);
  mg_mgr_free(&mgr);
  end(w);
  return ok;
}

static bool clients(struct world *w) {
  static const char *urls[] = {"http://127.0.0.1:%d", "ws://127.0.0.1:%d", "mqtt://127.0.0.1:%d", "udp://127.0.0.1:%d"};
  char url[64];
  begin(w);
  begin_faults(w);
  bool ok = true;
  for (int i = 0; i < 4; i++) {
    mg_snprintf(url, sizeof(url), urls[i], mg_ntohs(w->mgr.conns->next->loc.port));
    struct mg_mqtt_opts opts = {.client_id = mg_str("x")};
    struct mg_connection *c = i == 0   ? mg_http_connect(&w->mgr, url, on_event, NULL)
                              : i == 1 ? mg_ws_connect(&w->mgr, url, on_event, NULL, "A: %s\r\n", big)
                              : i == 2 ? mg_mqtt_connect(&w->mgr, url, &opts, on_event, NULL)
                                       : mg_connect(&w->mgr, url, on_event, NULL);
    ok = is(c != NULL) && ok;
    for (int n = 0; n < 5; n++) mg_mgr_poll(&w->mgr, 0);
  }
  struct mg_connection *sntp = mg_sntp_connect(&w->mgr, "udp://127.0.0.1:9", on_event, NULL);
  ok = is(sntp != NULL) && ok;
  for (int n = 0; n < 5; n++) mg_mgr_poll(&w->mgr, 0);
  end(w);
  return ok;
}

int main(void) {
  memset(big, 'x', sizeof(big) - 1);
  every_allocation("texts", texts);
  every_allocation("tokens", tokens);
  every_allocation("files", files);
  every_allocation("loop", loop);
  every_allocation("managers", managers);
  every_allocation("clients", clients);
  return 0;
}
