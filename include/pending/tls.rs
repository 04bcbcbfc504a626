//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// TLS settings of a connection, for mg_tls_init(). Zero the struct, then set what is needed.
/// Keys and certificates are PEM or DER and are copied by mg_tls_init().
#[repr(C)]
pub struct mg_tls_opts {
    /// Certificate authorities that the peer's certificate must lead to. A client without it does
    /// not verify the server's chain; "*" means the authorities that the system trusts. A server
    /// with it demands a certificate from its clients.
    pub ca: mg_str,
    /// Own certificate, followed by intermediate ones. Needed by servers.
    pub cert: mg_str,
    /// Private key of the own certificate: PKCS#1, SEC 1 or PKCS#8, not encrypted.
    pub key: mg_str,
    /// On a client, the host name that the server's certificate must be for; also sent to the
    /// server (RFC 6066, section 3). Without it the name is not checked.
    pub name: mg_str,
    /// Accept any certificate and any host name. For tests.
    pub skip_verification: bool,
}

unsafe extern "C" {
    /// Turns on TLS for a connection, with settings that are copied.
    ///
    /// On a client, call it in MG_EV_CONNECT, or right after the connection was made; on a server
    /// in MG_EV_ACCEPT for every accepted connection. To start TLS later (STARTTLS), call it then.
    /// MG_EV_TLS_HS fires when the handshake is done; data sent before waits for it. Bad settings,
    /// a failed handshake and an unacceptable certificate are MG_EV_ERROR. A connection whose URL
    /// says TLS goes on in plain text when this is not called.
    pub fn mg_tls_init(c: *mut mg_connection, opts: *const mg_tls_opts);

    /// Releases the TLS state of a connection, if any. The library does so when it closes the
    /// connection.
    pub fn mg_tls_free(c: *mut mg_connection);

    /// Encrypts and sends up to 16384 bytes. Returns the number of bytes accepted, MG_IO_WAIT when
    /// earlier output has to leave first, or MG_IO_ERR. Programs use mg_send().
    pub fn mg_tls_send(c: *mut mg_connection, buf: *const c_void, len: usize) -> c_long;

    /// Takes up to `len` bytes of decrypted input. Returns their number, MG_IO_WAIT when more input
    /// is needed, or MG_IO_ERR after MG_EV_ERROR. Programs use `c->recv`.
    pub fn mg_tls_recv(c: *mut mg_connection, buf: *mut c_void, len: usize) -> c_long;

    /// Number of decrypted bytes that mg_tls_recv() can return.
    pub fn mg_tls_pending(c: *mut mg_connection) -> usize;

    /// Sends encrypted output that waits for the socket.
    pub fn mg_tls_flush(c: *mut mg_connection);

    /// Runs the handshake as far as possible. The event loop does so; a program may, right after
    /// mg_tls_init(), to start at once.
    pub fn mg_tls_handshake(c: *mut mg_connection);

    /// Sets up what TLS connections of a manager share. mg_mgr_init() does so.
    pub fn mg_tls_ctx_init(mgr: *mut mg_mgr);

    /// Releases what TLS connections of a manager share. mg_mgr_free() does so.
    pub fn mg_tls_ctx_free(mgr: *mut mg_mgr);
}
