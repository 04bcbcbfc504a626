// Megabytes of small requests pile up behind one that is answered late. Own, because it looks at the time that
// handling them takes: it grows with their number only. Every handler must find its head at the start of the buffer.

#include "mongoose.h"

#define CHECK(x)                                             \
  do {                                                       \
    if (!(x)) printf("%d: %s\n", __LINE__, #x), exit(1);     \
  } while (0)

enum { MOST = 70000 };

static int s_msgs;
static bool s_go;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev == MG_EV_ERROR) printf("%s\n", (char *) ev_data), exit(1);
  if (ev == MG_EV_HTTP_HDRS) CHECK(hm->head.buf == (char *) c->recv.buf);
  if (ev == MG_EV_HTTP_MSG) {
    char uri[20];
    snprintf(uri, sizeof(uri), "%.*s", (int) hm->uri.len, hm->uri.buf);
    int id = atoi(uri + 1);
    CHECK(id == s_msgs);
    s_msgs++;
    if (id > 0) mg_http_reply(c, 200, "", "%05d", id);
  }
  if (ev == MG_EV_POLL && c->is_resp && s_go) mg_http_reply(c, 200, "", "%05d", 0);
}

// Returns CPU seconds per request.
static double run(int requests) {
  struct mg_mgr mgr;
  static char text[MOST * 40], buf[65536];
  size_t len = 0, sent = 0, got = 0;
  ssize_t n;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  s_msgs = 0, s_go = false;
  connect(fd, (struct sockaddr *) &addr, sizeof(addr));
  for (int i = 0; i < requests; i++) len += (size_t) sprintf(text + len, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
  size_t expected = strlen("HTTP/1.1 200 OK\r\nContent-Length: 5          \r\n\r\n00000") * (size_t) requests;
  for (int k = 0; k < 10000 && sent < len; k++) {
    while ((n = send(fd, text + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) sent += (size_t) n;
    mg_mgr_poll(&mgr, 1);
  }
  for (int k = 0; k < 20; k++) mg_mgr_poll(&mgr, 1);
  CHECK(sent == len && s_msgs == 1);
  struct timespec a, b;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
  s_go = true;
  for (int k = 0; k < 20000 && got < expected; k++) {
    mg_mgr_poll(&mgr, 1);
    while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) got += (size_t) n;
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
  CHECK(got == expected && s_msgs == requests);
  close(fd);
  mg_mgr_free(&mgr);
  return ((double) (b.tv_sec - a.tv_sec) + (double) (b.tv_nsec - a.tv_nsec) / 1e9) / requests;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  double few = run(MOST / 35), many = run(MOST);
  if (getenv("VERBOSE") != NULL) printf("%.0f and %.0f ns per request\n", few * 1e9, many * 1e9);
  // Moving the rest down for every request would take some fifty times as long.
  if (many > few * 8) printf("%.0f and %.0f ns per request\n", few * 1e9, many * 1e9), exit(1);
  return 0;
}
