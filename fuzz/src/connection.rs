//! Connections without a socket: a target feeds them and looks at what the handlers get.

use mongoose::net::ffi::{mg_alloc_conn, mg_call, mg_close_conn, mg_mgr_free, mg_mgr_init};
use mongoose::net::{ev, mg_connection, mg_event_handler_t, mg_mgr};
use std::ffi::c_long;
use std::mem::MaybeUninit;
use std::ptr::from_mut;

/// Runs `body` with a connection that has protocol handler `pfn` and event handler `f`, whose
/// `fn_data` is `data`. It is closed afterwards.
pub fn with<D>(
    pfn: mg_event_handler_t,
    f: mg_event_handler_t,
    data: &mut D,
    body: impl FnOnce(&mg_connection),
) {
    crate::silence();
    let mut mgr = MaybeUninit::<mg_mgr>::zeroed();
    let mgr = mgr.as_mut_ptr();
    // SAFETY: the manager is initialised first, does not move, and goes last.
    unsafe {
        mg_mgr_init(mgr);
        let c = mg_alloc_conn(mgr).as_ref().expect("memory");
        c.set_raw_fd(-1);
        c.pfn.set(pfn);
        c.r#fn.set(f);
        c.fn_data.set(from_mut(data).cast());
        body(c);
        if !c.is_dead() {
            mg_close_conn(c.as_ptr());
        }
        mg_mgr_free(mgr);
    }
}

/// Lets bytes arrive.
pub fn feed(c: &mg_connection, bytes: &[u8]) {
    assert!(c.recv.append(bytes));
    let mut n = bytes.len() as c_long;
    // SAFETY: a live connection, and what MG_EV_READ brings.
    unsafe { mg_call(c.as_ptr(), ev::READ, from_mut(&mut n).cast()) };
}

/// Lets a turn of the loop pass.
pub fn poll(c: &mg_connection) {
    let mut now = 0u64;
    // SAFETY: a live connection, and what MG_EV_POLL brings.
    unsafe { mg_call(c.as_ptr(), ev::POLL, from_mut(&mut now).cast()) };
}
