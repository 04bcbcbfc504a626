// A thermostat with a dashboard: its variables are on a web page that changes with them, in all browsers at once.
//
// Build: make examples        Run: target/examples/device_dashboard http://127.0.0.1:8000 c_examples/device_dashboard.html
// Try:   open http://127.0.0.1:8000 in two windows, log in as admin with the password admin (or as guest, guest)

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "mongoose.h"

enum { GUEST = 1, ADMIN = 9, MAX_EVENTS = 100 };

static struct { char name[32]; double temperature, target; bool enabled, heating; } device = {"Living room", 18.0, 21.0, true, false};
static struct event { uint64_t time; char text[64]; } events[MAX_EVENTS], shown;
static int event_count, event_index = -1;
static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static void add_event(const char *text) {
  if (event_count == MAX_EVENTS) memmove(events, events + 1, sizeof(events) - sizeof(events[0])), event_count--;
  events[event_count].time = (uint64_t) time(NULL);
  mg_snprintf(events[event_count++].text, sizeof(events[0].text), "%s", text);
}

static bool device_fn(enum mg_dash_op op, struct mg_dash_user *user) {
  if (op == MG_DASH_WRITE && user->level < ADMIN) return false;
  device.target = device.target < 5 ? 5 : device.target > 30 ? 30 : device.target;
  return true;
}

static bool events_fn(enum mg_dash_op op, struct mg_dash_user *user) {
  if (op == MG_DASH_READ && event_index < 0) {
    event_index = event_count;  // How many are there?
  } else if (op == MG_DASH_READ && event_index >= event_count) {
    event_index = -1;  // No such event.
  } else if (op == MG_DASH_READ) {
    shown = events[event_index];
  } else if (op == MG_DASH_DELETE && user->level >= ADMIN && event_index < event_count) {
    memmove(events + event_index, events + event_index + 1, (size_t) (--event_count - event_index) * sizeof(events[0]));
  } else {
    return false;
  }
  return true;
}

static struct mg_field device_fields[] = {
    {"name", MG_VAL_STR, device.name, sizeof(device.name)},
    {"temperature", MG_VAL_DBL, &device.temperature, 0},  // Size 0: read-only.
    {"target", MG_VAL_DBL, &device.target, sizeof(device.target)},
    {"enabled", MG_VAL_BOOL, &device.enabled, sizeof(device.enabled)},
    {"heating", MG_VAL_BOOL, &device.heating, 0},
    {NULL, MG_VAL_INT, NULL, 0}};
static struct mg_field event_fields[] = {{"time", MG_VAL_UINT64, &shown.time, 0}, {"text", MG_VAL_STR, shown.text, 0}, {NULL, MG_VAL_INT, NULL, 0}};
static struct mg_field_set device_set = {.name = "device", .fields = device_fields, .fn = device_fn};
static struct mg_field_set event_set = {.name = "events", .fields = event_fields, .fn = events_fn, .index = &event_index};

static int authenticate(char *user, size_t user_size, const char *pass) {
  (void) user_size;
  if (strcmp(user, "admin") == 0 && strcmp(pass, "admin") == 0) return ADMIN;
  return strcmp(user, "guest") == 0 && strcmp(pass, "guest") == 0 ? GUEST : 0;
}

static void regulate(void *mgr) {
  bool heating = device.enabled && device.temperature < device.target;
  device.temperature += heating ? 0.2 : device.temperature > 15 ? -0.1 : 0;
  if (heating != device.heating) {
    add_event(heating ? "Heating on" : "Heating off");
    event_index = -1, mg_dash_send_change(mgr, &event_set);
  }
  device.heating = heating;
  mg_dash_send_change(mgr, &device_set);
}

int main(int argc, char *argv[]) {
  const char *url = argc > 1 ? argv[1] : "http://127.0.0.1:8000", *page = argc > 2 ? argv[2] : "c_examples/device_dashboard.html";
  struct mg_dash dash = {.authenticate = authenticate};
  struct mg_str html = mg_file_read(&mg_fs_posix, page);
  struct mg_mem_file files[] = {{"/dashboard.html", (unsigned char *) html.buf, html.len, 0}, {NULL, NULL, 0, 0}};
  struct mg_mgr mgr;
  signal(SIGINT, stop), signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mem_files = files;
  mg_mgr_init(&mgr);
  MG_DASH_ADD_FIELD_SET(&dash, &device_set);
  MG_DASH_ADD_FIELD_SET(&dash, &event_set);
  struct mg_connection *listener = mg_http_listen(&mgr, url, mg_dash_ev_handler, &dash);
  if (listener == NULL) return 1;
  mg_timer_add(&mgr, 1000, MG_TIMER_REPEAT, regulate, &mgr);
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 200);
  mg_mgr_free(&mgr);
  mg_free(html.buf);
  return 0;
}
