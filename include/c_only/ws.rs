//! Read by cbindgen only.

unsafe extern "C" {
    /// Opens a WebSocket client connection to "ws://host:port/path" or "wss://...".
    ///
    /// `fmt` is NULL or makes extra request headers (see mg_snprintf()), each line ended by "\r\n".
    /// The request is queued at once. MG_EV_WS_OPEN fires when the server accepted; then
    /// MG_EV_WS_MSG for every message and MG_EV_WS_CTL for control frames. A refusal is
    /// MG_EV_ERROR. For wss call mg_tls_init() in MG_EV_CONNECT. Returns the connection, or NULL as
    /// mg_connect() does.
    pub fn mg_ws_connect(
        mgr: *mut mg_mgr,
        url: *const c_char,
        r#fn: mg_event_handler_t,
        fn_data: *mut c_void,
        fmt: *const c_char,
        ...
    ) -> *mut mg_connection;

    /// Accepts the WebSocket handshake in `hm`, to be called in MG_EV_HTTP_MSG.
    ///
    /// `fmt` is NULL or makes extra response headers (see mg_snprintf()), each line ended by
    /// "\r\n". On success `c->is_websocket` is set and MG_EV_WS_OPEN fires before this returns. A
    /// request without Sec-WebSocket-Key is answered with status 426 and the connection drains.
    /// Programs check the Origin header themselves where that matters.
    pub fn mg_ws_upgrade(
        c: *mut mg_connection,
        hm: *mut mg_http_message,
        fmt: *const c_char,
        ...
    );

    /// Sends formatted text (see mg_snprintf()) as one frame; `op` is WEBSOCKET_OP_TEXT or another
    /// opcode. Returns the length of the text.
    pub fn mg_ws_printf(c: *mut mg_connection, op: c_int, fmt: *const c_char, ...) -> usize;
}
