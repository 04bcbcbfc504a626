// A protocol of lines, like that of mail: a dialogue whose state stands in c->data, lines in pieces and several at once,
// a time-out by turns, a limit for lines.

#include "loop.h"

struct dialogue {
  uint8_t state, mistakes;
  char from[20];
};

static void line(struct mg_connection *c, struct mg_str s) {
  struct dialogue *d = (struct dialogue *) c->data;
  struct mg_str part[2];
  if (d->state == 2) {
    if (mg_strcmp(s, mg_str(".")) == 0) d->state = 0, mg_printf(c, "250 stored for %s\r\n", d->from);
  } else if (mg_match(s, mg_str("FROM *"), part) && part[0].len < sizeof(d->from)) {
    mg_snprintf(d->from, sizeof(d->from), "%.*s", (int) part[0].len, part[0].buf);
    d->state = 1;
    mg_printf(c, "250 %M\r\n", mg_print_esc, (int) part[0].len, part[0].buf);
  } else if (mg_strcasecmp(s, mg_str("data")) == 0 && d->state == 1) {
    d->state = 2;
    mg_printf(c, "354 go on\r\n");
  } else if (mg_strcasecmp(s, mg_str("quit")) == 0) {
    mg_printf(c, "221 bye\r\n");
    c->is_draining = 1;
  } else {
    mg_printf(c, "500 what? (%d)\r\n", ++d->mistakes);
    if (d->mistakes == 3) c->is_draining = 1;
  }
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  (void) ev_data;
  if (ev == MG_EV_ACCEPT) mg_printf(c, "220 ready\r\n");
  if (ev != MG_EV_READ) return;
  for (char *end; !c->is_draining && (end = (char *) memchr(c->recv.buf, '\n', c->recv.len)) != NULL;) {
    size_t n = (size_t) (end - (char *) c->recv.buf);
    line(c, mg_str_n((char *) c->recv.buf, n > 0 && end[-1] == '\r' ? n - 1 : n));
    mg_iobuf_del(&c->recv, 0, n + 1);
  }
  if (c->recv.len > 100) mg_printf(c, "500 too long\r\n"), c->is_draining = 1;
}

static void talk(struct mg_connection *l, const char *label, const char *parts[]) {
  static struct answer a;
  int fd = dial(l);
  a.len = 0, a.closed = false;
  receive(fd, &a, strlen("220 ready\r\n"));
  for (; *parts != NULL; parts++) say(fd, *parts), turns(3);
  receive(fd, &a, sizeof(a.text) - 1 - a.len);
  show(label, a.text);
  close(fd);
}

#define TALK(label, ...)                         \
  do {                                           \
    const char *parts[] = {__VA_ARGS__, NULL};   \
    talk(l, label, parts);                       \
  } while (0)

int main(void) {
  static char long_line[120];
  start();
  struct mg_connection *l = mg_listen(&mgr, "tcp://127.0.0.1:0", server, NULL);
  TALK("one by one", "FROM ann\r\n", "DATA\r\n", "hello\r\n", ".\r\n", "QUIT\r\n");
  TALK("all at once", "FROM \"bob\"\r\ndata\r\na\r\n.b\r\n.\r\nFROM x\nquit\r\nFROM y\r\n");
  TALK("in pieces", "FR", "OM a", "nn\r", "\nqu", "it", "\n");
  TALK("mistakes", "DATA\r\nx\r\n\r\nFROM late\r\n");
  memset(long_line, 'x', sizeof(long_line) - 1);
  TALK("a long line", long_line);
  mg_mgr_free(&mgr);
  return 0;
}
