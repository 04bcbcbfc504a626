// Peers that are slow on purpose: hundreds that send a request in drops do not hinder others, one that does not read a large
// file costs no memory, and a sender that looks at c->send.len stays within what it wants to spend.

#include <sys/resource.h>
#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); exit(1); } } while (0)
#define SLOW 200
#define MB (1024 * 1024)
#define FILE_SIZE (100l * MB)

static struct mg_mgr mgr;
static struct mg_connection *l;
static size_t most_queued;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_serve_opts opts = {.root_dir = "."};
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    if (mg_match(hm->uri, mg_str("/ws"), NULL)) {
      mg_ws_upgrade(c, hm, NULL);
      c->data[0] = 'w';
    } else {
      mg_http_serve_dir(c, hm, &opts);
    }
  } else if (ev == MG_EV_POLL && c->data[0] == 'w') {
    static char frame[10000];
    while (c->send.len < 64 * 1024) mg_ws_send(c, frame, sizeof(frame), WEBSOCKET_OP_BINARY);
  }
  if (c->send.len > most_queued) most_queued = c->send.len;
}

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0), size = 4096;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

static long resident(void) {
  long pages = 0, skipped;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f != NULL && fscanf(f, "%ld %ld", &skipped, &pages) == 2);
  fclose(f);
  return pages * sysconf(_SC_PAGESIZE);
}

static int get(int fd, const char *uri) {
  char buf[2000];
  ssize_t n = -1;
  mg_snprintf(buf, sizeof(buf), "GET %s HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n", uri);
  CHECK(send(fd, buf, strlen(buf), MSG_NOSIGNAL) > 0);
  for (int i = 0; i < 500 && n <= 0; i++) mg_mgr_poll(&mgr, 1), n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
  return n > 12 ? atoi(buf + 9) : 0;
}

int main(void) {
  static int slow[SLOW];
  static const char head[] = "GET /small HTTP/1.1\r\nHost: x\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
  mg_log_set(MG_LL_NONE);
  mg_file_write(&mg_fs_posix, "small", "small", 5);
  mg_file_write(&mg_fs_posix, "large", "", 0);
  CHECK(truncate("large", FILE_SIZE) == 0);
  mg_mgr_init(&mgr);
  l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  int fd = dial();

  for (int i = 0; i < SLOW; i++) {
    slow[i] = dial();
    mg_mgr_poll(&mgr, 0);
  }
  long before = resident();
  for (size_t at = 0; at < sizeof(head) - 1; at++) {
    for (int i = 0; i < SLOW; i++) CHECK(send(slow[i], head + at, 1, MSG_NOSIGNAL) == 1);
    CHECK(get(fd, "/small") == 200);
  }
  // One buffer each, of the size that all have.
  CHECK(resident() - before < SLOW * 3 * 16384l);
  for (int i = 0; i < SLOW; i++) {
    char buf[100];
    ssize_t n = -1;
    for (int k = 0; k < 500 && n <= 0; k++) mg_mgr_poll(&mgr, 0), n = recv(slow[i], buf, sizeof(buf), MSG_DONTWAIT);
    CHECK(n > 15 && memcmp(buf, "HTTP/1.1 200 OK", 15) == 0);
    close(slow[i]);
  }
  for (int i = 0; i < 20; i++) mg_mgr_poll(&mgr, 0);

  // Who does not read.
  before = resident(), most_queued = 0;
  for (int i = 0; i < 20; i++) {
    slow[i] = dial();
    CHECK(i % 2 == 0 ? get(slow[i], "/large") == 200 : get(slow[i], "/ws") == 101);
  }
  for (int i = 0; i < 300; i++) {
    mg_mgr_poll(&mgr, 0);
    if (i % 100 == 0) CHECK(get(fd, "/small") == 200);
  }
  CHECK(most_queued >= 64 * 1024 && most_queued < 128 * 1024);
  CHECK(resident() - before < 10 * MB);
  // Who reads at last gets all of it.
  char buf[65536];
  long total = 0;
  for (int i = 0; i < 200000 && total < FILE_SIZE; i++) {
    mg_mgr_poll(&mgr, 0);
    for (ssize_t n; (n = recv(slow[0], buf, sizeof(buf), MSG_DONTWAIT)) > 0;) total += n;
  }
  CHECK(total >= FILE_SIZE - 65536);
  CHECK(resident() - before < 10 * MB);
  mg_mgr_free(&mgr);
  for (int i = 0; i < 20; i++) close(slow[i]);
  close(fd);
  return 0;
}
