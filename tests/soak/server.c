// The server of the soak test: HTTP, HTTPS, WebSocket on both, MQTT, TCP and UDP on one manager, with timers and threads.
//
// Usage: server FOLDER CERT KEY     prints "port HTTP HTTPS MQTT TCP UDP"; serves the folder, which also takes the uploads.

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "mongoose.h"

#define QUEUE_LIMIT 65536  // bytes that a streamed response keeps in c->send

static volatile sig_atomic_t stopped;
static atomic_int running;  // threads
static unsigned long ticks, once;
static struct mg_tls_opts tls;
static const char *folder;

static void stop(int signal_number) {
  stopped = signal_number;
}

// Bytes of content() in tests/peers/example.py, from `ofs` on, with seed 1.
static void pattern(char *out, size_t ofs, size_t n) {
  for (size_t i = 0; i < n; i++) {
    size_t at = (ofs + i) % 65521;
    out[i] = (char) (1 + at * 7 + (at >> 8));
  }
}

struct job {
  struct mg_mgr *mgr;
  unsigned long connection;
  unsigned n;
};

static void *work(void *arg) {
  struct job *job = (struct job *) arg;
  char answer[2000];
  unsigned long sum = 0;
  for (unsigned i = 0; i <= job->n; i++) sum += i;
  memset(answer, ' ', sizeof(answer));
  mg_snprintf(answer, sizeof(answer), "%lu", sum);
  mg_wakeup(job->mgr, job->connection, answer, job->n % sizeof(answer) < 32 ? strlen(answer) : job->n % sizeof(answer));
  free(job);
  running--;
  return NULL;
}

static void start_work(struct mg_connection *c, unsigned n) {
  pthread_t thread;
  struct job *job = (struct job *) calloc(1, sizeof(*job));
  if (job == NULL) return;
  job->mgr = c->mgr, job->connection = c->id, job->n = n;
  running++;
  if (pthread_create(&thread, NULL, work, job) == 0) {
    pthread_detach(thread);
  } else {
    free(job);
    running--;
    mg_http_reply(c, 503, "", "no thread");
  }
}

// A streamed response: what is left of it stands in c->data, what was sent before it.
struct stream {
  size_t sent, size;
};

static void go_on(struct mg_connection *c) {
  struct stream *s = (struct stream *) c->data;
  char block[16384];
  while (s->sent < s->size && c->send.len < QUEUE_LIMIT) {
    size_t n = s->size - s->sent < sizeof(block) ? s->size - s->sent : sizeof(block);
    pattern(block, s->sent, n);
    if (!mg_send(c, block, n)) return;
    s->sent += n;
    if (s->sent == s->size) s->size = 0, c->is_resp = 0;
  }
}

static void chunks(struct mg_connection *c, unsigned count, unsigned size) {
  char block[4096];
  mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (size_t i = 0, ofs = 0; i < count; i++, ofs += size) {
    pattern(block, ofs, size);
    mg_http_write_chunk(c, block, size);
  }
  mg_http_printf_chunk(c, "%s", "|");
  mg_http_write_chunk(c, "", 0);
}

static unsigned number_in(struct mg_str s) {
  unsigned n = 0;
  mg_str_to_num(s, 10, &n, sizeof(n));
  return n;
}

static void stored(struct mg_connection *c, const char *error) {
  mg_http_reply(c, error ? 500 : 201, "", "%s", error ? error : "stored");
}

static void statistics(struct mg_connection *c) {
  int connections = 0;
  struct mg_stats s = {.size = sizeof(s)};
  struct mallinfo2 heap = mallinfo2();
  for (struct mg_connection *other = c->mgr->conns; other != NULL; other = other->next) connections++;
  mg_mgr_get_stats(c->mgr, &s);
  mg_http_reply(c, 200, "", "{%m:%d,%m:%lu,%m:%lu,%m:%lu,%m:%llu,%m:%llu,%m:%llu}", MG_ESC("connections"), connections, MG_ESC("ticks"), ticks,
                MG_ESC("once"), once, MG_ESC("heap"), (unsigned long) ((heap.uordblks + heap.hblkhd) / 1024), MG_ESC("open"), s.open,
                MG_ESC("buffered"), s.recv_buffered + s.send_buffered, MG_ESC("buffers"), s.buffer_memory);
}

static void http(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_str part[3];
  if (ev == MG_EV_ACCEPT && c->is_tls) {
    mg_tls_init(c, &tls);
  } else if (ev == MG_EV_HTTP_HDRS) {
    if (mg_match(hm->uri, mg_str("/up/*"), part)) mg_http_start_upload(c, hm, part[0], mg_str(folder), &mg_fs_posix, stored);
  } else if (ev == MG_EV_HTTP_MSG) {
    if (mg_match(hm->uri, mg_str("/echo"), NULL)) {
      mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n\r\n", (unsigned long) hm->body.len);
      mg_send(c, hm->body.buf, hm->body.len);
      c->is_resp = 0;
    } else if (mg_match(hm->uri, mg_str("/chunks/*/*"), part)) {
      chunks(c, number_in(part[0]), number_in(part[1]) % 4096);
    } else if (mg_match(hm->uri, mg_str("/stream/*"), part)) {
      struct stream s = {0, number_in(part[0])};
      memcpy(c->data, &s, sizeof(s));
      mg_printf(c, "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n\r\n", (unsigned long) s.size);
      go_on(c);
    } else if (mg_match(hm->uri, mg_str("/sum/*"), part)) {
      start_work(c, number_in(part[0]));
    } else if (mg_match(hm->uri, mg_str("/ws"), NULL)) {
      mg_ws_upgrade(c, hm, NULL);
    } else if (mg_match(hm->uri, mg_str("/stats"), NULL)) {
      statistics(c);
    } else if (mg_match(hm->uri, mg_str("/files/#"), NULL)) {
      char root[1000];
      mg_snprintf(root, sizeof(root), "/files=%s", folder);
      struct mg_http_serve_opts opts = {.root_dir = root};
      mg_http_serve_dir(c, hm, &opts);
    } else {
      mg_http_reply(c, 404, "", "%.*s", (int) hm->uri.len, hm->uri.buf);
    }
  } else if (ev == MG_EV_POLL && !c->is_websocket && !c->is_listening) {
    go_on(c);
  } else if (ev == MG_EV_WAKEUP) {
    struct mg_str *data = (struct mg_str *) ev_data;
    mg_http_reply(c, 200, "", "%.*s", (int) strnlen(data->buf, data->len), data->buf);
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    if (mg_strcmp(wm->data, mg_str("ticks")) == 0) c->data[0] = 'T';
    else mg_ws_send(c, wm->data.buf, wm->data.len, wm->flags & 15);
  }
}

// A broker with one subscription per client, of up to 30 bytes, which stands in c->data, its QoS before it.
static void mqtt(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *m = (struct mg_mqtt_message *) ev_data;
  if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_CONNECT) {
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, c->is_mqtt5 ? 3 : 2);
    mg_send(c, "\0\0\0", c->is_mqtt5 ? 3 : 2);
  } else if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_SUBSCRIBE) {
    size_t ofs = c->is_mqtt5 ? m->props_start + m->props_size : 4, n = MG_LOAD_BE16(m->dgram.buf + ofs);
    uint8_t answer[] = {(uint8_t) (m->id >> 8), (uint8_t) m->id, 0, 0};
    if (m->dgram.len > 127 || ofs + 3 + n != m->dgram.len || n > sizeof(c->data) - 2) {
      c->is_closing = 1;
      return;
    }
    c->data[0] = answer[c->is_mqtt5 ? 3 : 2] = m->dgram.buf[ofs + 2 + n] & 3;
    memcpy(c->data + 1, m->dgram.buf + ofs + 2, n), c->data[1 + n] = '\0';
    mg_mqtt_send_header(c, MQTT_CMD_SUBACK, 0, c->is_mqtt5 ? 4 : 3);
    mg_send(c, answer, c->is_mqtt5 ? 4 : 3);
  } else if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_PINGREQ) {
    mg_mqtt_pong(c);
  } else if (ev == MG_EV_MQTT_CMD && m->cmd == MQTT_CMD_DISCONNECT) {
    c->is_draining = 1;
  } else if (ev == MG_EV_MQTT_MSG) {
    for (struct mg_connection *to = c->mgr->conns; to != NULL; to = to->next) {
      if (to->fn != mqtt || to->is_listening || to->data[1] == '\0' || !mg_match(m->topic, mg_str(to->data + 1), NULL)) continue;
      struct mg_mqtt_opts opts = {.topic = m->topic, .message = m->data, .qos = m->qos < to->data[0] ? m->qos : (uint8_t) to->data[0]};
      mg_mqtt_pub(to, &opts);
    }
  }
}

static void echo(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
  (void) ev_data;
}

static void count_once(void *arg) {
  (void) arg;
  once++;
}

static void tick(void *arg) {
  struct mg_mgr *mgr = (struct mg_mgr *) arg;
  ticks++;
  mg_timer_add(mgr, 1, MG_TIMER_AUTODELETE, count_once, NULL);
  for (struct mg_connection *c = mgr->conns; c != NULL; c = c->next) {
    if (c->is_websocket && c->data[0] == 'T') mg_ws_printf(c, WEBSOCKET_OP_TEXT, "tick %lu", ticks);
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct mg_connection *l[5];
  if (argc < 4) return 2;
  folder = argv[1];
  tls.cert = mg_file_read(&mg_fs_posix, argv[2]), tls.key = mg_file_read(&mg_fs_posix, argv[3]);
  signal(SIGINT, stop), signal(SIGTERM, stop);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  l[0] = mg_http_listen(&mgr, "http://127.0.0.1:0", http, NULL);
  l[1] = mg_http_listen(&mgr, "https://127.0.0.1:0", http, NULL);
  l[2] = mg_mqtt_listen(&mgr, "mqtt://127.0.0.1:0", mqtt, NULL);
  l[3] = mg_listen(&mgr, "tcp://127.0.0.1:0", echo, NULL);
  l[4] = mg_listen(&mgr, "udp://127.0.0.1:0", echo, NULL);
  printf("port");
  for (int i = 0; i < 5; i++) {
    if (l[i] == NULL) return 1;
    printf(" %u", mg_ntohs(l[i]->loc.port));
  }
  if (!mg_wakeup_init(&mgr)) return 1;
  printf("\n"), fflush(stdout);
  mg_timer_add(&mgr, 100, MG_TIMER_REPEAT, tick, &mgr);
  while (!stopped || running > 0) mg_mgr_poll(&mgr, 20);
  mg_mgr_free(&mgr);
  mg_free(tls.cert.buf), mg_free(tls.key.buf);
  return 0;
}
