//! Read by cbindgen only.

/// A connection: TCP or UDP, client, accepted or listening.
///
/// Programs read all members. They may write those whose comment says so; the event loop sees
/// changes at once.
#[repr(C)]
pub struct mg_connection {
    /// Next connection of the manager; NULL at the end. New ones are put at the front.
    pub next: *mut mg_connection,
    /// The manager that owns the connection.
    pub mgr: *mut mg_mgr,
    /// Local address and port.
    pub loc: mg_addr,
    /// Address and port of the peer. On UDP the sender of the last datagram; programs may set it to
    /// send elsewhere.
    pub rem: mg_addr,
    /// File descriptor, cast to a pointer; -1 while there is none.
    pub fd: *mut c_void,
    /// Number of the connection, unique in its manager and never used again.
    pub id: c_ulong,
    /// Input that nobody consumed yet. Programs remove what they have read, for example with
    /// mg_iobuf_del(&c->recv, 0, n), or set `c->recv.len` to 0. At most MG_MAX_RECV_SIZE
    /// bytes, or `recv_size` of struct mg_limits.
    pub recv: mg_iobuf,
    /// Output that has not left yet; `c->send.len` tells how much. Programs append with mg_send()
    /// and the like and may change bytes until the handler returns.
    pub send: mg_iobuf,
    /// Profiling data, see MG_PROF_INIT.
    pub prof: mg_iobuf,
    /// Encrypted input of a TLS connection.
    pub rtls: mg_iobuf,
    /// The program's event handler. May be changed at any time; accepted connections start with the
    /// handler of their listener.
    pub r#fn: mg_event_handler_t,
    /// For the program, to find its data from the handler.
    pub fn_data: *mut c_void,
    /// Protocol handler (HTTP, MQTT, ...): sees every event before `fn` does. Programs may set it
    /// to NULL to take over the raw data.
    pub pfn: mg_event_handler_t,
    /// Data of the protocol handler.
    pub pfn_data: *mut c_void,
    /// For the program, zeroed when the connection is made.
    pub data: [c_char; MG_DATA_SIZE],
    /// TLS state, or NULL.
    pub tls: *mut c_void,
    /// Differentiated services code point, set by mg_dscp().
    /// cbindgen:bitfield=6
    pub dscp: c_uint,
    /// A listener.
    /// cbindgen:bitfield=1
    pub is_listening: c_uint,
    /// Made by mg_connect().
    /// cbindgen:bitfield=1
    pub is_client: c_uint,
    /// Accepted from a listener.
    /// cbindgen:bitfield=1
    pub is_accepted: c_uint,
    /// A name lookup is running.
    /// cbindgen:bitfield=1
    pub is_resolving: c_uint,
    /// Not used on hosts.
    /// cbindgen:bitfield=1
    pub is_arplooking: c_uint,
    /// The connection is being established.
    /// cbindgen:bitfield=1
    pub is_connecting: c_uint,
    /// TLS is on, or wanted by the URL.
    /// cbindgen:bitfield=1
    pub is_tls: c_uint,
    /// A TLS handshake is running.
    /// cbindgen:bitfield=1
    pub is_tls_hs: c_uint,
    /// UDP, not TCP.
    /// cbindgen:bitfield=1
    pub is_udp: c_uint,
    /// The WebSocket handshake is done.
    /// cbindgen:bitfield=1
    pub is_websocket: c_uint,
    /// The peer speaks MQTT 5.
    /// cbindgen:bitfield=1
    pub is_mqtt5: c_uint,
    /// Log the traffic in hex, at level MG_LL_INFO. Set by programs; accepted connections take it
    /// from their listener.
    /// cbindgen:bitfield=1
    pub is_hexdumping: c_uint,
    /// Close as soon as `send` is empty. Set by programs.
    /// cbindgen:bitfield=1
    pub is_draining: c_uint,
    /// Close now, dropping what is in `send`. Set by programs, and by errors.
    /// cbindgen:bitfield=1
    pub is_closing: c_uint,
    /// Do not read (a listener: do not accept). Set and cleared by programs, against overload.
    /// cbindgen:bitfield=1
    pub is_full: c_uint,
    /// Encrypted output waits for the socket.
    /// cbindgen:bitfield=1
    pub is_tls_throttled: c_uint,
    /// A response to an HTTP request is not finished; the next request waits. mg_http_reply() and
    /// the end of a chunked response clear it. When a program writes a response itself, its last
    /// byte does on the way to the socket, if the head was queued at once and has a
    /// Content-Length, or the response has no body; in other cases the program has to.
    /// cbindgen:bitfield=1
    pub is_resp: c_uint,
    /// There is something to read.
    /// cbindgen:bitfield=1
    pub is_readable: c_uint,
    /// There is room to write.
    /// cbindgen:bitfield=1
    pub is_writable: c_uint,
}

unsafe extern "C" {
    /// Fails a connection: formats a message (see mg_snprintf(); cut to 63 bytes), logs it, sets
    /// `c->is_closing` and fires MG_EV_ERROR with the message before it returns. A handler may
    /// clear `is_closing` to keep the connection.
    pub fn mg_error(c: *mut mg_connection, fmt: *const c_char, ...);
}
