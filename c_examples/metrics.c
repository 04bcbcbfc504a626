// A file server that tells Prometheus what it does, in the text format 0.0.4.
//
// Build: make examples        Run: target/examples/metrics http://127.0.0.1:8000 . [CERT KEY], with these for https://
// Try:   curl http://127.0.0.1:8000/metrics, or let Prometheus scrape it; curl -d hello http://127.0.0.1:8000/echo
//
// /metrics is open to everybody here. Bind it to an address of its own if that is too much.

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include "mongoose.h"

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

#define COUNTER(name, member, help) {name "_total", "counter", help, offsetof(struct mg_stats, member)}
#define GAUGE(name, member, help) {name, "gauge", help, offsetof(struct mg_stats, member)}

static const struct {
  const char *name, *type, *help;
  size_t offset;
} metrics[] = {
    COUNTER("mg_connections_accepted", accepted, "Connections that listeners accepted."),
    COUNTER("mg_connections_closed", closed, "Connections that are closed."),
    COUNTER("mg_client_connections", clients, "Connections that the program began."),
    COUNTER("mg_accept_errors", accept_errors, "Failed attempts to accept, for lack of descriptors or memory."),
    COUNTER("mg_accept_pauses", accept_pauses, "How often the limit of connections was reached."),
    GAUGE("mg_connections", open, "Open connections."),
    COUNTER("mg_received_bytes", bytes_received, "Bytes that sockets delivered."),
    COUNTER("mg_sent_bytes", bytes_sent, "Bytes that sockets took."),
    COUNTER("mg_http_requests", http_requests, "HTTP requests received."),
    COUNTER("mg_tls_handshakes", tls_handshakes, "Complete TLS handshakes."),
    COUNTER("mg_tls_resumed_handshakes", tls_resumed, "TLS handshakes that resumed a session."),
    COUNTER("mg_tls_failed_handshakes", tls_failed, "TLS handshakes that were not completed."),
    COUNTER("mg_errors", errors, "Connections that failed, and other errors."),
    COUNTER("mg_limits_exceeded", limits_exceeded, "Connections that exceeded a size."),
    COUNTER("mg_timeouts", timeouts, "Connections that exceeded a time."),
    COUNTER("mg_malformed_messages", malformed, "Input that follows no protocol."),
    COUNTER("mg_loop_iterations", polls, "Iterations of the event loop."),
    COUNTER("mg_timer_calls", timers, "Timers that were due."),
    GAUGE("mg_receive_queue_bytes", recv_buffered, "Bytes received and not consumed."),
    GAUGE("mg_send_queue_bytes", send_buffered, "Bytes to be sent."),
    GAUGE("mg_buffer_bytes", buffer_memory, "Memory of buffers of connections."),
    GAUGE("mg_spare_buffer_bytes", spare_memory, "Memory of buffers kept for connections."),
};

static struct mg_tls_opts tls;

static void reply_metrics(struct mg_connection *c) {
  struct mg_iobuf text = {.align = 4096};
  struct mg_stats stats = {.size = sizeof(stats)};
  mg_mgr_get_stats(c->mgr, &stats);
  for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
    uint64_t value;
    memcpy(&value, (char *) &stats + metrics[i].offset, sizeof(value));
    mg_xprintf(mg_pfn_iobuf, &text, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", metrics[i].name, metrics[i].help, metrics[i].name,
               metrics[i].type, metrics[i].name, value);
  }
  mg_http_reply(c, 200, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", "%.*s", (int) text.len, text.buf);
  mg_iobuf_free(&text);
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ACCEPT && c->is_tls) mg_tls_init(c, &tls);
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/metrics"), NULL)) {
    reply_metrics(c);
  } else if (mg_match(hm->uri, mg_str("/echo"), NULL)) {
    mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "%.*s", (int) hm->body.len, hm->body.buf);
  } else {
    struct mg_http_serve_opts opts = {.root_dir = (const char *) c->fn_data};
    mg_http_serve_dir(c, hm, &opts);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  if (argc > 4) tls.cert = mg_file_read(&mg_fs_posix, argv[3]), tls.key = mg_file_read(&mg_fs_posix, argv[4]);
  const char *url = argc > 1 ? argv[1] : "http://127.0.0.1:8000";
  struct mg_connection *listener = mg_http_listen(&mgr, url, handler, argc > 2 ? argv[2] : ".");
  if (listener == NULL) return 1;
  mg_http_set_fields(listener, MG_HTTP_FIELD_DATE | MG_HTTP_FIELD_CONNECTION);
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  mg_free((void *) tls.cert.buf), mg_free((void *) tls.key.buf);
  return 0;
}
