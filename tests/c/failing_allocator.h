// An allocator that fails at the n-th call, for the tests named own/oom_*.c: each runs its scenarios once for every n until
// nothing fails any more, first with one failing call and then with all that follow failing too.
//
// A program defines malloc() and its kin, which takes precedence over the C library's, for the library and for the C library
// itself. What it gets is the next definition: the C library's, or that of the address sanitizer.

#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
#include <dlfcn.h>
#include <sys/wait.h>
#include "mongoose.h"

#define CHECK(expr) do { if (!(expr)) { printf("%s:%d: %s\n", __FILE__, __LINE__, #expr); show_case(); exit(1); } } while (0)

static struct {
  long left;          // Calls until one fails; negative: none does.
  bool all;           // All that follow fail too.
  bool failed;        // One has failed.
  long outstanding;   // Allocations that were not released.
} heap = {-1, false, false, 0};

// What tells that something did not work.
static int errors, refusals;
static char last_error[64];
static const char *scenario_name;
static long scenario_n;

static inline void show_case(void) {
  printf("%s: call %ld fails%s; error '%s'\n", scenario_name ? scenario_name : "", scenario_n, heap.all ? " and all after it" : "",
         last_error);
}

static inline bool fails(void) {
  if (heap.left < 0 || (heap.left > 0 && --heap.left > 0)) return false;
  heap.left = heap.all ? 0 : -1;
  heap.failed = true;
  errno = ENOMEM;
  return true;
}

#ifdef __SANITIZE_ADDRESS__
#define NEXT(function) \
  extern __typeof__(function) __interceptor_##function; \
  __typeof__(function) *next = __interceptor_##function
#else
#define NEXT(function) \
  static __typeof__(function) *next; \
  if (next == NULL) *(void **) &next = dlsym(RTLD_NEXT, #function)
#endif

void *malloc(size_t size) {
  NEXT(malloc);
  void *p = fails() ? NULL : next(size);
  heap.outstanding += p != NULL;
  return p;
}

void *calloc(size_t count, size_t size) {
  NEXT(calloc);
  void *p = fails() ? NULL : next(count, size);
  heap.outstanding += p != NULL;
  return p;
}

void *realloc(void *old, size_t size) {
  NEXT(realloc);
  void *p = fails() ? NULL : next(old, size);
  heap.outstanding += old == NULL && p != NULL;
  return p;
}

int posix_memalign(void **to, size_t align, size_t size) {
  NEXT(posix_memalign);
  int error = fails() ? ENOMEM : next(to, align, size);
  heap.outstanding += error == 0;
  return error;
}

void free(void *p) {
  NEXT(free);
  heap.outstanding -= p != NULL;
  next(p);
}

static inline int open_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 200; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

// Handlers call this first.
static inline void note(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_ERROR) errors++, snprintf(last_error, sizeof(last_error), "%s", (char *) ev_data);
  (void) c;
}

static inline bool is(bool ok) {
  refusals += !ok;
  return ok;
}

// A connection that cannot be accepted has no handler to tell: only the log says so.
static inline void log_sink(char ch, void *param) {
  static char line[200];
  static size_t len;
  unsigned long id;
  int end = 0;
  if (len < sizeof(line) - 1) line[len++] = ch, line[len] = '\0';
  if (ch != '\n') return;
  char *text = line + (len > 40 ? 40 : 0);
  sscanf(text, "%lu OOM%n", &id, &end);
  refusals += end > 0 && text[end] == '\r';
  len = 0;
  (void) param;
}

// A manager with a listener, and a peer that is connected to it from the beginning. It has to be served whatever happens
// to others.
struct world {
  struct mg_mgr mgr;
  int bystander;
  long n;
};

static inline void echo(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_READ) mg_send(c, c->recv.buf, c->recv.len), c->recv.len = 0;
  (void) ev_data;
}

static inline int connect_to(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
  CHECK(connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == 0);
  return fd;
}

static inline void check_bystander(struct world *w) {
  char answer[3] = "";
  CHECK(send(w->bystander, "you", 3, MSG_NOSIGNAL) == 3);
  for (int i = 0; i < 200; i++) {
    mg_mgr_poll(&w->mgr, 1);
    if (recv(w->bystander, answer, 3, MSG_DONTWAIT) == 3) break;
  }
  CHECK(memcmp(answer, "you", 3) == 0);
}

static inline void begin(struct world *w) {
  mg_mgr_init(&w->mgr);
  struct mg_connection *l = mg_listen(&w->mgr, "tcp://127.0.0.1:0", echo, NULL);
  w->bystander = connect_to(l->loc.port);
  check_bystander(w);
}

// From here on, allocations fail.
static inline void begin_faults(struct world *w) {
  errors = refusals = 0;
  last_error[0] = '\0';
  heap.failed = false;
  heap.left = w->n;
}

static inline void end_faults(void) {
  heap.left = -1;
}

static inline void end(struct world *w) {
  end_faults();
  check_bystander(w);
  mg_mgr_free(&w->mgr);
  CHECK(w->mgr.conns == NULL);
  close(w->bystander);
}

// Children are slow under the address sanitizer.
#ifdef __SANITIZE_ADDRESS__
#define STEP 5
#else
#define STEP 1
#endif

// The same for the first run in a process, in children: much is set up then, and never again.
static inline void every_first_allocation(bool (*scenario)(struct world *)) {
  static struct world w;
  for (int all = 0, status = 0; all < 2; all++) {
    for (scenario_n = 1, status = 0; WEXITSTATUS(status) == 0; scenario_n += STEP) {
      pid_t child = fork();
      if (child == 0) {
        heap.all = all;
        w.n = scenario_n;
        bool ok = scenario(&w);
        CHECK(ok || errors > 0 || refusals > 0);
        _exit(heap.failed ? 0 : 77);
      }
      CHECK(child > 0 && waitpid(child, &status, 0) == child);
      CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
    }
  }
}

// A scenario calls begin(), begin_faults() and end(). It returns true when all of it worked.
static inline void every_later_allocation(const char *name, bool (*scenario)(struct world *)) {
  static struct world w;
  long total = 0;
  scenario_name = name, scenario_n = 0;
  mg_log_set(MG_LL_ERROR);
  mg_log_set_fn(log_sink, NULL);
  w.n = -1;
  CHECK(scenario(&w));
  CHECK(scenario(&w));
  long outstanding = heap.outstanding;
  int descriptors = open_descriptors();
  for (int all = 0; all < 2; all++) {
    heap.all = all;
    for (scenario_n = 1;; scenario_n++, total++) {
      w.n = scenario_n;
      bool ok = scenario(&w);
      CHECK(ok || errors > 0 || refusals > 0);
      if (heap.outstanding != outstanding) printf("%ld allocations more than before\n", heap.outstanding - outstanding);
      CHECK(heap.outstanding == outstanding);
      CHECK(open_descriptors() == descriptors);
      if (!heap.failed) {
        CHECK(ok);
        break;
      }
      if (scenario_n % 8 == 0) {
        w.n = -1;
        CHECK(scenario(&w));
        CHECK(heap.outstanding == outstanding);
      }
    }
  }
  printf("%s: %ld failures survived\n", name, total);
}

static inline void every_allocation(const char *name, bool (*scenario)(struct world *)) {
  scenario_name = name;
  mg_log_set(MG_LL_ERROR);
  mg_log_set_fn(log_sink, NULL);
  every_first_allocation(scenario);
  every_later_allocation(name, scenario);
}

// Runs the loop until `*done`.
static inline void poll_until(struct mg_mgr *mgr, const bool *done) {
  for (int i = 0; i < 300 && !*done; i++) mg_mgr_poll(mgr, 1);
}
