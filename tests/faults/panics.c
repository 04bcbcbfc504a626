// A panic in any part of the library costs the connection at hand: it gets MG_EV_ERROR and closes, unless it is a listener.
// All others go on, the manager too, and nothing leaks. Runs on a library built with the feature panic-injection: `make test-panics`.
//
// The arguments are the points where panics can be injected; each must be known here.

#define _GNU_SOURCE
#include "../c/failing_allocator.h"
#include "../c/tls_certs.h"

bool mongoose_inject_panic(const char *point);

static struct world w;
static struct mg_connection *http, *tls, *mqtt, *modbus, *dashboard, *name_server, *name_stream, *time_server;
static int bystander_http;
static struct mg_connection *bystander_ws;
static int ws_answers, timer_calls, wakeups, reports;
static bool truncate_answers, closed;
static unsigned long failed_id;
static bool failed_closed;  // Or need not.

// Every handler begins with this. Remembers who got the error, and whether it closed.
static void watch(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_ERROR && strcmp((char *) ev_data, "internal error") == 0) failed_id = c->id, failed_closed = c->is_listening;
  if (ev == MG_EV_CLOSE && c->id == failed_id) failed_closed = true;
}

// Streamed bodies, and how many of them the program was told the end of.
static int begun, ended_bodies;

static long source(struct mg_connection *c, char *buf, size_t len, void *arg) {
  (void) c, (void) len, (void) arg;
  memset(buf, 'x', 3);
  return 3;
}

static void ended(struct mg_connection *c, const char *error, void *arg) {
  (void) c, (void) error, (void) arg;
  ended_bodies++;
}

static void http_server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = "."};
  watch(c, ev, ev_data);
  if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/stream"), NULL)) {
    mg_http_start_upload(c, hm, mg_str("streamed"), mg_str("."), NULL, NULL);
  } else if (ev == MG_EV_HTTP_HDRS && mg_match(hm->uri, mg_str("/body"), NULL)) {
    CHECK(mg_http_read_body(c, hm, NULL, ended, NULL));
    begun++;
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/body"), NULL)) {
    CHECK(mg_http_reply_stream(c, 200, "", 3, source, ended, NULL));
    begun++;
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/ws"), NULL)) {
    mg_ws_upgrade(c, hm, NULL);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/upload"), NULL)) {
    mg_http_upload(c, hm, NULL, ".", 10000);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/file"), NULL)) {
    mg_http_serve_dir(c, hm, &opts);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/meta"), NULL)) {
    // Answered never.
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 200, "", "ok\n");
  } else if (ev == MG_EV_WS_MSG) {
    struct mg_ws_message *wm = (struct mg_ws_message *) ev_data;
    struct mg_rpc *methods = NULL;
    struct mg_iobuf io = {NULL, 0, 0, 64};
    struct mg_rpc_req r = {&methods, NULL, mg_pfn_iobuf, &io, NULL, mg_str("{\"id\":1,\"method\":\"m\"}")};
    mg_rpc_process(&r);
    mg_iobuf_free(&io);
    mg_ws_send(c, wm->data.buf, wm->data.len, WEBSOCKET_OP_TEXT);
  }
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  watch(c, ev, ev_data);
  if (ev == MG_EV_CONNECT && c->fn_data != NULL) mg_printf(c, "%s", (char *) c->fn_data);
  if (ev == MG_EV_HTTP_MSG) c->is_draining = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static void ws_client(struct mg_connection *c, int ev, void *ev_data) {
  watch(c, ev, ev_data);
  if (ev == MG_EV_WS_OPEN) mg_ws_send(c, "hi", 2, WEBSOCKET_OP_TEXT);
  if (ev == MG_EV_WS_MSG && ++ws_answers > 0 && c->fn_data == NULL) c->is_draining = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static struct mg_ws_deflate_opts deflate = {.size = sizeof(deflate), .min_size = 1};

static void deflating_client(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_OPEN) CHECK(mg_ws_set_deflate(c, &deflate));
  ws_client(c, ev, ev_data);
}

static void tls_server(struct mg_connection *c, int ev, void *ev_data) {
  static struct mg_tls_opts opts;
  watch(c, ev, ev_data);
  opts.cert = mg_str(SERVER_CERT), opts.key = mg_str(SERVER_KEY);
  if (ev == MG_EV_ACCEPT) mg_tls_init(c, &opts);
  if (ev == MG_EV_READ) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
}

static void tls_client(struct mg_connection *c, int ev, void *ev_data) {
  static struct mg_tls_opts opts;
  watch(c, ev, ev_data);
  opts.ca = mg_str(CA_CERT);
  if (ev == MG_EV_CONNECT) mg_tls_init(c, &opts);
  if (ev == MG_EV_TLS_HS) mg_send(c, "hello", 5);
  if (ev == MG_EV_READ) c->is_draining = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static void mqtt_broker(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_mqtt_message *mm = (struct mg_mqtt_message *) ev_data;
  watch(c, ev, ev_data);
  if (ev == MG_EV_MQTT_CMD && mm->cmd == MQTT_CMD_CONNECT) {
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, 2);
    mg_send(c, "\0\0", 2);
  }
}

static void mqtt_client(struct mg_connection *c, int ev, void *ev_data) {
  watch(c, ev, ev_data);
  if (ev == MG_EV_MQTT_OPEN) c->is_draining = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static void plain(struct mg_connection *c, int ev, void *ev_data) {
  watch(c, ev, ev_data);
  if (ev == MG_EV_WAKEUP) wakeups++;
}

static void modbus_client(struct mg_connection *c, int ev, void *ev_data) {
  watch(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) mg_send(c, "\0\1\0\0\0\6\1\3\0\0\0\1", 12);
  if (ev == MG_EV_READ) c->is_draining = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static size_t answer(uint8_t *q, size_t len, bool truncated) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1};
  q[2] = truncated ? 0x83 : 0x81, q[3] = 0x80, q[7] = !truncated;
  if (!truncated) memcpy(q + len, record, sizeof(record));
  return len + (truncated ? 0 : sizeof(record));
}

static void name_server_fn(struct mg_connection *c, int ev, void *ev_data) {
  uint8_t buf[600];
  size_t len = c->recv.len;
  watch(c, ev, ev_data);
  if (ev != MG_EV_READ || len < 14 || len > 500) return;
  memcpy(buf, c->recv.buf, len);
  c->recv.len = 0;
  if (c->is_udp) {
    mg_send(c, buf, answer(buf, len, truncate_answers));
  } else {
    len = answer(buf + 2, len - 2, false);
    buf[0] = (uint8_t) (len >> 8), buf[1] = (uint8_t) len;
    mg_send(c, buf, len + 2);
  }
}

static void time_server_fn(struct mg_connection *c, int ev, void *ev_data) {
  uint8_t reply[48] = {0x24, 1};
  watch(c, ev, ev_data);
  if (ev != MG_EV_READ || c->recv.len < 48) return;
  memcpy(reply + 24, c->recv.buf + 40, 8);
  reply[32] = reply[40] = 0xe9;
  c->recv.len = 0;
  mg_send(c, reply, sizeof(reply));
}

static void dash_server(struct mg_connection *c, int ev, void *ev_data) {
  watch(c, ev, ev_data);
  mg_dash_ev_handler(c, ev, ev_data);
}

static void count_timer(void *arg) {
  timer_calls++;
  (void) arg;
}

static void reported(const char *error_message) {
  reports++;
  (void) error_message;
}

static void turns(int n) {
  while (n-- > 0) mg_mgr_poll(&w.mgr, 1);
}

static const char *url_of(const char *scheme, const char *host, struct mg_connection *l, const char *path) {
  static char url[128];
  mg_snprintf(url, sizeof(url), "%s://%s:%d%s", scheme, host, mg_ntohs(l->loc.port), path);
  return url;
}

static void request(struct mg_connection *l, const char *text) {
  mg_http_connect(&w.mgr, url_of("http", "127.0.0.1", l, ""), client, (void *) text);
  poll_until(&w.mgr, &closed);
}

static void exchange(struct mg_connection *l, mg_event_handler_t fn) {
  mg_connect(&w.mgr, url_of("tcp", "127.0.0.1", l, ""), fn, NULL);
  poll_until(&w.mgr, &closed);
}

static void get(void) { request(http, "GET /reply HTTP/1.1\r\n\r\n"); }
static void get_file(void) { request(http, "GET /file HTTP/1.1\r\n\r\n"); }
static void get_compressed(void) { request(http, "GET /file HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n"); }
static void upload(void) { request(http, "POST /upload?file=u HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"); }
static void streamed(void) { request(http, "POST /stream HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"); }
static void bodies(void) {
  begun = ended_bodies = 0;
  request(http, "POST /body HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(begun > 0 && ended_bodies == begun);
}
static void use_dashboard(void) { request(dashboard, "GET /api/hi HTTP/1.1\r\n\r\n"); }
static void dash_upload(void) { request(dashboard, "POST /fs/files/name HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"); }
static void use_tls(void) { exchange(tls, tls_client); }
static void use_modbus(void) { exchange(modbus, modbus_client); }

static void use_ws(void) {
  mg_ws_connect(&w.mgr, url_of("ws", "127.0.0.1", http, "/ws"), ws_client, NULL, NULL);
  poll_until(&w.mgr, &closed);
}

static void use_deflate(void) {
  mg_ws_connect(&w.mgr, url_of("ws", "127.0.0.1", http, "/ws"), deflating_client, NULL, NULL);
  poll_until(&w.mgr, &closed);
}

static void use_mqtt(void) {
  struct mg_mqtt_opts opts = {.client_id = mg_str("me")};
  mg_mqtt_connect(&w.mgr, url_of("mqtt", "127.0.0.1", mqtt, ""), &opts, mqtt_client, NULL);
  poll_until(&w.mgr, &closed);
}

static void resolve(bool truncated) {
  truncate_answers = truncated;
  mg_http_connect(&w.mgr, url_of("http", "name.example", http, ""), client, (void *) "GET / HTTP/1.1\r\n\r\n");
  poll_until(&w.mgr, &closed);
  for (int i = 0; i < 300 && !closed; i++) mg_mgr_poll(&w.mgr, 5);
  CHECK(closed);
}

static void by_datagram(void) { resolve(false); }
static void by_stream(void) { resolve(true); }

static void use_sntp(void) {
  struct mg_connection *c = mg_sntp_connect(&w.mgr, url_of("udp", "127.0.0.1", time_server, ""), client, NULL);
  CHECK(c != NULL);
  poll_until(&w.mgr, &closed);
}

static void use_mdns(void) {
  struct mg_connection *l = mg_mdns_listen(&w.mgr, NULL, NULL), *c = mg_listen(&w.mgr, "udp://127.0.0.1:0", plain, NULL);
  CHECK(l != NULL && c != NULL);
  c->pfn = l->pfn;
  mg_close_conn(l);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = c->loc.port};
  sendto(fd, "\0\0\0\0\0\0\0\0\0\0\0\0", 12, 0, (struct sockaddr *) &addr, sizeof(addr));
  turns(5);
  close(fd);
  mg_close_conn(c);
}

static void use_timer(void) {
  int before = timer_calls;
  mg_timer_add(&w.mgr, 1, MG_TIMER_ONCE | MG_TIMER_RUN_NOW, count_timer, NULL);
  for (int i = 0; i < 100 && timer_calls == before; i++) turns(1);
  CHECK(timer_calls == before + 1);
}

static void use_wakeup(void) {
  struct mg_connection *c = mg_connect(&w.mgr, url_of("tcp", "127.0.0.1", http, ""), plain, NULL);
  unsigned long id = c->id;
  turns(5);
  CHECK(mg_wakeup(&w.mgr, id, "", 0));
  turns(5);
  if (failed_id != id) mg_close_conn(c);
}

static void count_call(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  ++*(int *) arg;
  (void) mgr, (void) c;
}

static void use_call(void) {
  struct mg_connection *c = mg_connect(&w.mgr, url_of("tcp", "127.0.0.1", http, ""), plain, NULL);
  unsigned long id = c->id;
  int calls = 0;
  turns(5);
  CHECK(mg_mgr_call(&w.mgr, id, count_call, &calls) && mg_mgr_call(&w.mgr, 0, count_call, &calls));
  turns(5);
  CHECK(calls == 2);
  if (failed_id != id) mg_close_conn(c);
}

static void use_ota(void) {
  int before = reports;
  mg_ota_url_check(&w.mgr, url_of("http", "127.0.0.1", http, "/meta"), reported);
  turns(10);
  for (struct mg_connection *c = w.mgr.conns; c != NULL; c = c->next) {
    if (c->is_client && !c->is_udp && c != bystander_ws) c->is_closing = 1;
  }
  turns(10);
  CHECK(reports == before + 1);
}

static const struct {
  const char *point;
  void (*scenario)(void);
  bool no_error;  // No connection is at hand, or it is over already, or it is the library's own.
} points[] = {
    {"accept", get, false}, {"body piece", bodies, false}, {"body source", bodies, false}, {"call", use_call, false},
    {"close", get, true}, {"compress", get_compressed, false}, {"connect", get, false},
    {"dash upload", dash_upload, false}, {"dash", use_dashboard, false}, {"dns stream", by_stream, true},
    {"dns", by_datagram, true}, {"file", get_file, false}, {"http close", get, true}, {"http", get, false},
    {"inflate", use_deflate, false}, {"mdns", use_mdns, false}, {"mg_http_reply", get, false},
    {"mg_http_serve_dir", get_file, false}, {"mg_http_upload", upload, false}, {"mg_tls_init", use_tls, false},
    {"mg_ws_upgrade", use_ws, false}, {"modbus", use_modbus, false}, {"mqtt", use_mqtt, false},
    {"notification", get, false}, {"ota", use_ota, true}, {"read", get, false}, {"resolve", get, false},
    {"rpc", use_ws, true}, {"sntp", use_sntp, false}, {"timer", use_timer, true}, {"tls close", use_tls, true},
    {"tls send", use_tls, false}, {"tls", use_tls, false}, {"turn", get, false}, {"upload stream", streamed, false},
    {"wakeup", use_wakeup, false}, {"websocket", use_ws, false}, {"write", get, false},
};

static int connections(void) {
  int n = 0;
  for (struct mg_connection *c = w.mgr.conns; c != NULL; c = c->next) n++;
  return n;
}

static void check_bystanders(void) {
  char buf[500];
  ssize_t n = -1;
  int before = ws_answers;
  check_bystander(&w);
  CHECK(send(bystander_http, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL) == 18);
  mg_ws_send(bystander_ws, "hi", 2, WEBSOCKET_OP_TEXT);
  for (int i = 0; i < 200 && (n < 0 || ws_answers == before); i++) {
    turns(1);
    if (n < 0) n = recv(bystander_http, buf, sizeof(buf), MSG_DONTWAIT);
  }
  CHECK(n > 15 && memcmp(buf, "HTTP/1.1 200 OK", 15) == 0);
  CHECK(ws_answers > before);
}

static bool get_dir(const struct mg_dash_user *u, char *buf, size_t len) {
  mg_snprintf(buf, len, ".");
  (void) u;
  return true;
}

static char name[50];
static struct mg_field fields[] = {{"name", MG_VAL_STR, name, sizeof(name)}, {NULL, MG_VAL_INT, NULL, 0}};
static int set_index;
static struct mg_field_set files = {.name = "files", .fields = fields, .index = &set_index, .get_dir = get_dir};
static struct mg_dash dash;

static void open_all(void) {
  static char server_url[64];
  begin(&w);
  http = mg_http_listen(&w.mgr, "http://127.0.0.1:0", http_server, NULL);
  CHECK(mg_ws_set_deflate(http, &deflate));
  tls = mg_listen(&w.mgr, "tls://127.0.0.1:0", tls_server, NULL);
  mqtt = mg_mqtt_listen(&w.mgr, "mqtt://127.0.0.1:0", mqtt_broker, NULL);
  modbus = mg_modbus_listen(&w.mgr, "tcp://127.0.0.1:0", plain, NULL);
  dashboard = mg_http_listen(&w.mgr, "http://127.0.0.1:0", dash_server, &dash);
  for (int i = 0; i < 100 && (name_stream == NULL || i == 0); i++) {
    name_server = mg_listen(&w.mgr, "udp://127.0.0.1:0", name_server_fn, NULL);
    name_stream = mg_listen(&w.mgr, url_of("tcp", "127.0.0.1", name_server, ""), name_server_fn, NULL);
    if (name_stream == NULL) mg_close_conn(name_server);  // Another program has the port.
  }
  time_server = mg_listen(&w.mgr, "udp://127.0.0.1:0", time_server_fn, NULL);
  CHECK(http && tls && mqtt && modbus && dashboard && name_server && name_stream && time_server);
  mg_snprintf(server_url, sizeof(server_url), "udp://127.0.0.1:%d", mg_ntohs(name_server->loc.port));
  w.mgr.dns4.url = server_url;
  w.mgr.dnstimeout = 500;
  struct mg_http_codings codings = {.size = sizeof(codings), .gzip_level = 6};
  CHECK(mg_http_set_codings(http, &codings));
  CHECK(mg_wakeup_init(&w.mgr));
  bystander_http = connect_to(http->loc.port);
  bystander_ws = mg_ws_connect(&w.mgr, url_of("ws", "127.0.0.1", http, "/ws"), ws_client, "stay", NULL);
  check_bystanders();
  by_datagram();
  by_stream();
  turns(20);
}

static void close_all(void) {
  end(&w);
  close(bystander_http);
}

static void one_point(const char *point) {
  size_t i = 0, count = sizeof(points) / sizeof(points[0]);
  while (i < count && strcmp(points[i].point, point) != 0) i++;
  scenario_name = point;
  CHECK(i < count);
  open_all();
  int before = connections();
  for (int again = 0; again < 2; again++) {
    errors = 0, failed_id = 0, failed_closed = closed = false;
    if (!again) CHECK(mongoose_inject_panic(point));
    points[i].scenario();
    turns(10);
    CHECK(mongoose_inject_panic(""));
    if (!again && !points[i].no_error) CHECK(failed_id != 0 && failed_closed);
    if (again) CHECK(errors == 0);
    check_bystanders();
    turns(10);
    for (int i = 0; i < 100 && connections() != before; i++) turns(1);
    // The library opens its connection to the name server again when there is something to ask.
    CHECK(connections() == before || (!again && strcmp(point, "dns") == 0));
  }
  close_all();
}

int main(int argc, char **argv) {
  mg_log_set(getenv("VERBOSE") ? MG_LL_ERROR : MG_LL_NONE);
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();
  static char content[500000];
  mg_file_write(&mg_fs_posix, "file", content, sizeof(content));
  dash.sets = &files;
  // What the first panic and the first of everything else allocate for good.
  for (int i = 1; i < argc; i++) one_point(argv[i]);
  long outstanding = heap.outstanding;
  int descriptors = open_descriptors();
  for (int i = 1; i < argc; i++) {
    one_point(argv[i]);
    CHECK(heap.outstanding == outstanding);
    CHECK(open_descriptors() == descriptors);
  }
  printf("%d panics survived\n", 2 * (argc - 1));
  return argc > 20 ? 0 : 1;
}
