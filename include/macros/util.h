/** A 32-bit number from four bytes, the most significant first. */
#define MG_U32(a, b, c, d)                                                           \
  (((uint32_t) ((a) & 255) << 24) | ((uint32_t) ((b) & 255) << 16) |                 \
   ((uint32_t) ((c) & 255) << 8) | (uint32_t) ((d) & 255))

/** An address as a pointer to bytes. */
#define MG_U8P(ADDR) ((uint8_t *) (ADDR))

/** Big-endian numbers at any address. The argument is evaluated once per byte. */
#define MG_LOAD_BE16(p) ((uint16_t) (((uint32_t) MG_U8P(p)[0] << 8) | MG_U8P(p)[1]))
#define MG_LOAD_BE24(p) \
  (((uint32_t) MG_U8P(p)[0] << 16) | ((uint32_t) MG_U8P(p)[1] << 8) | (uint32_t) MG_U8P(p)[2])
#define MG_LOAD_BE32(p)                                                              \
  (((uint32_t) MG_U8P(p)[0] << 24) | ((uint32_t) MG_U8P(p)[1] << 16) |               \
   ((uint32_t) MG_U8P(p)[2] << 8) | (uint32_t) MG_U8P(p)[3])
#define MG_LOAD_BE64(p)                                                              \
  (((uint64_t) MG_U8P(p)[0] << 56) | ((uint64_t) MG_U8P(p)[1] << 48) |               \
   ((uint64_t) MG_U8P(p)[2] << 40) | ((uint64_t) MG_U8P(p)[3] << 32) |               \
   ((uint64_t) MG_U8P(p)[4] << 24) | ((uint64_t) MG_U8P(p)[5] << 16) |               \
   ((uint64_t) MG_U8P(p)[6] << 8) | (uint64_t) MG_U8P(p)[7])

/** Store the low bytes of `n` at `p`, the most significant first. The arguments are evaluated
 * once per byte; MG_STORE_BE64 wants a 64-bit `n`. */
#define MG_STORE_BE16(p, n)                            \
  do {                                                 \
    MG_U8P(p)[0] = (uint8_t) (((n) >> 8) & 255);       \
    MG_U8P(p)[1] = (uint8_t) ((n) & 255);              \
  } while (0)
#define MG_STORE_BE24(p, n)                            \
  do {                                                 \
    MG_U8P(p)[0] = (uint8_t) (((n) >> 16) & 255);      \
    MG_U8P(p)[1] = (uint8_t) (((n) >> 8) & 255);       \
    MG_U8P(p)[2] = (uint8_t) ((n) & 255);              \
  } while (0)
#define MG_STORE_BE32(p, n)                            \
  do {                                                 \
    MG_U8P(p)[0] = (uint8_t) (((n) >> 24) & 255);      \
    MG_U8P(p)[1] = (uint8_t) (((n) >> 16) & 255);      \
    MG_U8P(p)[2] = (uint8_t) (((n) >> 8) & 255);       \
    MG_U8P(p)[3] = (uint8_t) ((n) & 255);              \
  } while (0)
#define MG_STORE_BE64(p, n)                            \
  do {                                                 \
    MG_U8P(p)[0] = (uint8_t) (((n) >> 56) & 255);      \
    MG_U8P(p)[1] = (uint8_t) (((n) >> 48) & 255);      \
    MG_U8P(p)[2] = (uint8_t) (((n) >> 40) & 255);      \
    MG_U8P(p)[3] = (uint8_t) (((n) >> 32) & 255);      \
    MG_U8P(p)[4] = (uint8_t) (((n) >> 24) & 255);      \
    MG_U8P(p)[5] = (uint8_t) (((n) >> 16) & 255);      \
    MG_U8P(p)[6] = (uint8_t) (((n) >> 8) & 255);       \
    MG_U8P(p)[7] = (uint8_t) ((n) & 255);              \
  } while (0)

/** Host to network byte order. */
#define mg_htons(x) mg_ntohs(x)
#define mg_htonl(x) mg_ntohl(x)
#define mg_htonll(x) mg_ntohll(x)

/** Nonzero on a big-endian machine. */
#define MG_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/** The 32-bit word at an address. */
#define MG_REG(x) ((volatile uint32_t *) (x))[0]
/** Bit number `x` of a 32-bit word. */
#define MG_BIT(x) ((uint32_t) 1 << (x))
/** Clears, then sets bits of the lvalue `R`. */
#define MG_SET_BITS(R, CLRMASK, SETMASK) (R) = ((R) & ~(CLRMASK)) | (SETMASK)

/** Next lower or higher multiple of `a`; `x` itself when `a` is 0. */
#define MG_ROUND_UP(x, a) ((a) == 0 ? (x) : ((((x) + (a) - 1) / (a)) * (a)))
#define MG_ROUND_DOWN(x, a) ((a) == 0 ? (x) : (((x) / (a)) * (a)))

/** Singly linked lists of any struct with a member `next`; `head_` points to the head pointer.
 * An element that is added at the tail must have a NULL `next`; one that is deleted must be
 * in the list. */
#define LIST_ADD_HEAD(type_, head_, elem_) \
  do {                                     \
    (elem_)->next = (*(head_));            \
    *(head_) = (elem_);                    \
  } while (0)
#define LIST_ADD_TAIL(type_, head_, elem_)              \
  do {                                                  \
    type_ **mg_link_ = (head_);                         \
    while (*mg_link_ != NULL) mg_link_ = &(*mg_link_)->next; \
    *mg_link_ = (elem_);                                \
  } while (0)
#define LIST_DELETE(type_, head_, elem_)                \
  do {                                                  \
    type_ **mg_link_ = (head_);                         \
    while (*mg_link_ != (elem_)) mg_link_ = &(*mg_link_)->next; \
    *mg_link_ = (elem_)->next;                          \
  } while (0)

/* Nothing to do on a host. */
#define MG_ARM_DISABLE_IRQ()
#define MG_ARM_ENABLE_IRQ()
#define MG_DSB()
