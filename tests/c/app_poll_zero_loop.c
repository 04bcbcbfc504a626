// The loop of a game: mg_mgr_poll(0) once per frame, as fast as it goes, with the program's own work between; and a program
// that polls from inside a function that waits for an answer.

#include "loop.h"

static int s_frames, s_polls_of_listener;

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (c->is_listening && ev == MG_EV_POLL) s_polls_of_listener++;
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    mg_http_reply(c, 200, "", "%.*s in frame %d", (int) hm->uri.len, hm->uri.buf, s_frames > 0);
  }
}

struct call {
  struct mg_str answer;
  bool done;
};

static void client(struct mg_connection *c, int ev, void *ev_data) {
  struct call *call = (struct call *) c->fn_data;
  if (ev == MG_EV_HTTP_MSG) {
    call->answer = mg_strdup(((struct mg_http_message *) ev_data)->body);
    c->is_draining = 1;
  }
  if (ev == MG_EV_CLOSE || ev == MG_EV_ERROR) call->done = true;
}

// As if it were a plain function call.
static struct mg_str fetch(struct mg_connection *l, const char *uri) {
  struct call call = {mg_str(""), false};
  struct mg_connection *c = mg_http_connect(&mgr, url_of("http", l, uri), client, &call);
  mg_printf(c, "GET %s HTTP/1.1\r\n\r\n", uri);
  while (!call.done) mg_mgr_poll(&mgr, 10);
  return call.answer;
}

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  for (int i = 0; i < 1000; i++) mg_mgr_poll(&mgr, 0);
  printf("one MG_EV_POLL per call: %d\n", s_polls_of_listener);
  int fd = dial(l);
  char answer[200] = "";
  ssize_t n = -1;
  say(fd, "GET /game HTTP/1.1\r\n\r\n");
  while (s_frames < 1000000 && n < 0) {
    s_frames++;
    mg_mgr_poll(&mgr, 0);
    n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
  }
  show("answer", answer);
  close(fd);
  for (int i = 0; i < 3; i++) {
    char label[20];
    struct mg_str s = fetch(l, i == 1 ? "/second" : "/other");
    snprintf(label, sizeof(label), "fetch %d", i);
    printf("%s: %.*s\n", label, (int) s.len, s.buf);
    mg_free(s.buf);
  }
  poll_until(number_of_connections(&mgr) == 1);
  printf("connections: %d\n", number_of_connections(&mgr));
  mg_mgr_free(&mgr);
  return 0;
}
