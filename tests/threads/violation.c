// Calls a function of the library in a thread of its own while another thread is inside of mg_mgr_poll().
//
// violation FUNCTION POSITION KIND: the argument at this position (from 0) is the manager, a connection, the list of timers or
// an MQTT session (KIND: mgr, conn, timers, session), all others are 0. Says "returned" if the function came back.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>

#include "mongoose.h"

typedef uintptr_t arg_t;
typedef arg_t (*function_t)(arg_t, arg_t, arg_t, arg_t, arg_t, arg_t, arg_t, arg_t);

static struct mg_mgr mgr;
static struct mg_connection *listener;
static struct mg_mqtt_session *session;
static sem_t inside, done;
static char **arguments;

// Runs in the loop's thread, in mg_mgr_poll(), until the other thread is done.
static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_POLL) sem_post(&inside), sem_wait(&done);
  (void) c, (void) ev_data;
}

static void call_it(function_t function) {
  const char *kind = arguments[3];
  arg_t args[8] = {0};
  args[atoi(arguments[2])] = strcmp(kind, "mgr") == 0       ? (arg_t) &mgr
                             : strcmp(kind, "conn") == 0    ? (arg_t) listener
                             : strcmp(kind, "session") == 0 ? (arg_t) session
                                                            : (arg_t) &mgr.timers;
  function(args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7]);
  puts("returned");
}

static void *intruder(void *arg) {
  function_t function;
  *(void **) &function = dlsym(RTLD_DEFAULT, arguments[1]);
  pthread_setname_np(pthread_self(), "intruder");
  sem_wait(&inside);
  call_it(function);
  sem_post(&done);
  return arg;
}

int main(int argc, char *argv[]) {
  pthread_t thread;
  if (argc != 4) return 2;
  arguments = argv;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  mg_wakeup_init(&mgr);
  sem_init(&inside, 0, 0), sem_init(&done, 0, 0);
  listener = mg_listen(&mgr, "tcp://127.0.0.1:0", handler, NULL);
  struct mg_mqtt_session_opts opts = {.size = sizeof(opts), .url = "mqtt://127.0.0.1:1"};
  session = mg_mqtt_session_open(&mgr, &opts);
  if (listener == NULL || session == NULL || pthread_create(&thread, NULL, intruder, NULL) != 0) return 2;
  mg_mgr_poll(&mgr, 0);
  pthread_join(thread, NULL);
  return 0;
}
