// There is no Wi-Fi driver: each function refuses and logs why.

#include "mongoose.h"

static char s_log[1000];

static void keep(char ch, void *param) {
  size_t len = strlen(s_log);
  (void) param;
  if (len + 1 < sizeof(s_log)) s_log[len] = ch, s_log[len + 1] = '\0';
}

static void show(const char *label, bool result) {
  char *text = strstr(s_log, "No ");
  printf("%s: %d\n", label, result);
  printf("%s, logged: %.*s\n", label, text == NULL ? 0 : (int) strcspn(text, "\r\n"), text == NULL ? "" : text);
  s_log[0] = '\0';
}

int main(void) {
  struct mg_wifi_data wifi = {.ssid = "net", .pass = "secret", .apssid = "own", .appass = "secret"};
  mg_log_set_fn(keep, NULL);
  mg_log_set(MG_LL_ERROR);
  show("scan", mg_wifi_scan());
  show("connect", mg_wifi_connect(&wifi));
  show("connect NULL", mg_wifi_connect(NULL));
  show("disconnect", mg_wifi_disconnect());
  show("start an access point", mg_wifi_ap_start(&wifi));
  show("start an access point with NULL", mg_wifi_ap_start(NULL));
  show("stop the access point", mg_wifi_ap_stop());
  return 0;
}
