//! Managers and connections without their layout.
#![allow(unsafe_code)]

use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::guard;
use crate::fmt::ffi::printers::ip_port;
use crate::iobuf::mg_iobuf;
use crate::net::ffi::{mg_mgr_free, mg_mgr_init};
use crate::net::{Flag, mg_addr, mg_connection, mg_event_handler_t, mg_mgr};
use std::ffi::{c_char, c_int, c_ulong, c_void};
use std::ptr::{from_ref, null_mut};

/// Makes a manager on the heap, for programs that do not know the size of `struct mg_mgr`, and
/// initialises it with mg_mgr_init(). Release it with mg_mgr_delete(). NULL when memory or
/// descriptors are exhausted.
#[unsafe(no_mangle)]
pub extern "C" fn mg_mgr_new() -> *mut mg_mgr {
    guard(null_mut(), || {
        let mgr = mg_calloc(1, size_of::<mg_mgr>()).cast::<mg_mgr>();
        // SAFETY: NULL, or a block of the right size and of zeros, which are a valid mg_mgr.
        let Some(fields) = (unsafe { mgr.as_ref() }) else {
            return null_mut();
        };
        // SAFETY: a live block.
        unsafe { mg_mgr_init(mgr) };
        if fields.epoll_fd.get() < 0 {
            // SAFETY: made above and given to nobody.
            unsafe { mg_mgr_delete(mgr) };
            return null_mut();
        }
        mgr
    })
}

/// Releases a manager that mg_mgr_new() made, after mg_mgr_free(), which closes its connections:
/// their handlers are still called. NULL is allowed. From a handler of the manager's own it is
/// logged and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_delete(mgr: *mut mg_mgr) {
    guard((), || {
        // SAFETY: pointer contract; nothing looks at the manager any more once it is free.
        unsafe {
            mg_mgr_free(mgr);
            if mgr.as_ref().is_some_and(|mgr| mgr.ifp.get().is_null()) {
                mg_free(mgr.cast());
            }
        }
    });
}

/// Returns the newest connection of a manager, `mgr->conns`, or NULL. Walk on with mg_conn_next().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_conns(mgr: *const mg_mgr) -> *mut mg_connection {
    // SAFETY: pointer contract.
    unsafe { mgr.as_ref() }.map_or(null_mut(), |mgr| mgr.conns.get())
}

/// Finds the open connection with an id (see mg_conn_id()); NULL when there is none. Looks at one
/// connection after the other, the newest first.
///
/// A program with a garbage collector keeps ids instead of pointers to connections: an id is never
/// used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_find(mgr: *const mg_mgr, id: c_ulong) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: pointer contract; no handler runs during the walk.
        unsafe {
            let mut next = mg_mgr_conns(mgr);
            while let Some(c) = next.as_ref() {
                if c.id.get() == id {
                    return next;
                }
                next = c.next.get();
            }
        }
        null_mut()
    })
}

/// Returns `mgr->userdata`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_get_userdata(mgr: *const mg_mgr) -> *mut c_void {
    // SAFETY: pointer contract.
    unsafe { mgr.as_ref() }.map_or(null_mut(), |mgr| mgr.userdata.get())
}

/// Sets `mgr->userdata`, a pointer for the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_set_userdata(mgr: *mut mg_mgr, userdata: *mut c_void) {
    // SAFETY: pointer contract.
    if let Some(mgr) = unsafe { mgr.as_ref() } {
        mgr.userdata.set(userdata);
    }
}

/// Returns the number of a connection, unique in its manager and never used again; 0 for NULL.
/// mg_wakeup() wants it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_id(c: *const mg_connection) -> c_ulong {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(0, |c| c.id.get())
}

/// Returns the manager of a connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_mgr(c: *const mg_connection) -> *mut mg_mgr {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| c.mgr.get())
}

/// Returns the connection that is next in the list of the manager, an older one, or NULL. See
/// mg_mgr_conns(). Ask for it before something is done that may close `c`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_next(c: *const mg_connection) -> *mut mg_connection {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| c.next.get())
}

/// The flag with a number of `enum mg_conn_flag`.
fn flag(number: c_int) -> Option<Flag> {
    const FLAGS: [Flag; 19] = [
        Flag::Listening,
        Flag::Client,
        Flag::Accepted,
        Flag::Resolving,
        Flag::ArpLooking,
        Flag::Connecting,
        Flag::Tls,
        Flag::TlsHs,
        Flag::Udp,
        Flag::Websocket,
        Flag::Mqtt5,
        Flag::Hexdumping,
        Flag::Draining,
        Flag::Closing,
        Flag::Full,
        Flag::TlsThrottled,
        Flag::Resp,
        Flag::Readable,
        Flag::Writable,
    ];
    FLAGS.get(usize::try_from(number).ok()?).copied()
}

/// Returns a flag of a connection, MG_CONN_IS_*: 1 if it is set, 0 if not, -1 when there is no such
/// flag.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_get_flag(c: *const mg_connection, flag: c_int) -> c_int {
    // SAFETY: pointer contract.
    match (unsafe { c.as_ref() }, self::flag(flag)) {
        (Some(c), Some(flag)) => c_int::from(c.is(flag)),
        _ => -1,
    }
}

/// Sets or clears one of the flags that belong to the program: MG_CONN_IS_HEXDUMPING,
/// MG_CONN_IS_DRAINING, MG_CONN_IS_CLOSING, MG_CONN_IS_FULL, MG_CONN_IS_RESP. False, and nothing
/// changes, for all others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_set_flag(c: *mut mg_connection, flag: c_int, on: bool) -> bool {
    // SAFETY: pointer contract.
    let (Some(c), Some(flag)) = (unsafe { c.as_ref() }, self::flag(flag)) else {
        return false;
    };
    let is_writable = matches!(
        flag,
        Flag::Hexdumping | Flag::Draining | Flag::Closing | Flag::Full | Flag::Resp
    );
    if is_writable {
        c.set(flag, on);
    }
    is_writable
}

/// Replaces the handler `c->fn` of a connection. NULL is allowed: then nobody gets its events.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_set_fn(c: *mut mg_connection, r#fn: mg_event_handler_t) {
    // SAFETY: pointer contract.
    if let Some(c) = unsafe { c.as_ref() } {
        c.r#fn.set(r#fn);
    }
}

/// Returns `c->fn_data`. Accepted connections start with that of their listener.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_get_fn_data(c: *const mg_connection) -> *mut c_void {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| c.fn_data.get())
}

/// Sets `c->fn_data`, a pointer for the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_set_fn_data(c: *mut mg_connection, fn_data: *mut c_void) {
    // SAFETY: pointer contract.
    if let Some(c) = unsafe { c.as_ref() } {
        c.fn_data.set(fn_data);
    }
}

/// Returns `c->data`, the MG_DATA_SIZE bytes for the program (mg_abi() tells the number), zeroed when
/// the connection is made. They go with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_data(c: *mut mg_connection) -> *mut c_void {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| c.data.get().cast())
}

/// Returns `&c->recv`, input that nobody consumed yet: remove what was read with
/// mg_iobuf_del(io, 0, n). Its first three members are `buf`, `size` and `len`; `buf` changes when input
/// arrives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_recv_buf(c: *mut mg_connection) -> *mut mg_iobuf {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| from_ref(&c.recv).cast_mut())
}

/// Returns `&c->send`, output that has not left yet: its `len` tells how much a slow peer owes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_send_buf(c: *mut mg_connection) -> *mut mg_iobuf {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| from_ref(&c.send).cast_mut())
}

/// Returns `&c->loc`, the local address. See mg_addr_text() and mg_addr_port().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_loc(c: *mut mg_connection) -> *mut mg_addr {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| c.loc.as_ptr())
}

/// Returns `&c->rem`, the address of the peer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_rem(c: *mut mg_connection) -> *mut mg_addr {
    // SAFETY: pointer contract.
    unsafe { c.as_ref() }.map_or(null_mut(), |c| c.rem.as_ptr())
}

/// Writes address and port as text, "127.0.0.1:80" or "[0:0:0:0:0:0:0:1]:80", as mg_print_ip_port() does: at
/// most `len` bytes, a NUL among them. Returns the length of the text, which is cut if that is not
/// less than `len`; 48 bytes are enough. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_addr_text(addr: *const mg_addr, buf: *mut c_char, len: usize) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(addr) = (unsafe { addr.as_ref() }) else {
            return 0;
        };
        let text = ip_port(*addr);
        let text = text.as_bytes();
        if let Some(room) = len.checked_sub(1).filter(|_| !buf.is_null()) {
            let n = text.len().min(room);
            // SAFETY: pointer contract; n + 1 <= len, and the text is our own.
            unsafe {
                buf.copy_from_nonoverlapping(text.as_ptr().cast(), n);
                buf.add(n).write(0);
            }
        }
        text.len()
    })
}

/// Returns the port of an address in host byte order; 0 for NULL. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_addr_port(addr: *const mg_addr) -> u16 {
    // SAFETY: pointer contract.
    unsafe { addr.as_ref() }.map_or(0, |addr| u16::from_be(addr.port))
}
