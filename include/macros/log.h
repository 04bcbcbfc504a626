/** Log levels. */
enum { MG_LL_NONE, MG_LL_ERROR, MG_LL_INFO, MG_LL_DEBUG, MG_LL_VERBOSE };

/** Sets the level up to which messages are logged. */
#define mg_log_set(level_) mg_log_level = (level_)

#if MG_ENABLE_LOG
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
#define MG___FUNC__ __func__
#else
#define MG___FUNC__ ""
#endif
/** Logs a message of a level, with the place in the source: MG_LOG(MG_LL_INFO, ("%d", x)).
 * The arguments are evaluated only when the level is enabled. */
#define MG_LOG(level, args)                                            \
  do {                                                                 \
    if ((level) <= mg_log_level) {                                     \
      mg_log_prefix((level), __FILE__, __LINE__, MG___FUNC__);         \
      mg_log args;                                                     \
    }                                                                  \
  } while (0)
#else
#define MG_LOG(level, args) \
  do {                      \
    if (0) mg_log args;     \
  } while (0)
#endif

/** Log at one level; note the double parentheses: MG_INFO(("%d bytes", n)). */
#define MG_ERROR(args) MG_LOG(MG_LL_ERROR, args)
#define MG_INFO(args) MG_LOG(MG_LL_INFO, args)
#define MG_DEBUG(args) MG_LOG(MG_LL_DEBUG, args)
#define MG_VERBOSE(args) MG_LOG(MG_LL_VERBOSE, args)
