// mqtt_burst URL COUNT VERSION: a session that is given COUNT messages of quality of service 2 at once; ends when all are
// acknowledged.

#include "mongoose.h"

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  if (argc < 4) return 2;
  mg_log_set(MG_LL_NONE);
  mg_mgr_init(&mgr);
  struct mg_mqtt_session_opts opts = {.size = sizeof(opts), .url = argv[1]};
  opts.login.version = (uint8_t) atoi(argv[3]);
  struct mg_mqtt_session *session = mg_mqtt_session_open(&mgr, &opts);
  for (int i = 0; i < atoi(argv[2]); i++) {
    char text[20];
    struct mg_mqtt_opts message = {.topic = mg_str("burst"), .qos = 2};
    snprintf(text, sizeof(text), "%d", i);
    message.message = mg_str(text);
    if (!mg_mqtt_session_pub(session, &message, NULL)) return 3;
  }
  while (mg_mqtt_session_pending(session) > 0) mg_mgr_poll(&mgr, 100);
  mg_mqtt_session_close(session);
  while (mgr.conns != NULL) mg_mgr_poll(&mgr, 10);
  mg_mgr_free(&mgr);
  return 0;
}
