//! The connections of a manager: made, in its list, closed, released.

use super::conn::{ConnPrivate, Flag, Ready, call};
use super::mgr::{MgrPrivate, has_descriptor, manager};
use super::nesting::AllKept;
use super::socket::NO_ADDR;
use super::{IO_SIZE, ev, mg_connection, mg_mgr};
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::leave::Uncancelled;
use crate::ffi::{guard, inject};
use std::ptr;

/// Allocates a connection: public part, `extraconnsize` bytes for the program, private part.
pub(super) fn allocate(mgr: &mg_mgr) -> Option<&mg_connection> {
    if mgr.private().is_some_and(|p| p.freeing.get()) {
        return None;
    }
    let align = align_of::<ConnPrivate>().max(align_of::<mg_connection>());
    let offset = size_of::<mg_connection>()
        .checked_add(mgr.extraconnsize.get())?
        .checked_next_multiple_of(align)?;
    u32::try_from(offset).ok()?;
    let block = mg_calloc(1, offset.checked_add(size_of::<ConnPrivate>())?).cast::<mg_connection>();
    if block.is_null() {
        return None;
    }
    // SAFETY: calloc returns memory aligned for any type; all-zero bytes are a valid
    // mg_connection, and the private part lies inside the block.
    let c = unsafe {
        block
            .byte_add(offset)
            .cast::<ConnPrivate>()
            .write(ConnPrivate::default());
        &*block
    };
    c.set_private_offset(offset);
    if let (Some(private), Some(p)) = (mgr.private(), c.private()) {
        private.nesting.note_birth(p);
    }
    c.mgr.set(ptr::from_ref(mgr).cast_mut());
    c.loc.set(NO_ADDR);
    c.rem.set(NO_ADDR);
    for io in [&c.recv, &c.send, &c.rtls] {
        io.align.set(IO_SIZE);
    }
    mgr.nextid.set(mgr.nextid.get().wrapping_add(1));
    c.id.set(mgr.nextid.get());
    Some(c)
}

/// Releases a connection that is not (or no longer) linked.
pub(super) fn release(c: &mg_connection) {
    if let (Some(p), Some(private)) = (manager(c).and_then(mg_mgr::private), c.private()) {
        private.recv_loan.end(&c.recv, &p.spare);
        private.send_loan.end(&c.send, &p.spare);
        p.vacate(private);
    }
    for io in [&c.recv, &c.send, &c.rtls, &c.prof] {
        io.free();
    }
    let block = c.as_ptr();
    if let Some(private) = c.private() {
        // SAFETY: written by `allocate`, dropped once: the block goes right after.
        unsafe { ptr::drop_in_place(ptr::from_ref(private).cast_mut()) };
    }
    // SAFETY: `allocate` made the block; nothing refers to it any more.
    unsafe {
        ptr::write_bytes(block.cast::<u8>(), 0, size_of::<mg_connection>());
        mg_free(block.cast());
    }
}

/// Puts a connection at the head of its manager's list.
pub(super) fn link(mgr: &mg_mgr, c: &mg_connection) {
    c.next.set(mgr.conns.get());
    mgr.conns.set(c.as_ptr());
    super::visits::mark(c);
    // SAFETY: list members are live connections.
    if let Some(next) = unsafe { c.next.get().as_ref() }.and_then(mg_connection::private) {
        next.previous.set(c.as_ptr());
    }
}

/// Calls `f` with each connection of a manager. `f` may call out, and what it does to connections is
/// survived; those that it opens are left out.
pub(crate) fn for_each(mgr: &mg_mgr, mut f: impl FnMut(&mg_connection)) {
    let _kept = mgr.private().map(|m| AllKept::new(&m.nesting));
    let mut next = mgr.conns.get();
    while !next.is_null() {
        // SAFETY: reached through the list or through a connection of the list; closed ones keep
        // their memory meanwhile.
        let c = unsafe { &*next };
        next = c.next.get();
        if !c.is_dead() {
            f(c);
        }
    }
}

/// Takes a connection out of the list. It keeps its own `next`, so that a walk that stands
/// on it finds its way on.
fn unlink(mgr: &mg_mgr, c: &mg_connection) {
    let mut link = &mgr.conns;
    let known = c.private().map_or(ptr::null_mut(), |p| p.previous.get());
    // SAFETY: NULL or a member of the list: whoever leaves it hands its own `previous` on.
    match unsafe { known.as_ref() } {
        Some(previous) if previous.next.get() == c.as_ptr() => link = &previous.next,
        _ => {}
    }
    // SAFETY: a member of the list.
    if let Some(next) = unsafe { c.next.get().as_ref() }.and_then(mg_connection::private) {
        next.previous.set(known);
    }
    while !link.get().is_null() {
        if link.get() == c.as_ptr() {
            link.set(c.next.get());
            return;
        }
        // SAFETY: list members are live connections.
        link = unsafe { &(*link.get()).next };
    }
}

/// Closes a connection: leaves the readiness queue, closes the descriptor, leaves the list, fires
/// MG_EV_CLOSE. The memory is released at the end of the outermost poll.
pub(super) fn close(c: &mg_connection) {
    let (Some(mgr), Some(private)) = (manager(c), c.private()) else {
        return;
    };
    if private.dead.replace(true) {
        return;
    }
    let _uncancelled = Uncancelled::hold();
    c.set(Flag::Closing, true);
    super::limits::closed(c, private);
    super::stats::closed(c, private);
    // Whatever happens here, the rest must happen.
    guard((), || {
        super::resolve::cancel(c);
        if private.tls.is_on() && !c.is(Flag::Listening) {
            super::tls::say_goodbye(c, private);
        }
        inject("close");
    });
    if let Some(p) = mgr.private() {
        close_descriptor(p, c, private);
    }
    unlink(mgr, c);
    for dns in [&mgr.dns4, &mgr.dns6] {
        if dns.c.get() == c.as_ptr() {
            dns.c.set(ptr::null_mut());
        }
    }
    if mgr.mdns.get() == c.as_ptr() {
        mgr.mdns.set(ptr::null_mut());
    }
    crate::mqtt::ffi::client::closed(c);
    call(c, ev::CLOSE, ptr::null_mut());
    crate::http::stream::ffi::closed(c);
    match mgr.private() {
        Some(p) => p.nesting.bury(c),
        None => release(c),
    }
}

fn close_descriptor(p: &MgrPrivate, c: &mg_connection, private: &ConnPrivate) {
    p.deregister(c);
    if !has_descriptor(c, private) {
        return;
    }
    let gentle = c.is(Flag::Draining)
        && !c.is(Flag::Udp)
        && !c.is(Flag::Listening)
        && !p.freeing.get()
        && !private.peer_done.get()
        && (private.linger.get() || private.is_ready(Ready::Read));
    if gentle {
        p.lingering.add(c.raw_fd(), &p.stats.bytes_received);
    } else {
        super::socket::close(c.raw_fd());
    }
    drop(private.socket_file.take());
}
