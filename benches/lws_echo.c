// A peer: WebSocket echo on libwebsockets.

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session {
  unsigned char *buf;  // LWS_PRE bytes, then the message
  size_t len, room;
};

static volatile sig_atomic_t stopped;
static struct lws_context *context;

static void stop(int signal_number) {
  stopped = signal_number;
  lws_cancel_service(context);
}

static int echo(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
  struct session *session = (struct session *) user;
  if (reason == LWS_CALLBACK_RECEIVE) {
    if (session->len + len > session->room) {
      session->room = session->len + len;
      session->buf = realloc(session->buf, LWS_PRE + session->room);
      if (session->buf == NULL) return -1;
    }
    memcpy(session->buf + LWS_PRE + session->len, in, len);
    session->len += len;
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) lws_callback_on_writable(wsi);
  } else if (reason == LWS_CALLBACK_SERVER_WRITEABLE && session->len > 0) {
    int n = lws_write(wsi, session->buf + LWS_PRE, session->len, LWS_WRITE_BINARY);
    session->len = 0;
    return n < 0 ? -1 : 0;
  } else if (reason == LWS_CALLBACK_CLOSED) {
    free(session->buf);
  }
  return 0;
}

int main(void) {
  static const struct lws_protocols protocols[] = {{.name = "echo", .callback = echo, .per_session_data_size = sizeof(struct session), .rx_buffer_size = 1 << 16},
                                                   {.name = NULL}};
  struct lws_context_creation_info info = {.port = 0, .iface = "127.0.0.1", .protocols = protocols};
  signal(SIGTERM, stop);
  lws_set_log_level(0, NULL);
  context = lws_create_context(&info);
  if (context == NULL) return 1;
  printf("Listening on port %d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
  fflush(stdout);
  while (!stopped && lws_service(context, 0) >= 0) continue;
  lws_context_destroy(context);
  return 0;
}
