//! Wakeup from other threads: a locked queue carries the payloads, and one byte in a
//! socket pair wakes the loop when the queue was empty.

use super::mgr::manager;
use super::{call, contain, ev, mg_connection, mg_mgr, socket};
use crate::ffi::heap::strictly;
use crate::ffi::{guard, inject, mg_str};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ffi::{c_int, c_ulong, c_void};

struct Message {
    id: c_ulong,
    payload: Box<[u8]>,
}

struct Queue {
    messages: VecDeque<Message>,
    /// Writing end, or -1 while there is no channel.
    fd: c_int,
}

/// The part of a manager that threads share. The lock is held for a push or a swap,
/// never across a call into C.
pub(super) struct WakeChannel(Mutex<Queue>);

impl Default for WakeChannel {
    fn default() -> WakeChannel {
        WakeChannel(Mutex::new(Queue {
            messages: VecDeque::new(),
            fd: -1,
        }))
    }
}

impl WakeChannel {
    pub fn open(&self, fd: c_int) {
        self.0.lock().fd = fd;
    }

    /// Closes the channel and drops what is queued.
    pub fn close(&self) {
        let mut queue = self.0.lock();
        if queue.fd >= 0 {
            socket::close(queue.fd);
            queue.fd = -1;
        }
        queue.messages = VecDeque::new();
    }

    /// Queues a message and wakes the loop. False when there is no channel or no memory.
    pub fn send(&self, id: c_ulong, data: &[u8]) -> bool {
        let mut payload = Vec::new();
        if strictly(|| payload.try_reserve_exact(data.len())).is_err() {
            return false;
        }
        payload.extend_from_slice(data);
        let mut queue = self.0.lock();
        if queue.fd < 0 || strictly(|| queue.messages.try_reserve(1)).is_err() {
            return false;
        }
        let idle = queue.messages.is_empty();
        queue.messages.push_back(Message {
            id,
            payload: payload.into_boxed_slice(),
        });
        // The loop takes the whole queue at once, so one byte per filling is enough.
        if idle {
            // SAFETY: one readable byte.
            unsafe { libc::send(queue.fd, b"w".as_ptr().cast(), 1, socket::SEND_FLAGS) };
        }
        true
    }

    fn take(&self) -> VecDeque<Message> {
        std::mem::take(&mut self.0.lock().messages)
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
    private.wake.open(outer);
    mgr.pipe.set(super::ffi::mg_pipe { fd: outer });
    super::mgr::link(mgr, c);
    true
}
