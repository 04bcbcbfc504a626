//! What other threads send to the loop: messages for connections, and functions to call. A locked queue
//! carries them, and one byte in a socket pair wakes the loop when the queue was empty.

mod index;
mod queue;

use super::mgr::{MgrPrivate, manager};
use super::{Flag, call, contain_kept, ev, mg_connection, mg_mgr, socket, visits};
use crate::ffi::heap::strictly;
use crate::ffi::leave::{Uncancelled, call_out};
use crate::ffi::{guard, inject, mg_str};
use index::Index;
use mio::Token;
use parking_lot::{Mutex, RwLock};
use queue::{Bell, Queue};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{c_int, c_ulong, c_void};
use std::io;

/// A function of the program for mg_mgr_call().
pub(super) type Function = unsafe extern "C" fn(*mut mg_mgr, *mut mg_connection, *mut c_void);
type UnwindingFunction = unsafe extern "C-unwind" fn(*mut mg_mgr, *mut mg_connection, *mut c_void);

pub(super) enum Item {
    Message {
        id: c_ulong,
        payload: Box<[u8]>,
    },
    Call {
        id: c_ulong,
        f: Function,
        arg: *mut c_void,
    },
}

impl Item {
    /// None when there is no memory for a copy of `data`.
    pub fn message(id: c_ulong, data: &[u8]) -> Option<Item> {
        let mut payload = Vec::new();
        strictly(|| payload.try_reserve_exact(data.len())).ok()?;
        payload.extend_from_slice(data);
        let payload = payload.into_boxed_slice();
        Some(Item::Message { id, payload })
    }
}

#[derive(Default)]
pub(super) struct Wake {
    /// The part of a manager that threads share.
    channel: Queue<Outer, Item>,
    /// Taken from the channel and not delivered yet. Not empty while a function runs that came with
    /// others; a nested iteration goes on with them.
    due: RefCell<VecDeque<Item>>,
    /// The bell was heard, and the channel not emptied since.
    heard: Cell<bool>,
    /// Deliveries on the stack, each but the first in an iteration that a function of the one before runs.
    nesting: Cell<u32>,
    /// Of the connections, while there is a channel.
    pub index: Index,
}

/// A function may run the loop, which delivers what waits behind it, and so on. Deeper than this, the rest is
/// left to the iterations outside, so that a flood does not use up the stack.
const MAX_NESTING: u32 = 64;
/// Items delivered at a time; connections have their turn before the next ones.
const BUDGET: usize = 1024;

/// Held for reading by threads that use the channel of a manager; for writing while a manager loses
/// its private part.
static RELEASE: RwLock<()> = RwLock::new(());

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

/// Sends an item to the loop of a manager, from any thread. False when it will not get there.
pub(super) fn send(mgr: *mut mg_mgr, item: Item) -> bool {
    let _uncancelled = Uncancelled::hold();
    let _reading = RELEASE.read();
    // SAFETY: pointer contract; only `ifp` is read, because other members belong to the polling thread.
    let private = unsafe { (*mgr).ifp.get() }.cast::<MgrPrivate>();
    if private.is_null() {
        return false;
    }
    // SAFETY: `release` waits until `RELEASE` is free; the channel is made for sharing.
    unsafe { &(*private).wake.channel }.send(item)
}

/// Takes the private part from a manager. No thread looks at it any more.
pub(super) fn release(mgr: &mg_mgr) -> *mut MgrPrivate {
    let _writing = RELEASE.write();
    mgr.ifp.replace(std::ptr::null_mut()).cast()
}

/// Protocol handler of the channel's connection.
pub(super) unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let c = unsafe { &*c };
    let Some(mgr) = manager(c) else { return };
    let Some(private) = mgr.private() else { return };
    let wake = &private.wake;
    guard((), || match event {
        ev::READ => {
            c.recv.consume(usize::MAX);
            wake.heard.set(true);
            deliver_due(mgr, wake);
        }
        ev::CLOSE => {
            mgr.pipe.set(super::ffi::mg_pipe { fd: -1 });
            wake.index.close();
            let mut rest = wake.channel.close();
            rest.retain(|item| matches!(item, Item::Call { .. }));
            deliver(mgr, wake, usize::MAX);
            *wake.due.borrow_mut() = rest;
            deliver(mgr, wake, usize::MAX);
        }
        _ => {}
    });
}

pub(super) fn is_channel(c: &mg_connection) -> bool {
    c.pfn
        .get()
        .is_some_and(|pfn| pfn as usize == handler as *const () as usize)
}

impl Wake {
    /// True when something is left of what was sent: more than is delivered at a time, or an iteration runs inside
    /// of a delivery.
    pub fn is_due(&self) -> bool {
        self.heard.get() || !self.due.borrow().is_empty()
    }

    fn next(&self) -> Option<Item> {
        let mut due = self.due.borrow_mut();
        if due.is_empty() && self.heard.replace(false) {
            *due = self.channel.take();
        }
        due.pop_front()
    }
}

/// Delivers what was sent, in order, whatever the functions do: those that run the loop find here what their
/// own delivery has not come to.
pub(super) fn deliver_due(mgr: &mg_mgr, wake: &Wake) {
    if wake.nesting.get() < MAX_NESTING {
        deliver(mgr, wake, BUDGET);
    }
}

fn deliver(mgr: &mg_mgr, wake: &Wake, most: usize) {
    wake.nesting.set(wake.nesting.get() + 1);
    for _ in 0..most {
        let Some(item) = wake.next() else { break };
        guard((), || deliver_item(mgr, item));
    }
    wake.nesting.set(wake.nesting.get() - 1);
}

fn deliver_item(mgr: &mg_mgr, item: Item) {
    match item {
        Item::Message { id, payload } => {
            let Some(c) = find(mgr, id).filter(|c| !c.is(Flag::Closing)) else {
                return;
            };
            let mut view = mg_str::from_bytes(&payload);
            contain_kept(c, (), || {
                inject("wakeup");
                super::stats::count(c, |n| &n.wakeups);
                call(c, ev::WAKEUP, std::ptr::from_mut(&mut view).cast());
            });
        }
        Item::Call { id, f, arg } => {
            let mgr_ptr = std::ptr::from_ref(mgr).cast_mut();
            // SAFETY: the same function, of which more is expected.
            let f: UnwindingFunction = unsafe { std::mem::transmute(f) };
            let Some(c) = find(mgr, id).filter(|c| !c.is(Flag::Closing)) else {
                // SAFETY: the program vouches for its function.
                return call_out(|| unsafe { f(mgr_ptr, std::ptr::null_mut(), arg) });
            };
            contain_kept(c, (), || {
                // SAFETY: as above.
                call_out(|| unsafe { f(mgr_ptr, c.as_ptr(), arg) });
                visits::mark(c);
                inject("call");
            });
        }
    }
}

/// The open connection with this identifier. 0 is none.
fn find(mgr: &mg_mgr, id: c_ulong) -> Option<&mg_connection> {
    if id == 0 {
        return None;
    }
    let known = mgr
        .private()
        .and_then(|p| p.connection(Token(p.wake.index.get(id)?)));
    // SAFETY: the table holds live connections only.
    let known = known.map(|c| unsafe { &*c });
    if known.is_some_and(|c| c.id.get() == id) {
        return known;
    }
    // SAFETY: list members are live; the memory of closed ones stays until the end of the poll.
    let mut next = unsafe { mgr.conns.get().as_ref() };
    while let Some(c) = next {
        if c.id.get() == id {
            return Some(c);
        }
        // SAFETY: as above.
        next = unsafe { c.next.get().as_ref() };
    }
    None
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
    let Some(c) = super::list::allocate(mgr) else {
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
        super::list::release(c);
        return false;
    }
    private.wake.index.open();
    super::for_each(mgr, |c| private.note_id(c));
    private.wake.channel.open(Outer(outer));
    mgr.pipe.set(super::ffi::mg_pipe { fd: outer });
    super::list::link(mgr, c);
    true
}
