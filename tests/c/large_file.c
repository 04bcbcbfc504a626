// A file of 64 megabytes arrives byte by byte, at clients that read slowly, in two requests at once, and with the
// memory of a few buffers. Closing in the middle leaves no descriptor open.

#include "mongoose.h"
#include <sys/resource.h>

#define SIZE (64 * 1024 * 1024)

static uint32_t s_crc;
static size_t s_most_queued;
static int s_closed;

static struct mg_mgr s_mgr;
static struct mg_connection *s_listener;

static int dial(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = s_listener->loc.port};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) != 0) perror("connect"), exit(1);
  return fd;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) mg_http_serve_file(c, (struct mg_http_message *) ev_data, "large.bin", NULL);
  if (c->send.len > s_most_queued) s_most_queued = c->send.len;
  if (ev == MG_EV_CLOSE) s_closed++;
}

static void make(void) {
  static char block[65536];
  FILE *f = fopen("large.bin", "w");
  uint32_t x = 1;
  for (int i = 0; i < SIZE / (int) sizeof(block); i++) {
    for (size_t k = 0; k < sizeof(block); k++) block[k] = (char) ((x = x * 1103515245 + 12345) >> 16);
    s_crc = mg_crc32(s_crc, block, sizeof(block));
    fwrite(block, 1, sizeof(block), f);
  }
  fclose(f);
}

static int open_files(void) {
  int n = 0;
  for (int fd = 0; fd < 200; fd++) n += fcntl(fd, F_GETFD) != -1;
  return n;
}

static void receive(const char *label, int clients, size_t piece) {
  static char buf[1000000];
  struct { int fd; size_t head, got; uint32_t crc; } conns[4];
  int running = clients;
  for (int i = 0; i < clients; i++) {
    conns[i].fd = dial(), conns[i].head = 0, conns[i].got = 0, conns[i].crc = 0;
    send(conns[i].fd, "GET / HTTP/1.1\r\n\r\n", 18, 0);
  }
  for (int k = 0; k < 1000000 && running > 0; k++) {
    mg_mgr_poll(&s_mgr, running == clients ? 1 : 0);
    for (int i = 0; i < clients; i++) {
      ssize_t n = conns[i].got == SIZE ? 0 : recv(conns[i].fd, buf, piece, MSG_DONTWAIT);
      if (n <= 0) continue;
      char *body = buf;
      if (conns[i].head == 0) {
        buf[n] = '\0';
        conns[i].head = (size_t) (strstr(buf, "\r\n\r\n") + 4 - buf);
        body += conns[i].head, n -= (ssize_t) conns[i].head;
      }
      conns[i].crc = mg_crc32(conns[i].crc, body, (size_t) n);
      conns[i].got += (size_t) n;
      if (conns[i].got == SIZE) running--;
    }
  }
  for (int i = 0; i < clients; i++) {
    printf("%s, client %d: %s\n", label, i, conns[i].got == SIZE && conns[i].crc == s_crc ? "whole" : "damaged");
    close(conns[i].fd);
  }
  for (int k = 0; k < 1000 && s_mgr.conns->next != NULL; k++) mg_mgr_poll(&s_mgr, 1);
}

int main(void) {
  struct rusage usage;
  mg_log_level = MG_LL_NONE;
  make();
  mg_mgr_init(&s_mgr);
  s_listener = mg_http_listen(&s_mgr, "http://127.0.0.1:0", server, NULL);
  receive("one client", 1, 999999);
  receive("slow client", 1, 20000);
  receive("three clients", 3, 300000);
  printf("queue stays small: %d\n", s_most_queued <= 100000);
  int before = open_files();
  s_closed = 0;
  for (int i = 0; i < 20; i++) {
    int fd = dial();
    send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0);
    for (int k = 0; k < 20; k++) mg_mgr_poll(&s_mgr, 1);
    close(fd);
  }
  for (int k = 0; k < 1000 && s_closed < 20; k++) mg_mgr_poll(&s_mgr, 1);
  printf("aborted downloads closed: %d\n", s_closed);
  printf("descriptors left open: %d\n", open_files() - before);
  getrusage(RUSAGE_SELF, &usage);
  printf("memory stays small: %d\n", usage.ru_maxrss < 60000);
  mg_mgr_free(&s_mgr);
  return 0;
}
