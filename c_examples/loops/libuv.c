// A manager in libuv's loop: HTTP and WebSocket by the library, and timers, signals and work in threads by libuv. All
// but the work runs on one thread.
//
// Build: cc c_examples/loops/libuv.c -o target/libuv -I include -L target/release -lmongoose $(pkg-config --cflags --libs libuv)
// Run:   LD_LIBRARY_PATH=target/release target/libuv http://127.0.0.1:8000
// Try:   curl http://127.0.0.1:8000/, /ticks and /later, and a WebSocket client on ws://127.0.0.1:8000/ws

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "mongoose.h"

static struct mg_mgr mgr;
static uv_timer_t timeout;
static int ticks;

static void on_readable(uv_poll_t *handle, int status, int events) {
  mg_mgr_poll(&mgr, 0), (void) handle, (void) status, (void) events;
}

static void on_timeout(uv_timer_t *handle) {
  mg_mgr_poll(&mgr, 0), (void) handle;
}

// Runs when libuv is about to wait. By then everybody has done to the manager what there was to do.
static void before_wait(uv_prepare_t *handle) {
  int ms = mg_mgr_timeout(&mgr);
  uv_timer_stop(&timeout);
  uv_update_time(handle->loop);
  if (ms >= 0) uv_timer_start(&timeout, on_timeout, (uint64_t) ms, 0);
}

static void on_tick(uv_timer_t *handle) {
  ticks++, (void) handle;
}

static void on_signal(uv_signal_t *handle, int number) {
  uv_stop(handle->loop), (void) number;
}

// In a thread of libuv.
static void work(uv_work_t *request) {
  uv_sleep(50), (void) request;
}

// On the loop's thread again. The connection may be gone by now, so its number was kept.
static void after_work(uv_work_t *request, int status) {
  struct mg_connection *c = mg_mgr_find(&mgr, (unsigned long) (uintptr_t) request->data);
  if (c != NULL) mg_http_reply(c, status == 0 ? 200 : 500, "", "later\n");
  free(request);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    uv_work_t *request;
    if (mg_match(hm->uri, mg_str("/ws"), NULL)) {
      mg_ws_upgrade(c, hm, NULL);
    } else if (mg_match(hm->uri, mg_str("/ticks"), NULL)) {
      mg_http_reply(c, 200, "", "%d\n", ticks);
    } else if (!mg_match(hm->uri, mg_str("/later"), NULL)) {
      mg_http_reply(c, 200, "", "Hello from libuv\n");
    } else if ((request = (uv_work_t *) calloc(1, sizeof(*request))) != NULL) {
      request->data = (void *) (uintptr_t) c->id;
      uv_queue_work(uv_default_loop(), request, work, after_work);
    }
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
}

static void close_handle(uv_handle_t *handle, void *arg) {
  uv_close(handle, NULL), (void) arg;
}

int main(int argc, char *argv[]) {
  uv_loop_t *loop = uv_default_loop();
  uv_poll_t readable;
  uv_prepare_t prepare;
  uv_timer_t ticker;
  uv_signal_t signals[2];
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (l == NULL) return 1;
  printf("Listening on port %d\n", mg_ntohs(l->loc.port)), fflush(stdout);
  uv_poll_init(loop, &readable, mg_mgr_fd(&mgr)), uv_poll_start(&readable, UV_READABLE, on_readable);
  uv_timer_init(loop, &timeout);
  uv_prepare_init(loop, &prepare), uv_prepare_start(&prepare, before_wait);
  uv_timer_init(loop, &ticker), uv_timer_start(&ticker, on_tick, 100, 100);
  uv_signal_init(loop, &signals[0]), uv_signal_start(&signals[0], on_signal, SIGINT);
  uv_signal_init(loop, &signals[1]), uv_signal_start(&signals[1], on_signal, SIGTERM);
  uv_run(loop, UV_RUN_DEFAULT);
  uv_walk(loop, close_handle, NULL);
  uv_run(loop, UV_RUN_DEFAULT);
  mg_mgr_free(&mgr);
  return uv_loop_close(loop);
}
