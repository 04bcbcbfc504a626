// Dashboards, Modbus and SNTP when memory runs out at any allocation: the connection concerned gets MG_EV_ERROR or an error
// response; others go on, nothing leaks, and the next request works.

#include "../failing_allocator.h"

static struct mg_dash dash;
static const char *request;
static char answer_text[2000];
static bool closed, answered;

static char name[50];
static int number, set_index;
static struct mg_field fields[] = {{"name", MG_VAL_STR, name, sizeof(name)}, {"number", MG_VAL_INT, &number, 0}, {NULL, MG_VAL_INT, NULL, 0}};
static struct mg_field file_fields[] = {{"name", MG_VAL_STR, name, sizeof(name)}, {NULL, MG_VAL_INT, NULL, 0}};

static bool get_dir(const struct mg_dash_user *u, char *buf, size_t len) {
  mg_snprintf(buf, len, ".");
  return (void) u, true;
}

static struct mg_field_set values = {.name = "values", .fields = fields};
static struct mg_field_set files = {.name = "files", .fields = file_fields, .index = &set_index, .get_dir = get_dir, .next = &values};

static int authenticate(char *user, size_t userlen, const char *pass) {
  return (void) userlen, strcmp(user, "user") == 0 && strcmp(pass, "pass") == 0 ? 9 : 0;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  mg_dash_ev_handler(c, ev, ev_data);
}

static void client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) is(mg_printf(c, "%s", request) == strlen(request));
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    answered = mg_http_status(hm) == 200;
    mg_snprintf(answer_text, sizeof(answer_text), "%.*s", (int) hm->body.len, hm->body.buf);
    c->is_draining = 1;
  }
  if (ev == MG_EV_CLOSE) closed = true;
}

static bool dashboard(struct world *w) {
  char url[64];
  answered = closed = false;
  dash.sets = &files, dash.authenticate = authenticate;
  begin(w);
  begin_faults(w);
  struct mg_connection *l = mg_http_listen(&w->mgr, "http://127.0.0.1:0", server, &dash);
  if (is(l != NULL)) {
    mg_snprintf(url, sizeof(url), "http://127.0.0.1:%d", mg_ntohs(l->loc.port));
    if (is(mg_http_connect(&w->mgr, url, client, NULL) != NULL)) poll_until(&w->mgr, &closed);
  }
  refusals += !answered && closed && errors == 0 && answer_text[0] != '\0';
  end(w);
  return answered;
}

#define LOGIN "Authorization: Basic dXNlcjpwYXNz\r\n"

static void requests(const char *what, const char *text) {
  request = text;
  every_allocation(what, dashboard);
}

static void modbus_server(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
}

static void modbus_client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_CONNECT) is(mg_send(c, "\0\1\0\0\0\6\1\3\0\0\0\1", 12));
  if (ev == MG_EV_READ) answered = true, c->is_draining = 1;
  if (ev == MG_EV_CLOSE) closed = true;
}

static bool modbus(struct world *w) {
  char url[64];
  answered = closed = false;
  begin(w);
  begin_faults(w);
  struct mg_connection *l = mg_modbus_listen(&w->mgr, "tcp://127.0.0.1:0", modbus_server, NULL);
  if (is(l != NULL)) {
    mg_snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", mg_ntohs(l->loc.port));
    if (is(mg_connect(&w->mgr, url, modbus_client, NULL) != NULL)) poll_until(&w->mgr, &closed);
  }
  end(w);
  return answered;
}

static void time_server(struct mg_connection *c, int ev, void *ev_data) {
  uint8_t reply[48] = {0x24, 1};
  note(c, ev, ev_data);
  if (ev != MG_EV_READ || c->recv.len < 48) return;
  memcpy(reply + 24, c->recv.buf + 40, 8);
  reply[32] = reply[40] = 0xe9;
  c->recv.len = 0;
  is(mg_send(c, reply, sizeof(reply)));
}

static void time_client(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_SNTP_TIME) answered = true;
  if (ev == MG_EV_CLOSE) closed = true;
}

static bool sntp(struct world *w) {
  char url[64];
  answered = closed = false;
  begin(w);
  struct mg_connection *l = mg_listen(&w->mgr, "udp://127.0.0.1:0", time_server, NULL);
  mg_snprintf(url, sizeof(url), "udp://127.0.0.1:%d", mg_ntohs(l->loc.port));
  begin_faults(w);
  if (is(mg_sntp_connect(&w->mgr, url, time_client, NULL) != NULL)) poll_until(&w->mgr, &closed);
  end(w);
  return answered;
}

int main(void) {
  mg_file_write(&mg_fs_posix, "one", "1", 1);
  requests("login", "GET /api/login HTTP/1.1\r\n" LOGIN "\r\n");
  requests("values", "GET /api/get HTTP/1.1\r\n" LOGIN "\r\n");
  requests("change", "POST /api/set HTTP/1.1\r\n" LOGIN "Content-Length: 24\r\n\r\n{\"values\":{\"number\": 77}}");
  requests("directory", "GET /api/get/files/0 HTTP/1.1\r\n" LOGIN "\r\n");
  requests("download", "GET /fs/files/one HTTP/1.1\r\n" LOGIN "\r\n");
  requests("upload", "POST /fs/files/two HTTP/1.1\r\n" LOGIN "Content-Length: 3\r\n\r\nabc");
  every_allocation("Modbus", modbus);
  every_allocation("SNTP", sntp);
  return 0;
}
