// Every kind of connection with every way to end it: events of both sides, in order.
//
// MG_EV_POLL, MG_EV_READ, MG_EV_WRITE and MG_EV_HTTP_HDRS are left out; other programs have them. MG_EV_TLS_HS of servers is
// left out because the reference has none.

#include "loop.h"
#include "tls_certs.h"

static const struct kind {
  const char *name, *scheme;
  bool tls;
} s_kinds[] = {{"tcp", "tcp", false},     {"http", "http", false}, {"ws", "ws", false},        {"mqtt", "mqtt", false}, {"tls", "tls", true},
               {"https", "https", true}, {"wss", "wss", true},    {"mqtts", "mqtts", true}, {"udp", "udp", false}};

enum ending {
  CLIENT_CLOSES, CLIENT_DRAINS, CLIENT_FAILS, CLIENT_RESETS, SERVER_CLOSES, SERVER_DRAINS, SERVER_FAILS, SERVER_RESETS,
  LISTENER_CLOSES, MANAGER_FREED, CLOSED_AT_ONCE, DRAINED_AT_ONCE, FREED_AT_ONCE, REFUSED, NOT_RESOLVED, ENDINGS
};

static const char *s_endings[] = {
    "client closes", "client drains", "client fails",    "client resets", "server closes",         "server drains",         "server fails",
    "server resets", "listener closes", "manager freed", "client closes at once", "client drains at once", "manager freed at once",
    "refused",       "not resolved",
};

static const struct kind *s_kind;
static struct mg_connection *s_client, *s_server, *s_listener;
static char s_traces[3][1000];  // client, server, listener
static bool s_up;

static void note(struct mg_connection *c, int ev, void *ev_data) {
  static const char *names[] = {"ERROR", "OPEN", "POLL", "RESOLVE", "CONNECT", "ACCEPT", "TLS_HS", "READ", "WRITE", "CLOSE", "HTTP_HDRS",
                                "HTTP_MSG", "WS_OPEN", "WS_MSG", "WS_CTL", "MQTT_CMD", "MQTT_MSG", "MQTT_OPEN"};
  char *trace = s_traces[c->is_client ? 0 : c->is_listening ? 2 : 1];
  size_t n = strlen(trace);
  if (ev == MG_EV_POLL || ev == MG_EV_READ || ev == MG_EV_WRITE || ev == MG_EV_HTTP_HDRS || (ev == MG_EV_TLS_HS && !c->is_client)) return;
  n += (size_t) snprintf(trace + n, sizeof(s_traces[0]) - n, "%s%s", n > 0 ? " " : "", names[ev]);
  if (ev == MG_EV_ERROR) snprintf(trace + n, sizeof(s_traces[0]) - n, "(%s)", (char *) ev_data);
}

static bool is(const char *name) {
  return strstr(s_kind->name, name) != NULL;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_ACCEPT) s_server = c;
  if (ev == MG_EV_ACCEPT && s_kind->tls) {
    struct mg_tls_opts opts = {.cert = mg_str(SERVER_CERT), .key = mg_str(SERVER_KEY)};
    mg_tls_init(c, &opts);
  }
  if (ev == MG_EV_HTTP_MSG && is("http")) mg_http_reply(c, 200, "", "ok");
  if (ev == MG_EV_HTTP_MSG && is("ws")) mg_ws_upgrade(c, (struct mg_http_message *) ev_data, NULL);
  if (ev == MG_EV_MQTT_CMD && ((struct mg_mqtt_message *) ev_data)->cmd == MQTT_CMD_CONNECT) {
    mg_mqtt_send_header(c, MQTT_CMD_CONNACK, 0, 2);
    mg_send(c, "\0\0", 2);
  }
  if (ev == MG_EV_READ && (is("tcp") || is("tls") || is("udp")) && !is("mqtt")) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
  if (ev == MG_EV_CLOSE && c == s_server) s_server = NULL;
  if (ev == MG_EV_CLOSE && c == s_listener) s_listener = NULL;
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT && s_kind->tls) {
    struct mg_tls_opts opts = {.ca = mg_str(CA_CERT), .name = mg_str("localhost")};
    mg_tls_init(c, &opts);
  }
  if (ev == MG_EV_CONNECT && is("http")) mg_printf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  if (ev == MG_EV_CONNECT && (is("tcp") || is("tls") || is("udp"))) mg_send(c, "hello", 5);
  if (ev == MG_EV_READ && (is("tcp") || is("tls") || is("udp")) && !is("mqtt")) c->recv.len = 0, s_up = true;
  if (ev == MG_EV_HTTP_MSG || ev == MG_EV_WS_OPEN || ev == MG_EV_MQTT_OPEN) s_up = true;
  if (ev == MG_EV_CLOSE) s_client = NULL;
}

static struct mg_connection *connect_to(const char *url) {
  if (is("http")) return mg_http_connect(&mgr, url, client, NULL);
  if (is("ws")) return mg_ws_connect(&mgr, url, client, NULL, NULL);
  if (is("mqtt")) return mg_mqtt_connect(&mgr, url, NULL, client, NULL);
  return mg_connect(&mgr, url, client, NULL);
}

static struct mg_connection *listen_at(const char *url) {
  if (is("http") || is("ws")) return mg_http_listen(&mgr, url, server, NULL);
  if (is("mqtt")) return mg_mqtt_listen(&mgr, url, server, NULL);
  return mg_listen(&mgr, url, server, NULL);
}

static void reset(struct mg_connection *c) {
  struct linger now = {1, 0};
  setsockopt((int) (size_t) c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  c->is_closing = 1;
}

static void end(enum ending ending) {
  struct mg_connection *peer = s_server != NULL ? s_server : s_listener;
  switch (ending) {
    case CLIENT_CLOSES: s_client->is_closing = 1; break;
    case CLIENT_DRAINS: s_client->is_draining = 1; break;
    case CLIENT_FAILS: mg_error(s_client, "given %s", "up"); break;
    case CLIENT_RESETS: reset(s_client); break;
    case SERVER_CLOSES: peer->is_closing = 1; break;
    case SERVER_DRAINS: peer->is_draining = 1; break;
    case SERVER_FAILS: mg_error(peer, "given %s", "up"); break;
    case SERVER_RESETS: reset(peer); break;
    case LISTENER_CLOSES: s_listener->is_closing = 1; break;
    default: break;
  }
}

static void run(enum ending ending) {
  char url[100], label[80];
  memset(s_traces, 0, sizeof(s_traces));
  s_client = s_server = s_listener = NULL, s_up = false;
  start();
  mg_boot_timestamp_ms = 1893456000000ULL - mg_millis();  // the certificates are good in 2030
  mgr.dnstimeout = 50;
  mgr.dns4.url = "udp://127.0.0.1:1";
  snprintf(url, sizeof(url), "%s://127.0.0.1:0", s_kind->scheme);
  s_listener = listen_at(url);
  snprintf(url, sizeof(url), "%s", url_of(s_kind->scheme, s_listener, "/"));
  if (ending == NOT_RESOLVED) snprintf(url, sizeof(url), "%s://no.such.host:5/", s_kind->scheme);
  if (ending == REFUSED) s_listener->is_closing = 1, turns(2);
  s_client = connect_to(url);
  if (ending == CLOSED_AT_ONCE) s_client->is_closing = 1;
  if (ending == DRAINED_AT_ONCE) s_client->is_draining = 1;
  if (ending < CLOSED_AT_ONCE) {
    poll_until(s_up);
    turns(3);
    end(ending);
  }
  if (ending != MANAGER_FREED && ending != FREED_AT_ONCE) {
    for (int k = 0; k < 30 && (s_client != NULL || s_server != NULL); k++) mg_mgr_poll(&mgr, 10);
    turns(3);
  }
  snprintf(label, sizeof(label), "%s, %s", s_kind->name, s_endings[ending]);
  printf("%s, alive before the end: %d%d\n", label, s_client != NULL, s_server != NULL);
  mg_mgr_free(&mgr);
  printf("%s, client: %s\n", label, s_traces[0]);
  printf("%s, server: %s\n", label, s_traces[1]);
  printf("%s, listener: %s\n", label, s_traces[2]);
}

int main(void) {
  for (s_kind = s_kinds; s_kind < s_kinds + sizeof(s_kinds) / sizeof(s_kinds[0]); s_kind++) {
    for (int ending = 0; ending < ENDINGS; ending++) run((enum ending) ending);
  }
  return 0;
}
