// The functions of a dashboard close connections, empty buffers, run the loop, change values and send changes themselves.

#include "mongoose.h"

static struct mg_mgr s_mgr, s_peers;
static struct mg_connection *s_listener;
static struct mg_dash s_dash;
static int s_deed, s_depth, s_calls, s_messages;
static int s_value, s_index;
static char s_name[20];
static struct mg_field s_fields[] = {{"name", MG_VAL_STR, s_name, sizeof(s_name)}, {"value", MG_VAL_INT, &s_value, sizeof(s_value)}, {NULL, MG_VAL_INT, NULL, 0}};
static struct mg_field_set s_sets[3];

static void misbehave(void) {
  struct mg_connection *c, *next;
  s_calls++;
  if (s_depth > 2) return;
  s_depth++;
  switch (s_deed) {
    case 0:  // Closes all that were accepted.
      for (c = s_mgr.conns; c != NULL; c = next) {
        next = c->next;
        if (c->is_accepted) mg_close_conn(c);
      }
      break;
    case 1:
      mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_peers, 0);
      break;
    case 2:
      for (c = s_mgr.conns; c != NULL; c = c->next) mg_iobuf_free(&c->recv), mg_iobuf_free(&c->send);
      break;
    case 3:
      for (c = s_mgr.conns; c != NULL; c = c->next) c->is_closing = 1;
      s_listener = NULL;
      break;
    case 4:
      mg_dash_send_change(&s_mgr, &s_sets[s_calls % 3]);
      break;
    case 5:
      for (c = s_mgr.conns; c != NULL; c = c->next) if (c->is_accepted) mg_iobuf_add(&c->recv, c->recv.len, NULL, 100000);
      break;
    case 6:
      for (c = s_mgr.conns; c != NULL; c = next) next = c->next, mg_close_conn(c);
      s_listener = NULL;
      break;
  }
  s_depth--;
}

static bool fn(enum mg_dash_op op, struct mg_dash_user *u) {
  misbehave();
  if (op == MG_DASH_READ && s_index == -1) s_index = 5;
  return u->level > 0;
}

static bool get_dir(const struct mg_dash_user *u, char *buf, size_t len) {
  misbehave();
  mg_snprintf(buf, len, ".");
  return u->level > 0;
}

static int authenticate(char *user, size_t userlen, const char *pass) {
  (void) userlen, (void) pass;
  misbehave();
  return user[0] == 'u' ? 5 : 0;
}

static void peer(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_WS_MSG) s_messages++;
  if (ev == MG_EV_CONNECT && c->fn_data != NULL) mg_printf(c, "%s", (char *) c->fn_data);
}

static void poll(int times) {
  for (int i = 0; i < times; i++) mg_mgr_poll(&s_mgr, 0), mg_mgr_poll(&s_peers, 0);
}

#define USER "Authorization: Basic dTp4\r\n"

int main(void) {
  static const char *requests[] = {
      "GET /api/get HTTP/1.1\r\n" USER "\r\n", "GET /api/get/a/0/9 HTTP/1.1\r\n" USER "\r\n", "GET /api/get/d/0/9 HTTP/1.1\r\n" USER "\r\n", "GET /api/login HTTP/1.1\r\n" USER "\r\n",
      "POST /api/set HTTP/1.1\r\n" USER "Content-Length: 41\r\n\r\n{\"p\":{\"value\":1},\"a\":{\"value\":2},\"p\":{}}  ", "POST /api/get/a/1 HTTP/1.1\r\n" USER "Content-Length: 11\r\n\r\n{\"value\":1}",
      "POST /api/add/a HTTP/1.1\r\n" USER "Content-Length: 11\r\n\r\n{\"value\":1}", "GET /api/del/a/0/3 HTTP/1.1\r\n" USER "\r\n", "POST /fs/d/file HTTP/1.1\r\n" USER "Content-Length: 5\r\n\r\nhello",
      "GET /fs/d/file HTTP/1.1\r\n" USER "\r\n", "DELETE /fs/d/file HTTP/1.1\r\n" USER "\r\n", "GET / HTTP/1.1\r\n" USER "\r\n", "GET /api/logout HTTP/1.1\r\n" USER "\r\n", "POST /api/ota HTTP/1.1\r\n" USER "Content-Length: 3\r\n\r\nabc",
  };
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&s_mgr), mg_mgr_init(&s_peers);
  s_dash.authenticate = authenticate;
  s_sets[0] = (struct mg_field_set){.name = "p", .fields = s_fields, .fn = fn};
  s_sets[1] = (struct mg_field_set){.name = "a", .fields = s_fields, .fn = fn, .index = &s_index};
  s_sets[2] = (struct mg_field_set){.name = "d", .fields = s_fields, .index = &s_index, .get_dir = get_dir};
  for (int i = 0; i < 3; i++) MG_DASH_ADD_FIELD_SET(&s_dash, &s_sets[i]);
  for (int deed = 0; deed < 7; deed++) {
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
      char url[100];
      s_deed = -1;
      if (s_listener == NULL) poll(3), s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", mg_dash_ev_handler, &s_dash);
      mg_snprintf(url, sizeof(url), "ws://127.0.0.1:%u/api/websocket", mg_ntohs(s_listener->loc.port));
      for (int k = 0; k < 2; k++) mg_ws_connect(&s_peers, url, peer, NULL, USER);
      poll(10);
      s_deed = deed;
      mg_snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", mg_ntohs(s_listener->loc.port));
      mg_connect(&s_peers, url, peer, (void *) requests[i]);
      poll(10);
      for (int k = 0; k < 3; k++) mg_dash_send_change(&s_mgr, &s_sets[k]);
      poll(3);
      for (struct mg_connection *c = s_peers.conns; c != NULL; c = c->next) c->is_closing = 1;
      s_deed = -1;
      poll(5);
    }
  }
  mg_mgr_free(&s_peers), mg_mgr_free(&s_mgr);
  return s_calls > 300 && s_messages > 100 ? 0 : (printf("%d calls, %d messages\n", s_calls, s_messages), 1);
}
