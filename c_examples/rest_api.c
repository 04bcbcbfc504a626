// A REST interface to notes kept in memory: bodies are plain text, answers are JSON.
//
// Build: make examples        Run: target/examples/rest_api http://127.0.0.1:8000
// Try:   curl -d 'buy milk' http://127.0.0.1:8000/notes       create, answers {"id":1,...}
//        /notes lists all with GET; /notes/1 reads with GET, updates with PUT, deletes with DELETE

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

#define MAX_NOTES 1000
#define JSON "Content-Type: application/json\r\n"

static struct mg_str notes[MAX_NOTES + 1];  // index is the id; buf NULL: no such note
static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static bool is(struct mg_str s, const char *text) {
  return mg_strcmp(s, mg_str(text)) == 0;
}

static void fail(struct mg_connection *c, int status, const char *text) {
  mg_http_reply(c, status, JSON, "{%m:%m}\n", MG_ESC("error"), MG_ESC(text));
}

static void show(struct mg_connection *c, int status, unsigned id) {
  mg_http_reply(c, status, JSON, "{%m:%u,%m:%m}\n", MG_ESC("id"), id, MG_ESC("text"), MG_ESC(notes[id].buf));
}

static void list(struct mg_connection *c) {
  const char *separator = "";
  mg_printf(c, "HTTP/1.1 200 OK\r\n" JSON "Transfer-Encoding: chunked\r\n\r\n");
  mg_http_printf_chunk(c, "[");
  for (unsigned id = 1; id <= MAX_NOTES; id++) {
    if (notes[id].buf == NULL) continue;
    mg_http_printf_chunk(c, "%s%u", separator, id);
    separator = ",";
  }
  mg_http_printf_chunk(c, "]\n");
  mg_http_printf_chunk(c, "");
}

static void set(unsigned id, struct mg_str text) {
  mg_free(notes[id].buf);
  notes[id] = text;
}

static unsigned find(struct mg_str uri) {
  struct mg_str caps[2];
  unsigned id = 0;
  bool ok = mg_match(uri, mg_str("/notes/*"), caps) && mg_str_to_num(caps[0], 10, &id, sizeof(id)) && id <= MAX_NOTES;
  return ok && notes[id].buf != NULL ? id : 0;
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  bool all = is(hm->uri, "/notes"), get = is(hm->method, "GET");
  unsigned id = find(hm->uri);
  if (!all && id == 0) {
    fail(c, 404, "no such note");
  } else if (get && all) {
    list(c);
  } else if (get) {
    show(c, 200, id);
  } else if (all && is(hm->method, "POST") && hm->body.len > 0) {
    for (id = 1; id < MAX_NOTES && notes[id].buf != NULL;) id++;
    set(id, mg_strdup(hm->body));  // when there is no room, the last one is replaced
    show(c, 201, id);
  } else if (id > 0 && is(hm->method, "PUT") && hm->body.len > 0) {
    set(id, mg_strdup(hm->body));
    show(c, 200, id);
  } else if (id > 0 && is(hm->method, "DELETE")) {
    show(c, 200, id);
    set(id, mg_str_n(NULL, 0));
  } else {
    fail(c, 400, "GET, DELETE, or POST and PUT with a text");
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  for (unsigned id = 1; id <= MAX_NOTES; id++) mg_free(notes[id].buf);
  return 0;
}
