// More connections than may be wait in the system's queue, cost the loop nothing, and are served when others close. Of a
// manager, of one listener, and of both.

#include "../limits.h"

enum { MANY = 20 };

static struct mg_mgr s_mgr;
static unsigned s_polls;

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  note(c, ev, ev_data);
  if (ev == MG_EV_POLL && c->is_listening) s_polls++;
}

static int open_now(void) {
  return s_seen.accepted - s_seen.closed;
}

static void turn(void) {
  for (int i = 0; i < 20; i++) mg_mgr_poll(&s_mgr, 1);
}

static void dial_many(struct mg_connection *listener, int *fds) {
  for (int i = 0; i < MANY; i++) fds[i] = dial(listener);
}

static void close_many(int *fds) {
  for (int i = 0; i < MANY; i++) close(fds[i]);
  WAIT_FOR(&s_mgr, s_seen.accepted == MANY && s_seen.closed == MANY);
  CHECK(s_seen.errors == 0);
}

static void limit(struct mg_connection *listener, size_t connections) {
  struct mg_limits l = {.size = sizeof(l), .connections = connections};
  CHECK(listener == NULL ? mg_mgr_set_limits(&s_mgr, &l) : mg_conn_set_limits(listener, &l));
}

// `most` may be open; everybody is served in the end.
static void crowd(struct mg_connection *listener, int most) {
  int fds[MANY];
  forget();
  dial_many(listener, fds);
  WAIT_FOR(&s_mgr, open_now() == most);
  turn();
  CHECK(open_now() == most);
  // Nobody can tell from which end the queue is served, so one after the other goes.
  for (int i = 0; i < MANY - most; i++) {
    close(fds[i]);
    WAIT_FOR(&s_mgr, s_seen.accepted == most + i + 1 && open_now() <= most);
    CHECK(open_now() == most);
  }
  for (int i = MANY - most; i < MANY; i++) close(fds[i]);
  WAIT_FOR(&s_mgr, s_seen.closed == MANY);
  CHECK(s_seen.accepted == MANY && s_seen.errors == 0);
}

int main(void) {
  int fds[MANY], others[MANY];
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&s_mgr);
  struct mg_connection *a = mg_listen(&s_mgr, "tcp://127.0.0.1:0", handler, NULL);
  struct mg_connection *b = mg_listen(&s_mgr, "tcp://127.0.0.1:0", handler, NULL);
  limit(NULL, 3);
  crowd(a, 3);
  crowd(b, 3);
  limit(NULL, 0);
  limit(a, 2);
  crowd(a, 2);
  // The other listener is not concerned.
  forget();
  dial_many(b, others);
  WAIT_FOR(&s_mgr, open_now() == MANY);
  close_many(others);
  // The smaller one counts.
  limit(NULL, 1);
  crowd(a, 1);
  limit(NULL, 5);
  crowd(a, 2);

  // While some wait, the loop sleeps.
  forget();
  dial_many(a, fds);
  WAIT_FOR(&s_mgr, open_now() == 2);
  turn();
  s_polls = 0;
  for (uint64_t end = mg_millis() + 300; mg_millis() < end;) mg_mgr_poll(&s_mgr, 100);
  CHECK(s_polls < 30);
  // A higher limit lets them in, and so does none.
  limit(a, 4);
  WAIT_FOR(&s_mgr, open_now() == 4);
  limit(NULL, 0);
  CHECK(mg_conn_set_limits(a, NULL));
  WAIT_FOR(&s_mgr, open_now() == MANY);
  close_many(fds);

  // A lower limit closes nobody.
  forget();
  limit(NULL, MANY);
  dial_many(a, fds);
  WAIT_FOR(&s_mgr, open_now() == MANY);
  limit(NULL, 1);
  turn();
  CHECK(open_now() == MANY);
  close_many(fds);
  crowd(a, 1);

  // Connections outlive the listener that counts them.
  limit(a, 2), limit(NULL, 0);
  forget();
  dial_many(a, fds);
  WAIT_FOR(&s_mgr, open_now() == 2);
  mg_close_conn(a);
  for (int i = 0; i < MANY; i++) close(fds[i]);
  WAIT_FOR(&s_mgr, open_now() == 0);
  crowd(b, MANY);
  mg_mgr_free(&s_mgr);
  return 0;
}
