// What functions for mg_mgr_call() may do: everything that handlers may. Order and number of calls stay.

#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)

static char seen[1000];
static bool with_connection[128];

static void note(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  size_t n = strlen(seen);
  CHECK(mgr != NULL && n < sizeof(seen) - 1);
  seen[n] = *(char *) arg;
  with_connection[(int) seen[n]] = c != NULL;
}

static bool closed;

static void idle(struct mg_connection *c, int ev, void *ev_data) {
  closed |= ev == MG_EV_CLOSE;
  (void) c, (void) ev_data;
}

static void settle(struct mg_mgr *mgr, const char *expected) {
  for (int i = 0; i < 1000 && strlen(seen) < strlen(expected); i++) mg_mgr_poll(mgr, 10);
  for (int i = 0; i < 3; i++) mg_mgr_poll(mgr, 0);
  if (strcmp(seen, expected) != 0) printf("expected %s, saw %s\n", expected, seen);
  CHECK(strcmp(seen, expected) == 0);
  memset(seen, 0, sizeof(seen));
}

static void close_it(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  note(mgr, c, arg);
  mg_close_conn(c);
}

static void mark_it(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  note(mgr, c, arg);
  c->is_closing = 1;
}

// Waits for what was sent behind it.
static void wait_for_x(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  note(mgr, c, arg);
  CHECK(mg_mgr_call(mgr, 0, note, (void *) "x"));
  for (int i = 0; i < 1000 && strchr(seen, 'x') == NULL; i++) mg_mgr_poll(mgr, 10000);
  CHECK(strchr(seen, 'x') != NULL);
}

// Waits for what waits behind it already.
static void wait_for_5(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  note(mgr, c, arg);
  CHECK(mg_mgr_timeout(mgr) == 0);
  for (int i = 0; i < 1000 && strchr(seen, '5') == NULL; i++) mg_mgr_poll(mgr, 10000);
  CHECK(strchr(seen, '5') != NULL);
}

static int repeated;
static bool ended;

static void again(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  repeated++;
  ended = !mg_mgr_call(mgr, 0, again, arg);
  (void) c;
}

static void close_channel(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  note(mgr, c, arg);
  mg_close_conn((struct mg_connection *) mgr->userdata);
  CHECK(!mg_mgr_call(mgr, 0, note, arg));
}

static void free_manager(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  note(mgr, c, arg);
  mg_mgr_free(mgr);  // Refused.
}

static void serve(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) *(unsigned long *) c->fn_data = c->id;
  (void) ev_data;
}

static void answer(struct mg_mgr *mgr, struct mg_connection *c, void *arg) {
  if (c != NULL) mg_http_reply(c, 200, "", "%s", (char *) arg);
  (void) mgr;
}

static void receive(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_CONNECT) mg_printf(c, "GET / HTTP/1.1\r\n\r\n");
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    mg_snprintf((char *) c->fn_data, 10, "%.*s", (int) hm->body.len, hm->body.buf);
  }
}

int main(void) {
  struct mg_mgr mgr;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  CHECK(!mg_mgr_call(&mgr, 0, note, (void *) "-"));  // Without mg_wakeup_init().
  struct mg_connection *early = mg_connect(&mgr, "udp://127.0.0.1:9", idle, NULL);
  CHECK(mg_wakeup_init(&mgr));
  mgr.userdata = mgr.conns;
  CHECK(!mg_mgr_call(NULL, 0, note, (void *) "-"));
  CHECK(!mg_mgr_call(&mgr, 0, NULL, (void *) "-"));
  struct mg_connection *a = mg_listen(&mgr, "tcp://127.0.0.1:0", idle, NULL), *b = mg_listen(&mgr, "tcp://127.0.0.1:0", idle, NULL);
  unsigned long a_id = a->id, b_id = b->id;

  // With a connection, without, and with one that does not exist.
  CHECK(mg_mgr_call(&mgr, a_id, note, (void *) "a") && mg_mgr_call(&mgr, 0, note, (void *) "b") && mg_mgr_call(&mgr, 12345, note, (void *) "c"));
  settle(&mgr, "abc");
  CHECK(with_connection['a'] && !with_connection['b'] && !with_connection['c']);

  // Also one that was there before the channel, one without a descriptor, and one to which the program gave another id.
  mgr.dns4.url = "udp://127.0.0.1:9";
  struct mg_connection *nameless = mg_connect(&mgr, "tcp://does.not.exist.example:1", idle, NULL);
  struct mg_connection *renamed = mg_connect(&mgr, "udp://127.0.0.1:9", idle, NULL);
  unsigned long old = renamed->id;
  renamed->id = 777777;
  CHECK(nameless->is_resolving);
  CHECK(mg_mgr_call(&mgr, early->id, note, (void *) "a") && mg_mgr_call(&mgr, nameless->id, note, (void *) "b"));
  CHECK(mg_mgr_call(&mgr, 777777, note, (void *) "c") && mg_mgr_call(&mgr, old, note, (void *) "d"));
  settle(&mgr, "abcd");
  CHECK(with_connection['a'] && with_connection['b'] && with_connection['c'] && !with_connection['d']);
  mg_close_conn(early), mg_close_conn(nameless), mg_close_conn(renamed);

  // The connection goes, at once or in its turn: calls behind that get NULL.
  CHECK(mg_mgr_call(&mgr, a_id, close_it, (void *) "a") && mg_mgr_call(&mgr, a_id, note, (void *) "b"));
  CHECK(mg_mgr_call(&mgr, b_id, mark_it, (void *) "c") && mg_mgr_call(&mgr, b_id, note, (void *) "d"));
  settle(&mgr, "abcd");
  CHECK(with_connection['a'] && !with_connection['b'] && with_connection['c'] && !with_connection['d']);

  // A function that runs the loop finds there what was sent before and after it, in order.
  CHECK(mg_mgr_call(&mgr, 0, note, (void *) "1") && mg_mgr_call(&mgr, 0, wait_for_x, (void *) "2"));
  CHECK(mg_mgr_call(&mgr, 0, note, (void *) "3") && mg_mgr_call(&mgr, 0, note, (void *) "4"));
  settle(&mgr, "1234x");
  CHECK(mg_mgr_call(&mgr, 0, wait_for_x, (void *) "1"));
  settle(&mgr, "1x");
  CHECK(mg_mgr_call(&mgr, 0, wait_for_5, (void *) "1") && mg_mgr_call(&mgr, 0, note, (void *) "2"));
  CHECK(mg_mgr_call(&mgr, 0, wait_for_5, (void *) "3") && mg_mgr_call(&mgr, 0, note, (void *) "4") && mg_mgr_call(&mgr, 0, note, (void *) "5"));
  settle(&mgr, "12345");

  // It asks to be called again and again: others have their turn, once per iteration.
  CHECK(mg_mgr_call(&mgr, 0, again, NULL));
  for (int i = 0; i < 50; i++) {
    int before = repeated;
    mg_mgr_poll(&mgr, 10000);
    CHECK(repeated == before + 1);
  }

  CHECK(mg_mgr_call(&mgr, 0, free_manager, (void *) "f"));
  settle(&mgr, "f");

  // Whether connections at rest are visited or not, what a function sends leaves.
  for (unsigned interval = 0; interval <= 1000000; interval += 1000000) {
    unsigned long id = 0;
    char url[40], body[10] = "";
    mg_mgr_idle_interval(&mgr, interval);
    struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", serve, &id);
    mg_snprintf(url, sizeof(url), "http://127.0.0.1:%d", mg_ntohs(l->loc.port));
    CHECK(mg_http_connect(&mgr, url, receive, body) != NULL);
    for (int i = 0; i < 1000 && id == 0; i++) mg_mgr_poll(&mgr, 10);
    CHECK(id != 0 && mg_mgr_call(&mgr, id, answer, (void *) "done"));
    for (int i = 0; i < 1000 && body[0] == '\0'; i++) mg_mgr_poll(&mgr, 10);
    CHECK(strcmp(body, "done") == 0);
  }

  // So does what it sets in its connection take effect.
  struct mg_connection *udp = mg_connect(&mgr, "udp://127.0.0.1:9", idle, NULL);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 0);
  closed = false;
  CHECK(mg_mgr_call(&mgr, udp->id, mark_it, (void *) "m"));
  settle(&mgr, "m");
  CHECK(closed);

  // Without a channel nothing waits, and a new one can be opened.
  struct mg_mgr other;
  mg_mgr_init(&other);
  CHECK(mg_wakeup_init(&other));
  other.userdata = other.conns;
  CHECK(mg_mgr_call(&other, 0, close_channel, (void *) "1") && mg_mgr_call(&other, 0, note, (void *) "2"));
  settle(&other, "12");
  CHECK(mg_wakeup_init(&other) && mg_mgr_call(&other, 0, note, (void *) "3"));
  mg_close_conn(other.conns);
  CHECK(strcmp(seen, "3") == 0);
  CHECK(mg_wakeup_init(&other) && mg_mgr_call(&other, 0, note, (void *) "4"));
  settle(&other, "34");
  mg_mgr_free(&other);

  // The one that repeats itself ends with the manager.
  mg_mgr_poll(&mgr, 0);
  CHECK(!ended);
  mg_mgr_free(&mgr);
  CHECK(ended);
  return 0;
}
