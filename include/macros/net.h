/** Events. The comment tells what `ev_data` points to. */
enum mg_event {
  MG_EV_ERROR,      /* Error: char *, the message. The connection closes afterwards */
  MG_EV_OPEN,       /* Connection made: NULL; from mg_connect() its const char *url */
  MG_EV_POLL,       /* Once per mg_mgr_poll(): uint64_t *, time as mg_millis() gives it */
  MG_EV_RESOLVE,    /* The peer's address is known: NULL */
  MG_EV_CONNECT,    /* Outgoing connection is up: NULL */
  MG_EV_ACCEPT,     /* Incoming connection is up: NULL */
  MG_EV_TLS_HS,     /* TLS handshake succeeded: NULL */
  MG_EV_READ,       /* Data was appended to c->recv: long *, number of bytes */
  MG_EV_WRITE,      /* Data left c->send: long *, number of bytes */
  MG_EV_CLOSE,      /* Connection closed, memory goes next: NULL */
  MG_EV_HTTP_HDRS,  /* Headers of an HTTP message arrived: struct mg_http_message * */
  MG_EV_HTTP_MSG,   /* A whole HTTP message arrived: struct mg_http_message * */
  MG_EV_WS_OPEN,    /* WebSocket handshake done: struct mg_http_message * */
  MG_EV_WS_MSG,     /* A text or binary message: struct mg_ws_message * */
  MG_EV_WS_CTL,     /* Ping, pong, close, continuation: struct mg_ws_message * */
  MG_EV_MQTT_CMD,   /* Any MQTT packet: struct mg_mqtt_message * */
  MG_EV_MQTT_MSG,   /* MQTT PUBLISH: struct mg_mqtt_message * */
  MG_EV_MQTT_OPEN,  /* MQTT CONNACK: int *, reason code, 0 is success */
  MG_EV_SNTP_TIME,  /* Time reply: uint64_t *, milliseconds since 1970 */
  MG_EV_WAKEUP,     /* mg_wakeup() called: struct mg_str *, its data */
  MG_EV_MDNS_REQ,   /* mDNS question: struct mg_mdns_req * */
  MG_EV_MDNS_RESP,  /* mDNS answer: struct mg_mdns_resp * */
  MG_EV_MODBUS_REQ, /* Modbus request: struct mg_modbus_req * */
  MG_EV_USER        /* First number for events of the program */
};

/** Results of mg_io_send() and mg_tls_recv() and the like below 0. */
enum { MG_IO_ERR = -1, MG_IO_WAIT = -2 };

/** An IPv4 address, in network byte order. A library call, not a constant. */
#define MG_IPV4(a, b, c, d) mg_htonl(MG_U32(a, b, c, d))

/** Initialiser of the 16 bytes of an IPv6 address from its eight groups. */
#define MG_IPV6(a, b, c, d, e, f, g, h)                                          \
  {                                                                              \
    (uint8_t) ((a) >> 8), (uint8_t) (a), (uint8_t) ((b) >> 8), (uint8_t) (b),    \
    (uint8_t) ((c) >> 8), (uint8_t) (c), (uint8_t) ((d) >> 8), (uint8_t) (d),    \
    (uint8_t) ((e) >> 8), (uint8_t) (e), (uint8_t) ((f) >> 8), (uint8_t) (f),    \
    (uint8_t) ((g) >> 8), (uint8_t) (g), (uint8_t) ((h) >> 8), (uint8_t) (h)     \
  }

/** The four bytes at an address, as arguments for "%d.%d.%d.%d". */
#define MG_IPADDR_PARTS(ADDR) \
  MG_U8P(ADDR)[0], MG_U8P(ADDR)[1], MG_U8P(ADDR)[2], MG_U8P(ADDR)[3]

/** Differentiated services code points (RFC 2474, 2597, 3246) for mg_dscp(). */
#define MG_DSCP_CS(class_) ((class_) << 3)
#define MG_DSCP_AF(class_, drop_) (((class_) << 3) | ((drop_) << 1))
#define MG_DSCP_EF 46

/* Change what `c->mgr->epoll_fd` waits for on behalf of `c`. The library does this itself. */
#if MG_ENABLE_EPOLL
#define MG_EPOLL_CTL_(c, op_, events_)                                                     \
  do {                                                                                     \
    struct epoll_event mg_event_;                                                          \
    memset(&mg_event_, 0, sizeof(mg_event_));                                              \
    mg_event_.events = (events_);                                                          \
    mg_event_.data.ptr = (c);                                                              \
    (void) epoll_ctl((c)->mgr->epoll_fd, (op_), (int) (size_t) (c)->fd, &mg_event_);       \
  } while (0)
#define MG_EPOLL_ADD(c) MG_EPOLL_CTL_(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLERR | EPOLLHUP)
#define MG_EPOLL_MOD(c, wr)                                                                \
  MG_EPOLL_CTL_(c, EPOLL_CTL_MOD,                                                          \
                EPOLLIN | EPOLLERR | EPOLLHUP | ((wr) ? (uint32_t) EPOLLOUT : 0U))
#else
#define MG_EPOLL_ADD(c)
#define MG_EPOLL_MOD(c, wr)
#endif

/* Profiling: time stamps that a program records in `c->prof`. */
#if MG_ENABLE_PROFILE
#define MG_PROFILE_ALLOC_GRANULARITY 256
struct mg_profitem {
  const char *name;   /* What happened */
  uint32_t timestamp; /* When: first item mg_millis(), others relative to it */
};
/** Starts recording; the first item is "init". */
#define MG_PROF_INIT(c)                                                                      \
  do {                                                                                       \
    struct mg_profitem mg_item_;                                                             \
    mg_item_.name = "init";                                                                  \
    mg_item_.timestamp = (uint32_t) mg_millis();                                             \
    mg_iobuf_init(&(c)->prof, 0, MG_PROFILE_ALLOC_GRANULARITY);                              \
    mg_iobuf_add(&(c)->prof, 0, &mg_item_, sizeof(mg_item_));                                \
  } while (0)
/** Records that `name` (kept, not copied) happened. */
#define MG_PROF_ADD(c, name_)                                                                \
  do {                                                                                       \
    const struct mg_profitem *mg_first_ = (const struct mg_profitem *) (void *) (c)->prof.buf; \
    struct mg_profitem mg_item_;                                                             \
    mg_item_.name = (name_);                                                                 \
    mg_item_.timestamp = (uint32_t) mg_millis() - (mg_first_ ? mg_first_->timestamp : 0U);   \
    mg_iobuf_add(&(c)->prof, (c)->prof.len, &mg_item_, sizeof(mg_item_));                    \
  } while (0)
/** Logs what was recorded. */
#define MG_PROF_DUMP(c)                                                                      \
  do {                                                                                       \
    const struct mg_profitem *mg_item_ = (const struct mg_profitem *) (void *) (c)->prof.buf; \
    size_t mg_left_ = (c)->prof.len / sizeof(*mg_item_);                                     \
    MG_INFO(("%lu profile:", (c)->id));                                                      \
    for (; mg_left_ > 0; mg_left_--, mg_item_++) {                                           \
      MG_INFO(("%5lx %s", (unsigned long) mg_item_->timestamp, mg_item_->name));             \
    }                                                                                        \
  } while (0)
/** Releases the recording. */
#define MG_PROF_FREE(c) mg_iobuf_free(&(c)->prof)
#else
#define MG_PROF_INIT(c)
#define MG_PROF_ADD(c, name)
#define MG_PROF_DUMP(c)
#define MG_PROF_FREE(c)
#endif

/* Settings of the embedded TCP/IP stack, for programs that mention them. */
#ifndef MG_TCPIP_DHCPNAME_SIZE
#define MG_TCPIP_DHCPNAME_SIZE 18
#endif
#ifndef MG_TCPIP_IP
#define MG_TCPIP_IP MG_IPV4(0, 0, 0, 0)
#endif
#ifndef MG_TCPIP_MASK
#define MG_TCPIP_MASK MG_IPV4(0, 0, 0, 0)
#endif
#ifndef MG_TCPIP_GW
#define MG_TCPIP_GW MG_IPV4(0, 0, 0, 0)
#endif
#if MG_ENABLE_IPV6
#ifndef MG_TCPIP_GLOBAL
#define MG_TCPIP_GLOBAL MG_IPV6(0, 0, 0, 0, 0, 0, 0, 0)
#endif
#ifndef MG_TCPIP_IPV6_LINKLOCAL
#define MG_TCPIP_IPV6_LINKLOCAL MG_IPV6(0, 0, 0, 0, 0, 0, 0, 0)
#endif
#ifndef MG_TCPIP_PREFIX_LEN
#define MG_TCPIP_PREFIX_LEN 0
#endif
#ifndef MG_TCPIP_GW6
#define MG_TCPIP_GW6 MG_IPV6(0, 0, 0, 0, 0, 0, 0, 0)
#endif
#endif
#ifndef MG_SET_MAC_ADDRESS
#define MG_SET_MAC_ADDRESS(mac)
#endif
