// One datagram per iteration: programs with room for one request answer it in MG_EV_POLL, or when the iteration has returned.

#include "mongoose.h"
#include <sys/wait.h>

static struct mg_mgr mgr;
static char s_slot[32];
static struct mg_addr s_peer;
static int s_reads, s_iterations;

static void answers_in_poll(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) {
    snprintf(s_slot, sizeof(s_slot), "%.*s", (int) c->recv.len, (char *) c->recv.buf);
    s_peer = c->rem, c->recv.len = 0, s_reads++;
  }
  if (ev == MG_EV_POLL && s_slot[0] != '\0') {
    char text[40];
    c->rem = s_peer;
    mg_send(c, text, mg_snprintf(text, sizeof(text), "<%s>", s_slot));
    s_slot[0] = '\0';
  }
  (void) ev_data;
}

static void takes(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) snprintf(s_slot, sizeof(s_slot), "%.*s", (int) c->recv.len, (char *) c->recv.buf), c->recv.len = 0;
  (void) ev_data;
}

static int peer_of(struct mg_connection *l) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = l->loc.port};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  connect(fd, (struct sockaddr *) &to, sizeof(to));
  return fd;
}

int main(void) {
  mg_log_level = MG_LL_NONE;
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_listen(&mgr, "udp://127.0.0.1:0", answers_in_poll, NULL);
  int fds[3];
  for (int i = 0; i < 3; i++) fds[i] = peer_of(l);
  for (int i = 0; i < 3; i++) dprintf(fds[i], "q%d", i);
  for (int i = 0; i < 20; i++) mg_mgr_poll(&mgr, 1);
  for (int i = 0; i < 3; i++) {
    char text[32];
    ssize_t n = recv(fds[i], text, sizeof(text), MSG_DONTWAIT);
    printf("answered in MG_EV_POLL, peer %d: %.*s\n", i, n < 0 ? 0 : (int) n, text);
  }

  l->fn = takes;
  const char *commands[] = {"on", "dim", "red"};
  for (int i = 0; i < 3; i++) dprintf(fds[0], "%s", commands[i]);
  printf("taken after the iteration:");
  for (int i = 0; i < 20; i++) {
    s_slot[0] = '\0';
    mg_mgr_poll(&mgr, 1);
    if (s_slot[0] != '\0') printf(" %s", s_slot);
  }
  printf("\n");

  for (int i = 0; i < 3; i++) close(fds[i]);
  mg_mgr_free(&mgr);

  // One after the other.
  mg_mgr_init(&mgr);
  l = mg_listen(&mgr, "udp://127.0.0.1:0", answers_in_poll, NULL);
  s_reads = 0;
  int fd = peer_of(l);
  pid_t pid = fork();
  if (pid == 0) {
    char text[32];
    for (int i = 0; i < 100; i++) {
      dprintf(fd, "q");
      recv(fd, text, sizeof(text), 0);
    }
    _exit(0);
  }
  while (s_reads < 100 && s_iterations < 100000) mg_mgr_poll(&mgr, 1), s_iterations++;
  for (int i = 0; i < 3; i++) mg_mgr_poll(&mgr, 1);
  printf("100 questions one after the other: %d read\n", s_reads);
  waitpid(pid, NULL, 0);
  mg_mgr_free(&mgr);
  return 0;
}
