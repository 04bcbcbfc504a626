// Large files compressed on the way: little memory for a client that does not read, turns for others, and no false end.

#include "../loop.h"

#define CHECK(x) do { if (!(x)) printf("line %d: %s\n", __LINE__, #x), exit(1); } while (0)

#define SIZE (40 * 1024 * 1024)

static struct mg_connection *s_client;
static bool s_closed;
static size_t s_most;
static int s_small, s_turns;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  struct mg_http_serve_opts opts = {.root_dir = "www"};
  s_turns += ev == MG_EV_POLL && c == s_client && c->is_resp;
  if (c->send.size > s_most) s_most = c->send.size;
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/small"), NULL)) {
    mg_http_reply(c, 200, "", "small\n"), s_small++;
  } else if (ev == MG_EV_HTTP_MSG) {
    s_client = c;
    mg_http_serve_dir(c, hm, &opts);
  } else if (ev == MG_EV_CLOSE && c == s_client) {
    s_closed = true, s_client = NULL;
  }
}

static void fill(const char *path, bool random) {
  static unsigned char block[1 << 20];
  FILE *f = fopen(path, "w");
  memset(block, 0, sizeof(block));
  if (random) mg_random(block, sizeof(block));
  for (size_t i = 0; f != NULL && i < SIZE / sizeof(block); i++) fwrite(block, 1, sizeof(block), f);
  if (f == NULL || fclose(f) != 0) perror(path), exit(1);
}

static size_t resident(void) {
  unsigned long total = 0, pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f == NULL || fscanf(f, "%lu %lu", &total, &pages) != 2) perror("statm"), exit(1);
  fclose(f);
  return pages * (size_t) sysconf(_SC_PAGESIZE);
}

static int open_files(void) {
  int n = 0;
  for (int fd = 0; fd < 200; fd++) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

static void request(int fd, const char *uri) {
  char text[200];
  snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n", uri);
  say(fd, text);
}

// The last bytes that came; everything is read until there is nothing for a while, or the end.
static char s_tail[8];
static size_t drain(int fd) {
  static char buf[65536];
  size_t len = 0;
  for (int idle = 0; idle < 200;) {
    ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
    if (n == 0) break;
    if (n < 0) {
      mg_mgr_poll(&mgr, 1), idle++;
      continue;
    }
    for (ssize_t i = n > 8 ? n - 8 : 0; i < n; i++) memmove(s_tail, s_tail + 1, 7), s_tail[7] = buf[i];
    len += (size_t) n, idle = 0;
    if (memcmp(s_tail + 1, "\r\n0\r\n\r\n", 7) == 0) break;
  }
  return len;
}

int main(void) {
  struct mg_http_codings codings = {.size = sizeof(codings), .gzip_level = 1};
  mkdir("www", 0755);
  fill("www/noise", true), fill("www/zeros", false);
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  CHECK(mg_http_set_codings(l, &codings));

  // A client that does not read. What was compressed before waits, and nothing more is compressed.
  int fd = dial(l), before_files = open_files(), other;
  size_t before = resident();
  request(fd, "/noise");
  turns(3000);
  CHECK(s_client != NULL && s_client->is_resp && s_most <= 80 * 1024);
  CHECK(resident() < before + 8 * 1024 * 1024);
  other = dial(l);
  for (int i = 1; i <= 3; i++) {
    request(other, "/small");
    CHECK(strstr(response(other), "\r\n\r\nsmall\n") != NULL);
  }
  CHECK(open_files() == before_files + 4);
  // Then it reads.
  size_t len = drain(fd);
  CHECK(len > SIZE && memcmp(s_tail + 1, "\r\n0\r\n\r\n", 7) == 0 && s_most <= 80 * 1024);
  turns(3);
  CHECK(!s_client->is_resp && open_files() == before_files + 3);
  request(fd, "/small");
  CHECK(strstr(response(fd), "\r\n\r\nsmall\n") != NULL);

  // Hardly any output for much input: that takes many turns all the same, between which others have theirs.
  s_small = s_turns = 0;
  request(fd, "/zeros");
  poll_until(s_client != NULL && s_client->is_resp);
  CHECK(s_client->is_resp);
  while (s_client->is_resp && s_small < 5) {
    int wanted = s_small + 1;
    request(other, "/small");
    for (int i = 0; i < 20 && s_small < wanted; i++) mg_mgr_poll(&mgr, 0);
    CHECK(s_small == wanted);
  }
  CHECK(s_small == 5);
  len = drain(fd);
  CHECK(len < SIZE / 50 && memcmp(s_tail + 1, "\r\n0\r\n\r\n", 7) == 0);
  CHECK(s_turns > SIZE / (256 * 1024));

  // A file that becomes shorter ends the connection, not the body.
  request(fd, "/noise");
  turns(50);
  CHECK(s_client->is_resp && truncate("www/noise", SIZE / 2) == 0);
  len = drain(fd);
  poll_until(s_closed);
  CHECK(s_closed && len < SIZE && memcmp(s_tail + 3, "0\r\n\r\n", 5) != 0);
  close(fd);

  // A client that goes away in the middle, and one that does before anything came.
  for (int i = 0; i < 2; i++) {
    s_closed = false;
    fd = dial(l);
    request(fd, "/noise");
    turns(i == 0 ? 50 : 2);
    close(fd);
    poll_until(s_closed);
    CHECK(s_closed);
  }
  turns(5);
  CHECK(open_files() == before_files + 1);
  mg_mgr_free(&mgr);
  return 0;
}
