// Functions for the log can be exchanged while other threads log: function and parameter stay together. In the
// reference one thread can call the new function with the old parameter.
#include "mongoose.h"

#include <pthread.h>

static char s_one, s_two;
static volatile int s_wrong, s_stop, s_calls;

static void one(char ch, void *param) {
  (void) ch;
  if (param != &s_one) s_wrong = 1;
  s_calls = 1;
}

static void two(char ch, void *param) {
  (void) ch;
  if (param != &s_two) s_wrong = 1;
}

static void *log_messages(void *arg) {
  (void) arg;
  while (!s_stop) mg_log("%d", 1);
  return NULL;
}

int main(void) {
  pthread_t threads[2];
  mg_log_set_fn(one, &s_one);
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, log_messages, NULL);
  for (int i = 0; i < 200000 || !s_calls; i++) {
    mg_log_set_fn(two, &s_two);
    mg_log_set_fn(one, &s_one);
  }
  s_stop = 1;
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  if (s_wrong) printf("function and parameter got mixed up\n");
  return s_wrong;
}
