// Requests for files, large and small, sent in one go: all are answered, in order, and what the program sees.

#include "mongoose.h"

static char s_events[10000];
static bool s_drain;
static unsigned long s_written;

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

// Sends a request on a new connection and collects what comes back, until nothing more comes. Returns its length.
static size_t talk(const char *request, char *answer, size_t size) {
  int fd = dial(), idle = 0;
  size_t len = 0;
  send(fd, request, strlen(request), MSG_NOSIGNAL);
  for (int i = 0; i < 2000 && idle < 10; i++) {
    mg_mgr_poll(&s_mgr, 1);
    ssize_t n = recv(fd, answer + len, size - 1 - len, MSG_DONTWAIT);
    if (n == 0) break;
    if (n > 0) len += (size_t) n, idle = 0;
    if (n < 0 && len > 0) idle++;
  }
  answer[len] = '\0';
  close(fd);
  mg_mgr_poll(&s_mgr, 1);
  return len;
}
static void make(const char *path, size_t size) {
  FILE *f = fopen(path, "w");
  for (size_t i = 0; i < size; i++) fputc((int) ('a' + (i * 31 + i / 4096) % 26), f);
  fclose(f);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = "."};
  if (c->is_listening) return;
  if (ev == MG_EV_HTTP_MSG) {
    mg_snprintf(s_events + strlen(s_events), 200, "%.*s ", (int) hm->uri.len, hm->uri.buf);
    if (mg_match(hm->uri, mg_str("/reply"), NULL)) mg_http_reply(c, 200, "", "replied");
    else mg_http_serve_dir(c, hm, &opts);
    if (s_drain) c->is_draining = 1;
  }
  if (ev == MG_EV_WRITE) s_written += (unsigned long) *(long *) ev_data;
  if (ev == MG_EV_CLOSE) strcat(s_events, "closed ");
}

static void get(const char *label, const char *request) {
  static char answer[8000000];
  int responses = 0;
  s_events[0] = '\0', s_written = 0;
  size_t len = talk(request, answer, sizeof(answer));
  printf("%s, messages: %s\n", label, s_events);
  printf("%s, all that was written was received: %d\n", label, s_written == len);
  for (char *p = answer, *end; (end = strstr(p, "\r\n\r\n")) != NULL; responses++) {
    size_t n = (size_t) atoi(strstr(p, "Content-Length: ") + 16), left = len - (size_t) (end + 4 - answer);
    if (n > left) n = left;
    printf("%s, response %d: %.12s length %lu crc %08x\n", label, responses, p, (unsigned long) n, (unsigned) mg_crc32(0, end + 4, n));
    p = end + 4 + n;
  }
}

#define GET(uri) "GET " uri " HTTP/1.1\r\n\r\n"

int main(void) {
  mg_log_level = MG_LL_NONE;
  make("small.txt", 100), make("empty.txt", 0), make("edge.txt", 16384), make("more.txt", 16385), make("large.txt", 3000000), make("large.png", 2000000);
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  get("one", GET("/small.txt"));
  get("many small ones", GET("/small.txt") GET("/empty.txt") GET("/small.txt") GET("/nope") GET("/small.txt"));
  get("around the size of a buffer", GET("/edge.txt") GET("/more.txt") GET("/edge.txt"));
  get("large ones", GET("/large.txt") GET("/large.png") GET("/small.txt"));
  get("large ones between replies", GET("/reply") GET("/large.txt") GET("/reply") GET("/small.txt") GET("/reply"));
  get("ranges", "GET /large.txt HTTP/1.1\r\nRange: bytes=1000000-2999998\r\n\r\nGET /large.txt HTTP/1.1\r\nRange: bytes=5-9\r\n\r\n" GET("/reply"));
  get("HEAD first", "HEAD /small.txt HTTP/1.1\r\n\r\n");
  get("with a body", "POST /large.txt HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello" GET("/small.txt"));
  s_drain = true;
  get("draining", GET("/large.txt"));
  mg_mgr_free(&s_mgr);
  return 0;
}
