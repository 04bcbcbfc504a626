//! Whole connections: the event loop at one end of a socket pair, and a peer at the other that sends what a target
//! wants, in pieces.

use mongoose::net::ffi::{mg_call, mg_mgr_free, mg_mgr_init, mg_mgr_poll, mg_wrapfd};
use mongoose::net::{Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use std::ffi::c_void;
use std::io::{ErrorKind, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;

/// Turns of the loop without any change after which a connection counts as at rest. Handlers that put
/// something off must do it for fewer.
const QUIET: u32 = 6;
/// Turns within which any input must have been dealt with.
const MAX_TURNS: u32 = 50_000;
/// What a connection may hold for a peer that does not read.
const MAX_QUEUED: usize = 1 << 20;

/// How a peer cuts its input into pieces, and how many turns the loop gets after each.
#[derive(Clone, Copy)]
pub struct Cuts(u8);

impl Cuts {
    pub const WHOLE: Cuts = Cuts(0);

    pub fn new(seed: u8) -> Cuts {
        Cuts(seed)
    }

    /// Lengths and turns: all of it, pieces of one size, or of any.
    fn pieces(self, len: usize) -> impl Iterator<Item = (usize, u32)> {
        let mut state = u32::from(self.0).wrapping_mul(0x9e37_79b9) | 1;
        let mut left = len;
        std::iter::from_fn(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let any = (state >> 24) as usize;
            let n = match (self.0, self.0 % 4) {
                (0, _) => left,
                (size, 1) => usize::from(size / 4) + 1,
                (_, 2) => any / 16 + 1,
                _ => any * any / 64 + 1,
            };
            let n = n.min(left);
            left -= n;
            (n > 0).then_some((n, state >> 16 & 3))
        })
    }
}

/// A manager whose loop runs when its peers want.
pub struct Loop(Box<MaybeUninit<mg_mgr>>);

impl Loop {
    pub fn new() -> Loop {
        crate::silence();
        let mut mgr = Box::new(MaybeUninit::zeroed());
        // SAFETY: the memory is writable and stays where it is.
        unsafe { mg_mgr_init(mgr.as_mut_ptr()) };
        Loop(mgr)
    }

    pub fn as_ptr(&self) -> *mut mg_mgr {
        self.0.as_ptr().cast_mut()
    }

    /// One iteration, and what must hold after each.
    pub fn turn(&self) {
        // SAFETY: the manager is initialised, and no handler runs.
        unsafe { mg_mgr_poll(self.as_ptr(), 0) };
        for c in self.connections() {
            assert!(c.send.len.get() <= MAX_QUEUED, "output without bound");
        }
    }

    fn connections(&self) -> impl Iterator<Item = &mg_connection> {
        // SAFETY: the manager is initialised; connections of its list are live while no handler runs.
        let mut next = unsafe { (*self.as_ptr()).conns.get() };
        std::iter::from_fn(move || {
            // SAFETY: as above.
            let c = unsafe { next.as_ref() }?;
            next = c.next.get();
            Some(c)
        })
    }

    /// A peer of a connection that has these handlers, as if a listener had accepted it.
    pub fn accept(
        &self,
        pfn: mg_event_handler_t,
        f: mg_event_handler_t,
        fn_data: *mut c_void,
    ) -> Peer<'_> {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        // SAFETY: a live manager, and a descriptor that the connection owns from now on.
        let c = unsafe { &*mg_wrapfd(self.as_ptr(), ours.into_raw_fd(), f, fn_data) };
        c.pfn.set(pfn);
        c.set(Flag::Accepted, true);
        // SAFETY: a live connection.
        unsafe { mg_call(c.as_ptr(), ev::ACCEPT, std::ptr::null_mut()) };
        Peer {
            around: self,
            id: c.id.get(),
            socket: theirs,
            received: Vec::new(),
            gone: false,
            reads: true,
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        // SAFETY: initialised, and not used any more.
        unsafe { mg_mgr_free(self.as_ptr()) };
    }
}

pub struct Peer<'a> {
    around: &'a Loop,
    id: u64,
    socket: UnixStream,
    pub received: Vec<u8>,
    /// The other side closed.
    pub gone: bool,
    /// Takes what comes as soon as it comes.
    pub reads: bool,
}

impl Peer<'_> {
    /// The connection, unless it is closed.
    pub fn connection(&self) -> Option<&mg_connection> {
        self.around.connections().find(|c| c.id.get() == self.id)
    }

    fn read(&mut self) {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.socket.read(&mut piece) {
                Ok(0) => self.gone = true,
                Ok(n) => {
                    self.received.extend_from_slice(&piece[..n]);
                    continue;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.gone = true,
            }
            return;
        }
    }

    fn turn(&mut self) {
        self.around.turn();
        if self.reads {
            self.read();
        }
    }

    /// Sends bytes in pieces; those that the other side does not take after it closed are lost.
    pub fn send(&mut self, bytes: &[u8], cuts: Cuts) {
        let (mut rest, mut turns) = (bytes, 0);
        for (n, pause) in cuts.pieces(bytes.len()) {
            let (piece, after) = rest.split_at(n);
            rest = after;
            let mut sent = 0;
            while sent < piece.len() && !self.gone {
                match self.socket.write(&piece[sent..]) {
                    Ok(n) => sent += n,
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {
                        // Our own output may be what it waits for.
                        self.turn();
                        self.read();
                        turns += 1;
                        assert!(turns < MAX_TURNS, "input is not taken");
                    }
                    Err(_) => self.gone = true,
                }
            }
            for _ in 0..pause {
                self.turn();
            }
        }
    }

    /// Lets the loop run until nothing changes any more.
    pub fn settle(&mut self) {
        let (mut last, mut quiet) = (None, 0);
        for _ in 0..MAX_TURNS {
            self.turn();
            let state = self
                .connection()
                .map(|c| (c.recv.len.get(), c.send.len.get(), c.is(Flag::Resp)));
            let now = (self.received.len(), self.gone, state);
            quiet = if last.as_ref() == Some(&now) {
                quiet + 1
            } else {
                0
            };
            last = Some(now);
            if quiet == QUIET {
                if self.reads {
                    return;
                }
                // Whoever did not read so far does at last.
                self.reads = true;
                quiet = 0;
            }
        }
        panic!("the connection does not come to rest");
    }

    /// Ends the conversation, and sees the connection gone.
    pub fn close(self, gently: bool) {
        let Peer {
            around, id, socket, ..
        } = self;
        let gone = || !around.connections().any(|c| c.id.get() == id);
        if gently {
            let _ = socket.shutdown(Shutdown::Write);
            (0..2 * QUIET).for_each(|_| around.turn());
        }
        drop(socket);
        for _ in 0..MAX_TURNS {
            if gone() {
                return;
            }
            around.turn();
        }
        panic!("the connection outlives its peer");
    }
}
