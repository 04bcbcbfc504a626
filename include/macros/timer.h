/** Flags of timers. */
#define MG_TIMER_ONCE 0       /* Call once, a period after the first poll */
#define MG_TIMER_REPEAT 1     /* Call every period */
#define MG_TIMER_RUN_NOW 2    /* Call in the first poll, with MG_TIMER_REPEAT too, alone only then */
#define MG_TIMER_CALLED 4     /* Set by the library after the first due moment */
#define MG_TIMER_AUTODELETE 8 /* Release a one-shot timer after its call */
