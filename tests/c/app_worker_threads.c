// Work in threads: each request goes to a thread, its answer comes back by mg_wakeup() with the id of the connection; threads
// that end in another order, a client that has left, results larger than a datagram, and answers in parts.

#include <pthread.h>

#include "loop.h"

struct job {
  unsigned long id;
  int kind;
};

static struct job s_jobs[10];
static int s_count, s_lost;

static void *work(void *arg) {
  struct job *job = (struct job *) arg;
  static char large[3000];
  char text[50];
  if (job->kind == 'L') {
    memset(large, 'x', sizeof(large));
    mg_wakeup(&mgr, job->id, large, sizeof(large));
  } else if (job->kind == 'P') {
    for (int i = 1; i <= 3; i++) mg_wakeup(&mgr, job->id, text, (size_t) snprintf(text, sizeof(text), "part %d;", i));
    mg_wakeup(&mgr, job->id, "", 0);
  } else {
    mg_wakeup(&mgr, job->id, text, (size_t) snprintf(text, sizeof(text), "done %c", job->kind));
  }
  return NULL;
}

static void run(int i) {
  pthread_t thread;
  pthread_create(&thread, NULL, work, &s_jobs[i]);
  pthread_join(thread, NULL);
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_HTTP_MSG) {
    struct mg_http_message *hm = (struct mg_http_message *) ev_data;
    s_jobs[s_count].id = c->id, s_jobs[s_count++].kind = hm->uri.buf[1];
    c->data[0] = hm->uri.buf[1];
    if (c->data[0] == 'P') mg_printf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  } else if (ev == MG_EV_WAKEUP) {
    struct mg_str *data = (struct mg_str *) ev_data;
    if (c->data[0] == 'P') mg_http_write_chunk(c, data->buf, data->len);
    else mg_http_reply(c, 200, "", "%d [%.*s]", (int) data->len, data->len > 20 ? 3 : (int) data->len, data->buf);
  } else if (ev == MG_EV_CLOSE && c->is_resp && !c->is_listening) {
    s_lost++;
  }
}

int main(void) {
  int fd[5];
  static const char *requests[] = {"GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.1\r\n\r\n", "GET /3 HTTP/1.1\r\n\r\n", "GET /L HTTP/1.1\r\n\r\n",
                                   "GET /P HTTP/1.1\r\n\r\n"};
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  printf("ready: %d\n", mg_wakeup_init(&mgr));
  for (int i = 0; i < 5; i++) {
    fd[i] = dial(l);
    say(fd[i], requests[i]);
    poll_until(s_count == i + 1);
  }
  close(fd[1]);
  poll_until(s_lost == 1);
  for (int i = 4; i >= 0; i--) run(i);
  for (int i = 0; i < 5; i++) {
    char label[20];
    if (i == 1) continue;
    snprintf(label, sizeof(label), "client %d", i);
    show(label, response(fd[i]));
    close(fd[i]);
  }
  printf("unknown id: %d\n", mg_wakeup(&mgr, 99999, "x", 1));
  turns(3);
  printf("lost: %d\n", s_lost);
  mg_mgr_free(&mgr);
  return 0;
}
