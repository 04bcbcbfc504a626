// Answers to HEAD are small, but what they tell the length of was made: of many in a row only some are answered in one
// iteration, then others have their turn, and all are answered in the end.

#include "../limits.h"

enum { REQUESTS = 300, BODY = 50000 };

static int s_in_turn, s_most;
static char s_body[BODY + 1];

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev != MG_EV_HTTP_MSG) return;
  if (++s_in_turn > s_most) s_most = s_in_turn;
  mg_http_reply(c, 200, "", "%s", s_body);
}

int main(void) {
  struct mg_mgr mgr;
  static char text[REQUESTS * 40], answer[100];
  memset(s_body, 'x', BODY);
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", handler, NULL);
  for (int i = 0; i < REQUESTS; i++) strcat(text, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  int fd = dial(l);
  say(fd, text, strlen(text));
  // Longer waits than this would be for a loop that sleeps although requests wait.
  uint64_t start = mg_millis();
  while (s_seen.msgs < REQUESTS && mg_millis() - start < 20000) s_in_turn = 0, mg_mgr_poll(&mgr, 30000);
  CHECK(s_seen.msgs == REQUESTS && s_seen.errors == 0);
  CHECK(s_most <= 30);
  for (int i = 0; i < 5; i++) mg_mgr_poll(&mgr, 1);
  size_t got = 0;
  char expected[100];
  int head = snprintf(expected, sizeof(expected), "HTTP/1.1 200 OK\r\nContent-Length: %-11d\r\n\r\n", BODY);
  for (int i = 0; i < REQUESTS; i++) {
    CHECK(recv(fd, answer, (size_t) head, MSG_DONTWAIT) == head && memcmp(answer, expected, (size_t) head) == 0);
    got += (size_t) head;
  }
  CHECK(recv(fd, answer, 1, MSG_DONTWAIT) < 0 && got > 0);
  close(fd);
  mg_mgr_free(&mgr);
  return 0;
}
