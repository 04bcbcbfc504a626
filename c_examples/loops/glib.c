// A manager in GLib's main loop, as it is in GTK programs: a source that is ready when the manager has something to do.
//
// Build: cc c_examples/loops/glib.c -o target/glib -I include -L target/release -lmongoose $(pkg-config --cflags --libs glib-2.0)
// Run:   LD_LIBRARY_PATH=target/release target/glib http://127.0.0.1:8000
// Try:   curl http://127.0.0.1:8000/, /ticks and /later, and a WebSocket client on ws://127.0.0.1:8000/ws

#include <glib-unix.h>
#include <stdio.h>

#include "mongoose.h"

struct source {
  GSource base;
  struct mg_mgr *mgr;
  gpointer tag;
};

// Before GLib waits, and how long it may.
static gboolean prepare(GSource *source, gint *ms) {
  *ms = mg_mgr_timeout(((struct source *) source)->mgr);
  return *ms == 0;
}

// After it has waited.
static gboolean check(GSource *source) {
  struct source *s = (struct source *) source;
  return g_source_query_unix_fd(source, s->tag) != 0 || mg_mgr_timeout(s->mgr) == 0;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data) {
  mg_mgr_poll(((struct source *) source)->mgr, 0), (void) callback, (void) data;
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = {.prepare = prepare, .check = check, .dispatch = dispatch};

static struct mg_mgr mgr;
static int ticks;

static gboolean on_tick(gpointer arg) {
  ticks++, (void) arg;
  return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer loop) {
  g_main_loop_quit((GMainLoop *) loop);
  return G_SOURCE_CONTINUE;
}

// The connection may be gone by now, so its number was kept.
static gboolean on_later(gpointer id) {
  struct mg_connection *c = mg_mgr_find(&mgr, GPOINTER_TO_SIZE(id));
  if (c != NULL) mg_http_reply(c, 200, "", "later\n");
  return G_SOURCE_REMOVE;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/ws"), NULL)) {
      mg_ws_upgrade(c, hm, NULL);
    } else if (mg_match(hm->uri, mg_str("/ticks"), NULL)) {
      mg_http_reply(c, 200, "", "%d\n", ticks);
    } else if (mg_match(hm->uri, mg_str("/later"), NULL)) {
      g_timeout_add(50, on_later, GSIZE_TO_POINTER(c->id));
    } else {
      mg_http_reply(c, 200, "", "Hello from glib\n");
    }
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
}

int main(int argc, char *argv[]) {
  GMainLoop *loop = g_main_loop_new(NULL, FALSE);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (l == NULL) return 1;
  printf("Listening on port %d\n", mg_ntohs(l->loc.port)), fflush(stdout);
  struct source *source = (struct source *) g_source_new(&functions, sizeof(*source));
  source->mgr = &mgr;
  source->tag = g_source_add_unix_fd(&source->base, mg_mgr_fd(&mgr), G_IO_IN);
  g_source_attach(&source->base, NULL);
  g_timeout_add(100, on_tick, NULL);
  g_unix_signal_add(SIGINT, on_signal, loop), g_unix_signal_add(SIGTERM, on_signal, loop);
  g_main_loop_run(loop);
  g_source_destroy(&source->base), g_source_unref(&source->base);
  mg_mgr_free(&mgr);
  g_main_loop_unref(loop);
  return 0;
}
