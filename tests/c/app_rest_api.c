// A REST interface with JSON in and out: create, read, change, list and delete, and everything that clients do wrong.

#include "loop.h"

static struct item {
  int id, price;
  char name[20];
} items[4];
static int last_id;

static size_t print_item(void (*out)(char, void *), void *arg, va_list *ap) {
  struct item *item = va_arg(*ap, struct item *);
  return mg_xprintf(out, arg, "{%m:%d,%m:%m,%m:%d}", MG_ESC("id"), item->id, MG_ESC("name"), MG_ESC(item->name), MG_ESC("price"), item->price);
}

static size_t print_items(void (*out)(char, void *), void *arg, va_list *ap) {
  size_t n = 0;
  (void) ap;
  for (struct item *item = items; item < items + 4; item++) {
    if (item->id > 0) n += mg_xprintf(out, arg, "%s%M", n > 0 ? "," : "", print_item, item);
  }
  return n;
}

static struct item *find(int id) {
  for (struct item *item = items; item < items + 4; item++) {
    if (item->id == id) return item;
  }
  return NULL;
}

static void failure(struct mg_connection *c, int status, const char *text) {
  mg_http_reply(c, status, "Content-Type: application/json\r\n", "{%m:%m}\n", MG_ESC("error"), MG_ESC(text));
}

static bool take(struct item *item, struct mg_str json) {
  char *name = mg_json_get_str(json, "$.name");
  long price = mg_json_get_long(json, "$.price", -1);
  bool good = name != NULL && strlen(name) < sizeof(item->name) && price >= 0;
  if (good) snprintf(item->name, sizeof(item->name), "%s", name), item->price = (int) price;
  mg_free(name);
  return good;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_str part[2];
  int id = 0;
  if (ev != MG_EV_HTTP_MSG) return;
  if (mg_match(hm->uri, mg_str("/api/items"), NULL)) {
    if (mg_strcasecmp(hm->method, mg_str("GET")) == 0) {
      mg_http_reply(c, 200, "Content-Type: application/json\r\n", "[%M]\n", print_items);
    } else if (mg_strcmp(hm->method, mg_str("POST")) == 0) {
      struct item *item = find(0);
      if (item == NULL) return failure(c, 507, "full");
      if (!take(item, hm->body)) return failure(c, 400, "name and price, please");
      item->id = ++last_id;
      char location[60];
      mg_snprintf(location, sizeof(location), "Location: /api/items/%d\r\n", item->id);
      mg_http_reply(c, 201, location, "%M\n", print_item, item);
    } else {
      mg_http_reply(c, 405, "Allow: GET, POST\r\n", "");
    }
  } else if (mg_match(hm->uri, mg_str("/api/items/*"), part)) {
    struct item *item = mg_str_to_num(part[0], 10, &id, sizeof(id)) && id > 0 ? find(id) : NULL;
    if (item == NULL) return failure(c, 404, "no such \"item\"");
    if (mg_strcmp(hm->method, mg_str("DELETE")) == 0) {
      memset(item, 0, sizeof(*item));
      mg_http_reply(c, 204, NULL, "");
    } else if (mg_strcmp(hm->method, mg_str("PUT")) == 0) {
      if (!take(item, hm->body)) return failure(c, 400, "name and price, please");
      mg_http_reply(c, 200, NULL, "%M\n", print_item, item);
    } else {
      mg_http_reply(c, 200, NULL, "%M\n", print_item, item);
    }
  } else {
    failure(c, 404, "nothing here");
  }
}

static void call(struct mg_connection *l, const char *label, const char *method, const char *uri, const char *body) {
  char request[500];
  snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", method, uri, (int) strlen(body), body);
  ask(l, label, request);
}

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  call(l, "empty list", "GET", "/api/items", "");
  call(l, "create", "POST", "/api/items", "{\"name\": \"tea\", \"price\": 5}");
  call(l, "create with escapes", "POST", "/api/items", "{\"price\": 7, \"name\": \"a\\\"b\\\\\\n\\u0041\"}");
  call(l, "create without price", "POST", "/api/items", "{\"name\": \"tea\"}");
  call(l, "create with a text for a price", "POST", "/api/items", "{\"name\": \"tea\", \"price\": \"5\"}");
  call(l, "create with a long name", "POST", "/api/items", "{\"name\": \"01234567890123456789\", \"price\": 1}");
  call(l, "create from broken JSON", "POST", "/api/items", "{\"name\": \"tea\", \"price\": 5");
  call(l, "create from nothing", "POST", "/api/items", "");
  call(l, "list", "GET", "/api/items", "");
  call(l, "read", "GET", "/api/items/2", "");
  call(l, "change", "PUT", "/api/items/1", "{\"name\": \"coffee\", \"price\": 9, \"more\": [1, {\"name\": \"x\"}]}");
  call(l, "change badly", "PUT", "/api/items/1", "[]");
  call(l, "delete", "DELETE", "/api/items/2", "");
  call(l, "delete again", "DELETE", "/api/items/2", "");
  call(l, "read what is no number", "GET", "/api/items/1x", "");
  call(l, "read nothing", "GET", "/api/items/", "");
  call(l, "read below", "GET", "/api/items/1/2", "");
  call(l, "method that is not known", "PATCH", "/api/items", "");
  call(l, "other place", "GET", "/api", "");
  for (int i = 0; i < 4; i++) {
    char label[30];
    snprintf(label, sizeof(label), "fill %d", i);
    call(l, label, "POST", "/api/items", "{\"name\": \"n\", \"price\": 0}");
  }
  mg_mgr_free(&mgr);
  return 0;
}
