// Whose responses are coded: what is refused, what listeners hand down, and from when on it holds.

#include "../loop.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

static char text[5001];
static struct mg_http_codings gzip = {.size = sizeof(gzip), .gzip_level = 6};
static int s_set_in = -1;                  // Event in which the handler sets s_value
static struct mg_http_codings *s_value;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == s_set_in) CHECK(mg_http_set_codings(c, s_value));
  if (ev == MG_EV_HTTP_MSG) mg_http_reply(c, 200, "", "%s", text);
  if (ev == MG_EV_CLOSE) CHECK(!mg_http_set_codings(c, &gzip));
}

static bool coded(int fd) {
  say(fd, "GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n");
  const char *answer = response(fd);
  CHECK(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0);
  return strstr(answer, "Content-Encoding: gzip\r\n") != NULL;
}

static bool coded_at(struct mg_connection *listener) {
  int fd = dial(listener);
  bool result = coded(fd);
  close(fd);
  turns(3);
  return result;
}

static void set_in(int ev, struct mg_http_codings *value) {
  s_set_in = ev, s_value = value;
}

int main(void) {
  memset(text, 'x', sizeof(text) - 1);
  start();
  struct mg_connection *a = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct mg_connection *b = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct mg_connection *udp = mg_listen(&mgr, "udp://127.0.0.1:0", server, NULL);

  // Refused, with nothing changed.
  CHECK(mg_http_set_codings(a, &gzip));
  struct { struct mg_http_codings known; size_t more; } newer = {{.size = sizeof(newer)}, 1};
  struct mg_http_codings bad = {0};
  CHECK(!mg_http_set_codings(a, &bad));
  bad.size = 1 << 20;
  CHECK(!mg_http_set_codings(a, &bad));
  bad.size = sizeof(bad), bad.gzip_level = 10;
  CHECK(!mg_http_set_codings(a, &bad));
  bad.gzip_level = -1;
  CHECK(!mg_http_set_codings(a, &bad));
  CHECK(!mg_http_set_codings(a, &newer.known));
  CHECK(!mg_http_set_codings(udp, &gzip));
  CHECK(!mg_http_set_codings(NULL, &gzip));
  struct mg_connection made_by_hand;
  memset(&made_by_hand, 0, sizeof(made_by_hand));
  CHECK(!mg_http_set_codings(&made_by_hand, &gzip));

  // Listeners hand down what they have, each its own, from then on.
  CHECK(coded_at(a) && !coded_at(b));
  int before = dial(b);
  CHECK(!coded(before));
  newer.known.gzip_level = 9, newer.more = 0;
  CHECK(mg_http_set_codings(b, &newer.known) && coded_at(b) && !coded(before));
  int kept = dial(a);
  CHECK(coded(kept));
  CHECK(mg_http_set_codings(a, NULL) && !coded_at(a) && coded(kept));
  close(before), close(kept);

  // A connection sets its own, at the latest for the request at hand.
  int events[] = {MG_EV_OPEN, MG_EV_ACCEPT, MG_EV_HTTP_HDRS, MG_EV_HTTP_MSG};
  for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
    int fd = dial(a);
    set_in(events[i], &gzip);
    CHECK(coded(fd));
    set_in(-1, NULL);
    CHECK(coded(fd));
    set_in(MG_EV_HTTP_MSG, NULL);
    CHECK(!coded(fd));
    set_in(-1, NULL);
    CHECK(!coded(fd));
    close(fd);
    CHECK(!coded_at(a));
  }

  // Below the least size nothing is coded.
  struct mg_http_codings sized = {.size = sizeof(sized), .gzip_level = 1, .min_size = sizeof(text) - 1};
  CHECK(mg_http_set_codings(a, &sized) && coded_at(a));
  sized.min_size++;
  CHECK(mg_http_set_codings(a, &sized) && !coded_at(a));
  sized.min_size = SIZE_MAX;
  CHECK(mg_http_set_codings(a, &sized) && !coded_at(a));
  sized.min_size = 0;
  text[1024] = '\0';
  CHECK(mg_http_set_codings(a, &sized) && coded_at(a));
  text[1023] = '\0';
  CHECK(!coded_at(a));

  mg_mgr_free(&mgr);
  return 0;
}
