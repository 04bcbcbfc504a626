#![allow(unsafe_code)]

use super::Settings;
use crate::ffi::str::bytes;
use crate::ffi::{guard, inject, mg_str};
use crate::net::{contain_kept, mg_connection, mg_mgr, tls};
use std::ffi::{c_long, c_void};

/// TLS settings of a connection, for mg_tls_init(). Zero the struct, then set what is needed.
/// mg_tls_init() copies everything. Certificates and keys are PEM, which may hold other things
/// as well, or one in DER.
#[repr(C)]
pub struct mg_tls_opts {
    /// Certificate authorities that the peer's certificate must lead to (RFC 5280), or the peer's
    /// own certificate. A client without it does not verify the server's chain, nor its dates;
    /// "*" means the authorities that the system trusts. A server with it demands a certificate
    /// from its clients.
    pub ca: mg_str,
    /// Own certificate, followed by intermediate ones; all are sent. Needed by servers.
    pub cert: mg_str,
    /// Private key of the own certificate: PKCS#1, SEC 1 or PKCS#8, not encrypted. RSA with 2048
    /// bits or more, P-256, P-384 or Ed25519. May stand in one text with `cert`.
    pub key: mg_str,
    /// On a client, the host name or address that the server's certificate must be for (RFC 9525),
    /// less than 253 bytes; a host name is also sent to the server (RFC 6066, section 3). Without
    /// it the name is not checked.
    pub name: mg_str,
    /// Accept any certificate, for any name. For tests.
    pub skip_verification: bool,
}

/// Turns on TLS 1.2 or 1.3 (RFC 5246, RFC 8446) for a TCP connection. NULL is all-zero options.
///
/// On a client, call it in MG_EV_CONNECT, or right after the connection was made; on a server
/// in MG_EV_ACCEPT for every accepted connection. To start TLS later (STARTTLS), call it then.
/// MG_EV_TLS_HS fires on both sides when the handshake is done; data sent before waits for it. Bad
/// options are MG_EV_ERROR before this function returns, a failed handshake and an unacceptable
/// certificate are MG_EV_ERROR later; both close the connection. A connection whose URL says TLS
/// goes on in plain text when this is not called. Connections of a manager with the same options
/// share what was made of them, so calling it for every connection is cheap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_init(c: *mut mg_connection, opts: *const mg_tls_opts) {
    // SAFETY: pointer contract.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    contain_kept(c, (), || {
        inject("mg_tls_init");
        let opts = if opts.is_null() {
            mg_tls_opts {
                ca: mg_str::NULL,
                cert: mg_str::NULL,
                key: mg_str::NULL,
                name: mg_str::NULL,
                skip_verification: false,
            }
        } else {
            // SAFETY: pointer contract.
            unsafe { opts.read() }
        };
        // SAFETY: pointer contract; the slices do not outlive this call.
        let settings = unsafe {
            Settings {
                ca: opts.ca.as_bytes(),
                cert: opts.cert.as_bytes(),
                key: opts.key.as_bytes(),
                name: opts.name.as_bytes(),
                skip_verification: opts.skip_verification,
            }
        };
        tls::init(c, &settings);
    });
}

/// Releases the TLS state of a connection, if any. The library does so after MG_EV_CLOSE. A
/// connection that lives on is a plain one then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_free(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            tls::free(c);
        }
    });
}

/// Encrypts and sends up to 16384 bytes. Returns the number of bytes accepted, MG_IO_WAIT when
/// earlier output has to leave first, or MG_IO_ERR. Programs use mg_send().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_send(
    c: *mut mg_connection,
    buf: *const c_void,
    len: usize,
) -> c_long {
    guard(-1, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return 0;
        };
        // SAFETY: pointer contract.
        tls::send(c, unsafe { bytes(buf.cast(), len) })
    })
}

/// Takes up to `len` bytes of decrypted input. Returns their number, MG_IO_WAIT when more input
/// is needed, or MG_IO_ERR after MG_EV_ERROR. Programs use `c->recv`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_recv(
    c: *mut mg_connection,
    buf: *mut c_void,
    len: usize,
) -> c_long {
    guard(-1, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return 0;
        };
        let len = if buf.is_null() { 0 } else { len };
        tls::recv(c, len, |data| {
            if !data.is_empty() {
                // SAFETY: `len` bytes are writable at `buf` by contract, and there are no more.
                unsafe { buf.cast::<u8>().copy_from(data.as_ptr(), data.len()) };
            }
        })
    })
}

/// Number of decrypted bytes that mg_tls_recv() can return.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_pending(c: *mut mg_connection) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        unsafe { c.as_ref() }.map_or(0, tls::pending)
    })
}

/// Sends encrypted output that waits for the socket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_flush(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            tls::flush_now(c);
        }
    });
}

/// Runs the handshake as far as possible. The event loop does so; a program may, right after
/// mg_tls_init(), to start at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_handshake(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            tls::handshake(c);
        }
    });
}

/// Sets up what TLS connections of a manager share. mg_mgr_init() does so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_ctx_init(mgr: *mut mg_mgr) {
    let _ = mgr;
}

/// Releases what TLS connections of a manager share. mg_mgr_free() does so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_ctx_free(mgr: *mut mg_mgr) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(mgr) = unsafe { mgr.as_ref() } {
            tls::clear_cache(mgr);
        }
    });
}
