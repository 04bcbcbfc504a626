//! The private part of a manager: the readiness queue, and the table of connections that are registered
//! with it.

use super::conn::{ConnPrivate, Ready};
use super::linger::Lingering;
use super::loan::Spare;
use super::nesting::Nesting;
use super::resolve::Resolver;
use super::visits::Visits;
use super::wake::Wake;
use super::{mg_connection, mg_mgr};
use crate::ffi::heap::strictly;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

/// Most readiness events taken in one iteration.
pub(super) const EVENTS_CAPACITY: usize = 1024;

pub(super) struct MgrPrivate {
    pub poll: UnsafeCell<mio::Poll>,
    /// Taken by the running mg_mgr_poll; a nested one makes its own.
    pub events: Cell<Option<mio::Events>>,
    /// The last iteration took as many events as it can, so there may be more.
    pub events_left: Cell<bool>,
    /// The last iteration took events.
    pub had_events: Cell<bool>,
    /// Token to connection. An entry stays NULL, and is not reused, until the closed
    /// connection is released, so that an event already fetched cannot reach a newcomer.
    slots: RefCell<Vec<*mut mg_connection>>,
    vacant: RefCell<Vec<u32>>,
    pub nesting: Nesting,
    pub lingering: Lingering,
    /// mg_mgr_free is running: nothing new may be opened.
    pub freeing: Cell<bool>,
    /// Listeners share their ports with those of other managers.
    pub reuse_port: Cell<bool>,
    pub visits: Visits,
    /// Counts how often output was queued.
    pub outputs: Cell<usize>,
    /// Buffers to lend.
    pub spare: Spare,
    pub wake: Wake,
    pub resolver: Resolver,
    pub limits: crate::limits::Shared,
    pub stats: crate::stats::Counters,
    pub clock: crate::http::date::Clock,
    deflate: OnceCell<Rc<crate::ws::deflate::Shared>>,
    tls: Box<super::tls::Shared>,
}

impl MgrPrivate {
    pub fn new() -> io::Result<MgrPrivate> {
        Ok(MgrPrivate {
            poll: UnsafeCell::new(mio::Poll::new()?),
            events: Cell::new(None),
            events_left: Cell::new(false),
            had_events: Cell::new(false),
            slots: RefCell::default(),
            vacant: RefCell::default(),
            nesting: Nesting::default(),
            lingering: Lingering::default(),
            freeing: Cell::new(false),
            reuse_port: Cell::new(false),
            visits: Visits::default(),
            outputs: Cell::new(0),
            spare: Spare::default(),
            wake: Wake::default(),
            resolver: Resolver::default(),
            limits: crate::limits::Shared::default(),
            stats: crate::stats::Counters::default(),
            clock: crate::http::date::Clock::default(),
            deflate: OnceCell::new(),
            tls: Box::default(),
        })
    }

    /// What connections with TLS share.
    pub fn tls(&self) -> &super::tls::Shared {
        &self.tls
    }

    /// Bytes that the manager keeps for WebSocket connections that compress.
    pub fn deflate_memory(&self) -> usize {
        self.deflate.get().map_or(0, |shared| shared.memory())
    }

    fn registry(&self) -> &mio::Registry {
        // SAFETY: `poll` is borrowed mutably only while waiting, when nothing else runs.
        unsafe { &*self.poll.get() }.registry()
    }

    /// The descriptor that the manager waits on.
    pub fn raw_fd(&self) -> c_int {
        // SAFETY: as in `registry`.
        unsafe { &*self.poll.get() }.as_raw_fd()
    }

    /// Waits for readiness. False when a signal came instead.
    pub fn wait(&self, events: &mut mio::Events, timeout: Option<Duration>) -> bool {
        // SAFETY: the manager is shared, but only this frame uses `poll` mutably: mio wants &mut to keep
        // two threads from waiting at once, which a manager forbids.
        unsafe { (*self.poll.get()).poll(events, timeout) }.is_ok()
    }

    /// How many connections are registered, or were until this iteration.
    pub fn registered(&self) -> usize {
        self.slots.borrow().len() - self.vacant.borrow().len()
    }

    /// The connection that a token stands for, unless it was closed.
    pub fn connection(&self, token: Token) -> Option<*mut mg_connection> {
        self.slots
            .borrow()
            .get(token.0)
            .copied()
            .filter(|c| !c.is_null())
    }

    /// Asks to be told of readiness of the connection's descriptor, once per change and for as
    /// long as it is open.
    pub fn register(&self, c: &mg_connection, interest: Interest) -> io::Result<()> {
        let Some(private) = c.private() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let slot = match private.slot.get().checked_sub(1) {
            Some(slot) => slot,
            None => self.take_slot(c)?,
        };
        let fd = c.raw_fd();
        match self
            .registry()
            .register(&mut SourceFd(&fd), Token(slot as usize), interest)
        {
            Ok(()) => {
                private.slot.set(slot + 1);
                private.hears_of_room.set(interest.is_writable());
                self.note_id(c);
                Ok(())
            }
            Err(e) => {
                private.slot.set(0);
                self.slots.borrow_mut()[slot as usize] = ptr::null_mut();
                self.vacant.borrow_mut().push(slot);
                Err(e)
            }
        }
    }

    /// The connection's socket takes no more for now. From here on it is told when there is room.
    pub fn output_full(&self, p: &ConnPrivate, fd: c_int) {
        p.set_ready(Ready::Write, false);
        let Some(slot) = p.slot.get().checked_sub(1) else {
            return;
        };
        if !p.hears_of_room.replace(true) {
            let token = Token(slot as usize);
            let both = Interest::READABLE | Interest::WRITABLE;
            let _ = self.registry().reregister(&mut SourceFd(&fd), token, both);
        }
    }

    /// The connection that a program registered itself, as network drivers do with MG_EPOLL_ADD() and
    /// MG_EPOLL_MOD(): its address stands in the place of a token. From now on it is registered like the others.
    pub fn take_over(&self, mgr: &mg_mgr, token: Token) -> Option<*mut mg_connection> {
        if token.0 < self.slots.borrow().len() {
            // One that was closed meanwhile.
            return None;
        }
        let mut next = mgr.conns.get();
        while next as usize != token.0 {
            // SAFETY: list members are live connections.
            next = unsafe { next.as_ref() }?.next.get();
        }
        // SAFETY: a member of the list.
        let c = unsafe { next.as_ref() }?;
        let private = c.private()?;
        let fd = c.raw_fd();
        let (slot, interest) = match private.slot.get().checked_sub(1) {
            Some(slot) => (slot, super::connect::STREAM_INTEREST),
            None => (
                self.take_slot(c).ok()?,
                super::connect::look_at(private, fd),
            ),
        };
        private.slot.set(slot + 1);
        private.hears_of_room.set(true);
        self.note_id(c);
        let mut source = SourceFd(&fd);
        let registered = self
            .registry()
            .reregister(&mut source, Token(slot as usize), interest);
        registered.ok().map(|()| next)
    }

    /// Has a registered connection found by its identifier.
    pub fn note_id(&self, c: &mg_connection) {
        if let Some(p) = c.private()
            && let Some(slot) = p.slot.get().checked_sub(1)
        {
            // Programs may change it.
            p.noted_id.set(c.id.get());
            self.wake.index.insert(c.id.get(), slot);
        }
    }

    fn take_slot(&self, c: &mg_connection) -> io::Result<u32> {
        let mut slots = self.slots.borrow_mut();
        if let Some(slot) = self.vacant.borrow_mut().pop() {
            slots[slot as usize] = c.as_ptr();
            return Ok(slot);
        }
        let slot = u32::try_from(slots.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // Room to note every slot as vacant, so that closing never allocates.
        let mut vacant = self.vacant.borrow_mut();
        let room = (slots.len() + 1).saturating_sub(vacant.len());
        strictly(|| slots.try_reserve(1).and_then(|()| vacant.try_reserve(room)))
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
        slots.push(c.as_ptr());
        Ok(slot)
    }

    pub fn deregister(&self, c: &mg_connection) {
        let Some(private) = c.private() else { return };
        if let Some(slot) = private.slot.get().checked_sub(1) {
            self.slots.borrow_mut()[slot as usize] = ptr::null_mut();
            self.wake.index.remove(private.noted_id.get());
            let fd = c.raw_fd();
            // A descriptor that the program closed itself is no longer registered.
            let _ = self.registry().deregister(&mut SourceFd(&fd));
        }
    }

    /// The slot of a connection that is released is free for others.
    pub fn vacate(&self, p: &ConnPrivate) {
        if let Some(slot) = p.slot.get().checked_sub(1) {
            self.vacant.borrow_mut().push(slot);
        }
    }

    /// Closes the descriptor of a connection that is to get another one. The connection keeps its
    /// slot, so that an event of the old descriptor already fetched reaches nobody else.
    pub fn drop_descriptor(&self, c: &mg_connection) {
        let Some(private) = c.private() else { return };
        if !has_descriptor(c, private) {
            return;
        }
        let fd = c.raw_fd();
        // A descriptor that the program closed itself is no longer registered.
        let _ = self.registry().deregister(&mut SourceFd(&fd));
        super::socket::close(fd);
        c.set_raw_fd(-1);
        private.forget_readiness();
    }
}

impl mg_mgr {
    /// The private part; `None` before mg_mgr_init() on zeroed memory and after
    /// mg_mgr_free().
    #[inline]
    pub(super) fn private(&self) -> Option<&MgrPrivate> {
        // SAFETY: NULL, or the box that mg_mgr_init made, released only by mg_mgr_free.
        unsafe { self.ifp.get().cast::<MgrPrivate>().as_ref() }
    }

    /// What WebSocket connections that compress share.
    pub(crate) fn deflate(&self) -> Option<Rc<crate::ws::deflate::Shared>> {
        let private = self.private()?;
        Some(private.deflate.get_or_init(Rc::default).clone())
    }
}

/// The manager of a connection.
#[inline]
pub(crate) fn manager(c: &mg_connection) -> Option<&mg_mgr> {
    // SAFETY: a connection's manager outlives it, by contract.
    unsafe { c.mgr.get().as_ref() }
}

/// The time of day in a Date field; `None` for a connection without a manager.
pub(crate) fn date(c: &mg_connection) -> Option<[u8; crate::http::date::LEN]> {
    let private = manager(c).and_then(mg_mgr::private)?;
    Some(private.clock.at(crate::util::ffi::mg_now() / 1000))
}

/// A connection that was never opened has the zero of its zeroed block, not descriptor 0.
pub(super) fn has_descriptor(c: &mg_connection, private: &ConnPrivate) -> bool {
    let opened = private.slot.get() != 0 || c.raw_fd() > 0;
    opened && c.raw_fd() >= 0
}
