//! The private part of a manager: the readiness queue, the table of registered
//! connections, and connections that are closed but not yet released.

use super::conn::{ConnPrivate, Flag, Ready, call};
use super::loan::Spare;
use super::poll::HOUSEKEEPING_MS;
use super::resolve::Resolver;
use super::socket::NO_ADDR;
use super::visits::Visits;
use super::wake::Wake;
use super::{IO_SIZE, ev, mg_connection, mg_mgr};
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::heap::strictly;
use crate::ffi::leave::Uncancelled;
use crate::ffi::{guard, inject};
use mio::unix::SourceFd;
use mio::{Interest, Token};
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};
use std::collections::VecDeque;
use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;
use std::rc::Rc;
use std::time::Duration;

/// Most readiness events taken in one iteration.
pub(super) const EVENTS_CAPACITY: usize = 1024;

/// How long a gently closed socket may go on discarding input.
const LINGER_MS: u64 = 2000;
/// How many do; then the oldest is closed at once.
const MAX_LINGERING: usize = 256;

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
    dead: Cell<*mut mg_connection>,
    /// The greatest `born` among them, and among those that live.
    youngest_dead: Cell<u32>,
    youngest: Cell<u32>,
    /// Sockets whose connection is gone, discarding input until the peer closes too.
    lingering: RefCell<VecDeque<(c_int, u64)>>,
    /// When they were looked at (mg_millis).
    lingering_served: Cell<u64>,
    /// Depth of mg_mgr_poll() calls, and of deliveries outside of them, on the stack.
    pub depth: Cell<u32>,
    /// Those of the former alone.
    iterations: Cell<u32>,
    /// What `depth` was when the innermost of them began.
    iteration_depth: Cell<u32>,
    /// A handler of the iteration outside runs it, and nothing of the library is in between.
    is_direct: Cell<bool>,
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

/// What the iteration knew that another one interrupts.
pub(super) struct Enclosing {
    depth: u32,
    is_direct: bool,
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
            dead: Cell::new(ptr::null_mut()),
            youngest_dead: Cell::new(0),
            youngest: Cell::new(0),
            lingering: RefCell::default(),
            lingering_served: Cell::new(0),
            depth: Cell::new(0),
            iterations: Cell::new(0),
            iteration_depth: Cell::new(0),
            is_direct: Cell::new(false),
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

    fn deregister(&self, c: &mg_connection) {
        let Some(private) = c.private() else { return };
        if let Some(slot) = private.slot.get().checked_sub(1) {
            self.slots.borrow_mut()[slot as usize] = ptr::null_mut();
            self.wake.index.remove(private.noted_id.get());
            let fd = c.raw_fd();
            // A descriptor that the program closed itself is no longer registered.
            let _ = self.registry().deregister(&mut SourceFd(&fd));
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

    /// Puts a closed connection on the list of those to release.
    fn bury(&self, c: &mg_connection) {
        if let Some(private) = c.private() {
            private.next_dead.set(self.dead.replace(c.as_ptr()));
            let youngest = self.youngest_dead.get().max(private.born.get());
            self.youngest_dead.set(youngest);
        }
    }

    /// True when there are closed connections to release.
    pub fn has_dead(&self) -> bool {
        !self.dead.get().is_null()
    }

    /// Begins an iteration; returns what [`Self::end_iteration`] needs.
    pub fn begin_iteration(&self) -> Enclosing {
        let enclosing = Enclosing {
            depth: self.iteration_depth.get(),
            is_direct: self.is_direct.get(),
        };
        let (depth, iterations) = (self.depth.get(), self.iterations.get());
        self.is_direct
            .set(iterations > 0 && depth == enclosing.depth);
        self.depth.set(depth + 1);
        self.iterations.set(iterations + 1);
        self.iteration_depth.set(depth + 1);
        enclosing
    }

    /// Releases the closed connections that no frame on the stack can know. With none those are all of them. At the
    /// end of an iteration that a handler runs, those that were made in it, and in others that handlers of the same
    /// iteration ran before: that one goes from the head of the list as it was to its tail.
    pub fn end_iteration(&self, mgr: &mg_mgr, enclosing: &Enclosing) {
        let level = self.level();
        let is_direct = self.is_direct.replace(enclosing.is_direct);
        self.iteration_depth.set(enclosing.depth);
        self.depth.set(self.depth.get() - 1);
        self.iterations.set(self.iterations.get() - 1);
        if self.depth.get() == 0 {
            self.reap();
        } else if is_direct && self.youngest_dead.get() >= level {
            self.reap_from(level);
        }
        self.note_all_known(mgr, level);
    }

    /// Iterations of this level know those connections from now on that live.
    fn note_all_known(&self, mgr: &mg_mgr, level: u32) {
        if self.youngest.get() > level {
            self.youngest.set(level);
            for_each(mgr, |c| {
                if let Some(p) = c.private() {
                    p.born.set(p.born.get().min(level));
                }
            });
        }
    }

    /// The running iteration is about to visit all connections.
    #[inline]
    pub fn begin_visits(&self, mgr: &mg_mgr) {
        self.note_all_known(mgr, self.level());
    }

    /// The running iteration knows a connection from now on.
    pub fn note_known(&self, p: &ConnPrivate) {
        p.born.set(p.born.get().min(self.level()));
    }

    /// In how many iterations inside of others we are.
    #[inline]
    fn level(&self) -> u32 {
        self.iterations.get().saturating_sub(1)
    }

    /// True when no frame on the stack can know a connection but those of the running iteration, which a handler
    /// runs.
    #[inline]
    pub fn is_younger(&self, p: &ConnPrivate) -> bool {
        self.is_direct.get() && p.born.get() == self.level()
    }

    /// Releases all closed connections. Only to be called when no frame of the loop is below.
    pub fn reap(&self) {
        if self.has_dead() {
            self.reap_from(0);
        }
    }

    /// Releases closed connections that were made at this level or above.
    fn reap_from(&self, level: u32) {
        let mut next = self.dead.replace(ptr::null_mut());
        self.youngest_dead.set(0);
        while !next.is_null() {
            // SAFETY: buried connections are ours and nobody else releases them.
            let c = unsafe { &*next };
            let Some(private) = c.private() else { return };
            next = private.next_dead.get();
            if private.born.get() < level {
                self.bury(c);
                continue;
            }
            if let Some(slot) = private.slot.get().checked_sub(1) {
                self.vacant.borrow_mut().push(slot);
            }
            release(c);
        }
    }

    /// Discards input of gently closed sockets and drops those that are done.
    pub fn serve_lingering(&self, now: u64) {
        self.lingering_served.set(now);
        self.lingering.borrow_mut().retain(|&(fd, deadline)| {
            let keep = now < deadline && !self.discard_input(fd);
            if !keep {
                super::socket::close(fd);
            }
            keep
        });
    }

    fn has_lingering(&self) -> bool {
        !self.lingering.borrow().is_empty()
    }

    /// When gently closed sockets have to be looked at, if there are any (mg_millis).
    pub fn lingering_due(&self) -> Option<u64> {
        self.has_lingering()
            .then(|| self.lingering_served.get() + HOUSEKEEPING_MS)
    }

    fn linger(&self, fd: c_int) {
        // SAFETY: shutdown accepts any descriptor.
        unsafe { libc::shutdown(fd, libc::SHUT_WR) };
        if self.discard_input(fd) {
            return super::socket::close(fd);
        }
        if self.lingering.borrow().len() >= MAX_LINGERING {
            self.drop_lingering();
        }
        let mut lingering = self.lingering.borrow_mut();
        if strictly(|| lingering.try_reserve(1)).is_ok() {
            lingering.push_back((fd, crate::util::ffi::mg_millis() + LINGER_MS));
        } else {
            super::socket::close(fd);
        }
    }

    /// Closes the gently closed socket that has waited longest. False when there is none.
    pub fn drop_lingering(&self) -> bool {
        let oldest = self.lingering.borrow_mut().pop_front();
        if let Some((fd, _)) = oldest {
            super::socket::close(fd);
        }
        oldest.is_some()
    }

    /// Reads and drops what is there, within a bound. True when the stream has ended.
    fn discard_input(&self, fd: c_int) -> bool {
        let mut scratch = [0u8; 4096];
        for _ in 0..64 {
            // SAFETY: the buffer is as long as stated.
            let n = unsafe {
                libc::recv(
                    fd,
                    scratch.as_mut_ptr().cast(),
                    scratch.len(),
                    libc::MSG_DONTWAIT,
                )
            };
            match usize::try_from(n) {
                Ok(0) => return true,
                Ok(n) => self.stats.bytes_received.add(n),
                Err(_) => {
                    return !matches!(
                        io::Error::last_os_error().kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    );
                }
            }
        }
        false
    }
}

impl Drop for MgrPrivate {
    fn drop(&mut self) {
        self.serve_lingering(u64::MAX);
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
        p.born.set(private.level());
        private
            .youngest
            .set(private.youngest.get().max(private.level()));
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
    let _depth = mgr.private().map(Deeper::new);
    let mut next = mgr.conns.get();
    while !next.is_null() {
        // SAFETY: reached through the list or through a connection of the list; closed ones keep
        // their memory while `depth` is not 0.
        let c = unsafe { &*next };
        next = c.next.get();
        if !c.is_dead() {
            f(c);
        }
    }
}

/// While it lives, connections that are closed keep their memory.
pub(crate) struct Deeper<'a>(&'a Cell<u32>);

/// For functions of a connection in which a function of the program may run the loop.
#[inline]
pub(crate) fn keep(c: &mg_connection) -> Option<Deeper<'_>> {
    manager(c).and_then(mg_mgr::private).map(Deeper::new)
}

impl Deeper<'_> {
    pub(super) fn new(private: &MgrPrivate) -> Deeper<'_> {
        private.depth.set(private.depth.get() + 1);
        Deeper(&private.depth)
    }
}

impl Drop for Deeper<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
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
        crate::net::resolve::cancel(c);
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
    crate::mqtt::ffi::session::closed(c);
    call(c, ev::CLOSE, ptr::null_mut());
    crate::http::stream::ffi::closed(c);
    match mgr.private() {
        Some(p) => p.bury(c),
        None => release(c),
    }
}

/// A connection that was never opened has the zero of its zeroed block, not descriptor 0.
fn has_descriptor(c: &mg_connection, private: &ConnPrivate) -> bool {
    let opened = private.slot.get() != 0 || c.raw_fd() > 0;
    opened && c.raw_fd() >= 0
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
        p.linger(c.raw_fd());
    } else {
        super::socket::close(c.raw_fd());
    }
    drop(private.socket_file.take());
}
