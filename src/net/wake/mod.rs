//! Wakeup from other threads: a locked queue carries the payloads, and one byte in a
//! socket pair wakes the loop when the queue was empty.

mod queue;

use super::mgr::manager;
use super::{call, contain, ev, mg_connection, mg_mgr, socket};
use crate::ffi::heap::strictly;
use crate::ffi::{guard, inject, mg_str};
use parking_lot::Mutex;
use queue::{Bell, Message, Queue};
use std::ffi::{c_int, c_void};
use std::io;

/// The part of a manager that threads share.
pub(super) type WakeChannel = Queue<Outer>;

/// The end of the socket pair that is written to.
pub(super) struct Outer(c_int);

impl Bell for Outer {
    fn ring(&self) -> bool {
        // SAFETY: one readable byte.
        let sent = unsafe { libc::send(self.0, b"w".as_ptr().cast(), 1, socket::SEND_FLAGS) };
        // A socket that is full has woken the loop already.
        sent == 1 || io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        socket::close(self.0);
    }
}

/// Protocol handler of the channel's connection.
pub(super) unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let c = unsafe { &*c };
    let Some(mgr) = manager(c) else { return };
    let Some(private) = mgr.private() else { return };
    guard((), || match event {
        ev::READ => {
            c.recv.consume(usize::MAX);
            for message in private.wake.take() {
                deliver(mgr, &message);
            }
        }
        ev::CLOSE => {
            private.wake.close();
            mgr.pipe.set(super::ffi::mg_pipe { fd: -1 });
        }
        _ => {}
    });
}

pub(super) fn is_channel(c: &mg_connection) -> bool {
    c.pfn
        .get()
        .is_some_and(|pfn| pfn as usize == handler as *const () as usize)
}

fn deliver(mgr: &mg_mgr, message: &Message) {
    let mut next = mgr.conns.get();
    while !next.is_null() {
        // SAFETY: list members are live; the memory of closed ones stays until the end of the poll.
        let c = unsafe { &*next };
        if c.id.get() == message.id {
            let mut view = mg_str::from_bytes(&message.payload);
            return contain(c, (), || {
                inject("wakeup");
                super::stats::count(c, |n| &n.wakeups);
                call(c, ev::WAKEUP, std::ptr::from_mut(&mut view).cast());
            });
        }
        next = c.next.get();
    }
}

/// Creates the channel of a manager. See mg_wakeup_init().
pub(super) fn init(mgr: &mg_mgr) -> bool {
    let Some(private) = mgr.private() else {
        return false;
    };
    // SAFETY: `fd` is the member in use on hosts with sockets.
    if unsafe { mgr.pipe.get().fd } >= 0 {
        return false;
    }
    let Ok((inner, outer)) = socket::pair() else {
        crate::log::error(format_args!("Cannot create socket pair"));
        return false;
    };
    let Some(c) = super::mgr::allocate(mgr) else {
        socket::close(inner);
        socket::close(outer);
        return false;
    };
    c.set_raw_fd(inner);
    c.pfn.set(Some(handler));
    // With a buffer from the beginning, wakeups arrive even when memory has run out.
    let ready =
        c.recv.reserve(super::IO_SIZE) && private.register(c, mio::Interest::READABLE).is_ok();
    if !ready {
        socket::close(inner);
        socket::close(outer);
        super::mgr::release(c);
        return false;
    }
    private.wake.open(Outer(outer));
    mgr.pipe.set(super::ffi::mg_pipe { fd: outer });
    super::mgr::link(mgr, c);
    true
}
