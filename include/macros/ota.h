/** States of a firmware image. */
enum { MG_OTA_CONFIRMED, MG_OTA_TESTING, MG_OTA_FAILED, MG_OTA_ROLLEDBACK };

#ifndef MG_OTA_ROLLBACK_TIMEOUT_SECONDS
#define MG_OTA_ROLLBACK_TIMEOUT_SECONDS 120
#endif
#ifndef MG_OTA_URL
#define MG_OTA_URL NULL
#endif
#ifndef MG_OTA_TLS_CA
#define MG_OTA_TLS_CA NULL
#endif
#ifndef MG_OTA_STATUS_FN
#define MG_OTA_STATUS_FN NULL
#endif
#ifndef MG_OTA_FIRMWARE_VERSION
#define MG_OTA_FIRMWARE_VERSION "1.0.0"
#endif
#ifndef MG_OTA_MAX_VERSION_LEN
#define MG_OTA_MAX_VERSION_LEN 64
#endif
#ifndef MG_OTA_PULL_INTERVAL_SECONDS
#define MG_OTA_PULL_INTERVAL_SECONDS 60
#endif

/* Hooks that a program defines when it has images to switch between. */
#ifndef MG_OTA_ROLLBACK
#define MG_OTA_ROLLBACK()       \
  do {                          \
    (void) mg_flash->swap_fn(); \
    NVIC_SystemReset();         \
  } while (0)
#endif
#ifndef MG_OTA_ROLLBACK_TIMER_START
#define MG_OTA_ROLLBACK_TIMER_START()
#endif
#ifndef MG_OTA_ROLLBACK_TIMER_FEED
#define MG_OTA_ROLLBACK_TIMER_FEED()
#endif
#ifndef MG_OTA_STATE_GET
#define MG_OTA_STATE_GET() 0
#endif
#ifndef MG_OTA_STATE_SET
#define MG_OTA_STATE_SET(val) (void) (val)
#endif

/** To run at start: rolls back an image that did not confirm itself. Needs MG_OTA_ROLLBACK. */
#define MG_OTA_BOOT_CHECK()                                                          \
  do {                                                                               \
    if (MG_OTA_STATE_GET() == MG_OTA_FAILED) {                                       \
      MG_OTA_STATE_SET(MG_OTA_ROLLEDBACK);                                           \
      MG_INFO(("Image did not confirm itself, rolling back"));                       \
      MG_OTA_ROLLBACK();                                                             \
    } else if (MG_OTA_STATE_GET() == MG_OTA_TESTING) {                               \
      MG_OTA_STATE_SET(MG_OTA_FAILED);                                               \
      MG_INFO(("Image must confirm itself in %d s", MG_OTA_ROLLBACK_TIMEOUT_SECONDS)); \
      MG_OTA_ROLLBACK_TIMER_START();                                                 \
    }                                                                                \
  } while (0)
