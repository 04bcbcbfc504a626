//! `struct mg_connection`: the public part that C sees, and the private part behind it.

use super::ev;
use super::ffi::{mg_addr, mg_event_handler_t, mg_mgr};
use super::loan::Loan;
use super::nesting::keep;
use crate::ffi::guard;
use crate::ffi::leave::call_out;
use crate::fmt::stack::Stack;
use crate::http::state::HttpState;
use crate::iobuf::mg_iobuf;
use crate::modbus::ModbusState;
use crate::mqtt::state::MqttState;
use crate::sntp::Query;
use crate::ws::state::WsState;
use std::cell::{Cell, UnsafeCell};
use std::ffi::{c_char, c_int, c_ulong, c_void};
use std::fmt::Write;
use std::net::IpAddr;

/// Bytes of `data` in `struct mg_connection` (`MG_DATA_SIZE`).
pub const DATA_SIZE: usize = crate::ffi::layout::DATA_SIZE;

/// cbindgen:ignore
/// A connection, a listener, or the library's own channel.
///
/// The header declares the same struct with the flags as bit-fields and without
/// `private`, which lies in the padding behind them.
#[repr(C)]
pub struct mg_connection {
    pub next: Cell<*mut mg_connection>,
    pub mgr: Cell<*mut mg_mgr>,
    pub loc: Cell<mg_addr>,
    pub rem: Cell<mg_addr>,
    pub fd: Cell<*mut c_void>,
    pub id: Cell<c_ulong>,
    pub recv: mg_iobuf,
    pub send: mg_iobuf,
    pub prof: mg_iobuf,
    pub rtls: mg_iobuf,
    pub r#fn: Cell<mg_event_handler_t>,
    pub fn_data: Cell<*mut c_void>,
    pub pfn: Cell<mg_event_handler_t>,
    pub pfn_data: Cell<*mut c_void>,
    pub data: UnsafeCell<[c_char; DATA_SIZE]>,
    pub tls: Cell<*mut c_void>,
    flags: Cell<u32>,
    /// Byte offset of the private part from the start of this struct; 0 when there is
    /// none, which is so for a zeroed struct that a program made itself.
    private: Cell<u32>,
}

/// Single-bit members of `struct mg_connection`, as bit numbers in the unit of `dscp`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Flag {
    Listening = 6,
    Client = 7,
    Accepted = 8,
    Resolving = 9,
    ArpLooking = 10,
    Connecting = 11,
    Tls = 12,
    TlsHs = 13,
    Udp = 14,
    Websocket = 15,
    Mqtt5 = 16,
    Hexdumping = 17,
    Draining = 18,
    Closing = 19,
    Full = 20,
    TlsThrottled = 21,
    Resp = 22,
    Readable = 23,
    Writable = 24,
}

impl mg_connection {
    #[inline]
    pub fn is(&self, flag: Flag) -> bool {
        self.flags.get() >> flag as u8 & 1 != 0
    }

    #[inline]
    pub fn set(&self, flag: Flag, on: bool) {
        let bit = 1u32 << flag as u8;
        let flags = self.flags.get();
        self.flags.set(if on { flags | bit } else { flags & !bit });
    }

    /// True when any of the bits in `mask` (built from [`Flag`] numbers) is set.
    #[inline]
    pub(crate) fn any(&self, mask: u32) -> bool {
        self.flags.get() & mask != 0
    }

    pub fn set_dscp(&self, dscp: u8) {
        self.flags
            .set(self.flags.get() & !0x3f | u32::from(dscp & 0x3f));
    }

    #[inline]
    pub fn as_ptr(&self) -> *mut mg_connection {
        ptr_of(self)
    }

    /// The descriptor, or -1.
    #[inline]
    pub fn raw_fd(&self) -> c_int {
        self.fd.get() as usize as c_int
    }

    #[inline]
    pub fn set_raw_fd(&self, fd: c_int) {
        self.fd.set(fd as isize as *mut c_void);
    }

    /// The private part; `None` for a struct that mg_alloc_conn() did not make.
    #[inline]
    pub fn private(&self) -> Option<&ConnPrivate> {
        let offset = self.private.get() as usize;
        if offset == 0 {
            return None;
        }
        // SAFETY: only mg_alloc_conn sets the offset, to a ConnPrivate it wrote in the
        // same block.
        Some(unsafe { &*self.as_ptr().byte_add(offset).cast::<ConnPrivate>() })
    }

    /// HTTP state; `None` for a struct that mg_alloc_conn() did not make.
    #[inline]
    pub fn http(&self) -> Option<&HttpState> {
        self.private().map(|p| &p.http)
    }

    /// WebSocket state; `None` for a struct that mg_alloc_conn() did not make.
    #[inline]
    pub fn ws(&self) -> Option<&WsState> {
        self.private().map(|p| &p.ws)
    }

    pub(super) fn set_private_offset(&self, offset: usize) {
        self.private.set(offset as u32);
    }
}

fn ptr_of(c: &mg_connection) -> *mut mg_connection {
    std::ptr::from_ref(c).cast_mut()
}

/// What the library keeps about a connection and C never sees.
///
/// What the loop looks at when it visits a connection at rest stands together at the start.
#[derive(Default)]
#[repr(C)]
pub struct ConnPrivate {
    /// What the socket was last seen ready for; see [`Ready`]. Edge-triggered notification tells
    /// once, so it is remembered here until an operation would block.
    ready: Cell<u16>,
    /// Closed: unlinked, MG_EV_CLOSE delivered or being delivered. The memory lives on until no
    /// frame of the loop can look at it.
    pub(super) dead: Cell<bool>,
    /// The peer shut down its side; what is queued is still sent.
    pub(super) peer_done: Cell<bool>,
    /// Bytes were delivered in this iteration. Whatever the peer did behind them, the connection outlives it: a
    /// program may wait for them and use the connection when the iteration has returned.
    pub(super) delivered: Cell<bool>,
    /// MG_EV_ERROR is due in the next turn.
    pub(super) fails: Cell<bool>,
    /// The address that it is to connect to is known.
    pub(super) is_resolved: Cell<bool>,
    /// The protocol wants no more input until some of what is queued was sent.
    pub(super) input_paused: Cell<bool>,
    /// The peer is expected to send more: close gently, so that a reset does not destroy the
    /// last response on its way.
    pub(super) linger: Cell<bool>,
    /// The last read filled all the room it had.
    pub(super) streams_in: Cell<bool>,
    /// On the list of those that something happened to.
    pub(super) is_marked: Cell<bool>,
    /// `fd` is not a socket: read(2) and write(2) serve it.
    pub(super) not_a_socket: Cell<bool>,
    /// The program's own socket, which may be a blocking one.
    pub(super) may_block: Cell<bool>,
    /// `fd` preserves the boundaries of messages.
    pub(super) keeps_messages: Cell<bool>,
    /// A read that fills less than it could does not tell that nothing is left: `fd` is no stream of bytes, or there is
    /// urgent data.
    pub(super) reads_in_parts: Cell<bool>,
    /// It is told when there is room for output.
    pub(super) hears_of_room: Cell<bool>,
    /// Index in the manager's table of registered connections, plus one; 0 when not registered.
    pub(super) slot: Cell<u32>,
    /// The identifier that it is found by.
    pub(super) noted_id: Cell<c_ulong>,
    /// In how many iterations inside of others it was made, or how many of them know it by now.
    pub(super) born: Cell<u32>,
    pub(super) origin: Cell<super::stats::Origin>,
    /// The protocol handler that has more output than `send` holds. It says nothing for another
    /// handler that took its place.
    pub(super) output_pending: Cell<mg_event_handler_t>,
    pub(super) recv_loan: Loan,
    pub(super) send_loan: Loan,
    pub(super) tls: super::tls::Slot,
    pub http: HttpState,
    /// The connection before this one in the manager's list, as far as the library made the list;
    /// NULL also when it is not known.
    pub(super) previous: Cell<*mut mg_connection>,
    /// Accepting failed for lack of descriptors; time of the next try (mg_millis), or 0.
    pub(super) accept_retry_at: Cell<u64>,
    /// Next in the manager's list of closed connections.
    pub(super) next_dead: Cell<*mut mg_connection>,
    pub dash: crate::dash::ffi::DashConn,
    /// Addresses to connect to when the present one fails.
    pub(super) other_addresses: Cell<Option<Box<[IpAddr]>>>,
    /// The file of a listener on a Unix domain socket.
    pub(super) socket_file: Cell<Option<Box<super::local::SocketFile>>>,
    /// What an SNTP client asked.
    pub sntp: Cell<Option<Box<Query>>>,
    pub modbus: ModbusState,
    pub(super) limits: crate::limits::Slot,
    pub ws: WsState,
    pub mqtt: MqttState,
}

/// Bits of [`ConnPrivate::ready`].
#[derive(Clone, Copy)]
pub(super) enum Ready {
    Read = 1,
    Write = 2,
    /// An end of stream was reported behind the readable data.
    ReadClosed = 4,
    /// A body is streamed; see [`streaming`](super::streaming).
    Streaming = 8,
    /// There is more of it to send.
    Pulling = 16,
    /// A function of the program looks at what was received.
    Handing = 32,
    /// A function of the program writes what is to be sent.
    Filling = 64,
    /// It failed for good. What arrived before that is still to be read; then it closes.
    Broken = 128,
    /// MG_EV_POLL is due without waiting: programs look there whether all is sent, and what to do next.
    PollAgain = 256,
}

/// Those that a socket tells of.
const SOCKET: u16 =
    Ready::Read as u16 | Ready::Write as u16 | Ready::ReadClosed as u16 | Ready::Broken as u16;

/// Those that need a turn.
const UNQUIET: u16 =
    Ready::Read as u16 | Ready::Streaming as u16 | Ready::Broken as u16 | Ready::PollAgain as u16;

impl ConnPrivate {
    #[inline]
    pub(super) fn is_ready(&self, what: Ready) -> bool {
        self.ready.get() & what as u16 != 0
    }

    /// True when the protocol handler of `c` has more output than `send` holds.
    #[inline]
    pub(super) fn has_output_pending(&self, c: &mg_connection) -> bool {
        self.has_more_to_share(c) || self.is_pulling(c)
    }

    /// True when that will be queued as soon as there is room.
    #[inline]
    pub(super) fn has_more_to_share(&self, c: &mg_connection) -> bool {
        self.output_pending.get().is_some_and(|handler| {
            c.pfn
                .get()
                .is_some_and(|pfn| pfn as usize == handler as usize)
        })
    }

    /// True when nothing is known of that would have to be done for `c`, apart from what its public
    /// members say.
    #[inline]
    pub(super) fn is_quiet(&self) -> bool {
        self.ready.get() & UNQUIET == 0
            && !self.peer_done.get()
            && self.output_pending.get().is_none()
            && self.recv_loan.is_none()
            && self.send_loan.is_none()
            && !self.tls.is_on()
    }

    pub(super) fn forget_readiness(&self) {
        self.ready.set(self.ready.get() & !SOCKET);
    }

    #[inline]
    pub(super) fn set_ready(&self, what: Ready, on: bool) {
        let bit = what as u16;
        let ready = self.ready.get();
        self.ready.set(if on { ready | bit } else { ready & !bit });
    }
}

impl mg_connection {
    /// True while input stays in the socket because the peer does not take our output, or the program is at it.
    #[inline]
    pub(super) fn is_paused(&self, p: &ConnPrivate) -> bool {
        p.input_paused.get() && self.send.len.get() > 0 || p.is_ready(Ready::Handing)
    }

    /// True for what stays open when something internal goes wrong, since all depend on it:
    /// listeners, and the channel for wakeups.
    pub(super) fn is_lasting(&self) -> bool {
        self.is(Flag::Listening) || super::wake::is_channel(self)
    }

    /// True after the connection was closed. A struct that the library did not make never is.
    #[inline]
    pub fn is_dead(&self) -> bool {
        self.private().is_some_and(|p| p.dead.get())
    }
}

/// Delivers an event: protocol handler first, then the user's handler, which is read
/// after the former returned.
///
/// A handler may run the loop again. That inner iteration must not release `c`, with which our callers go on,
/// even when none of them is an iteration, as in mg_connect().
#[inline]
pub(crate) fn call(c: &mg_connection, event: c_int, data: *mut c_void) {
    let manager = super::mgr::manager(c).and_then(mg_mgr::private);
    let (Some(m), Some(p)) = (manager, c.private()) else {
        return call_in_loop(c, event, data);
    };
    let kept = m.nesting.keep(p);
    call_in_loop(c, event, data);
    drop(kept);
    m.visits.mark(p);
}

/// [`call`] for the loop, which keeps the memory of closed connections anyway.
#[inline]
pub(super) fn call_in_loop(c: &mg_connection, event: c_int, data: *mut c_void) {
    let was_dead = c.is_dead();
    if let Some(pfn) = c.pfn.get() {
        // SAFETY: the program or the library installed this handler for connections.
        unsafe { call_handler(pfn, c, event, data) };
    }
    // If a handler closed the connection meanwhile, MG_EV_CLOSE was its last event.
    if was_dead || !c.is_dead() {
        call_user(c, event, data);
    }
}

/// Delivers an event to the user's handler alone.
#[inline]
pub(crate) fn call_user(c: &mg_connection, event: c_int, data: *mut c_void) {
    if let Some(f) = c.r#fn.get() {
        // SAFETY: as in `call`.
        unsafe { call_handler(f, c, event, data) };
    }
}

/// # Safety
/// `f` may be called with these.
#[inline]
pub(crate) unsafe fn call_handler(f: Handler, c: &mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: the same function, of which more is expected.
    let f: UnwindingHandler = unsafe { std::mem::transmute(f) };
    // SAFETY: forwarded from the caller.
    call_out(|| unsafe { f(c.as_ptr(), event, data) });
}

pub(crate) type Handler = unsafe extern "C" fn(*mut mg_connection, c_int, *mut c_void);
type UnwindingHandler = unsafe extern "C-unwind" fn(*mut mg_connection, c_int, *mut c_void);

/// Does something for a connection. A panic costs that connection, which gets MG_EV_ERROR and
/// closes, and nobody else. A listener gets the event and stays.
#[inline]
pub(crate) fn contain<R>(c: &mg_connection, fallback: R, body: impl FnOnce() -> R) -> R {
    guard(None, || Some(body())).unwrap_or_else(|| {
        fail_after_panic(c);
        fallback
    })
}

/// The same where nobody delivers an event to the connection: its memory stays, too, whatever functions of the program
/// do.
#[inline]
pub(crate) fn contain_kept<R>(c: &mg_connection, fallback: R, body: impl FnOnce() -> R) -> R {
    let _kept = keep(c);
    contain(c, fallback, body)
}

#[cold]
pub(super) fn fail_after_panic(c: &mg_connection) {
    const TEXT: &[u8] = b"internal error";
    if c.is_lasting() {
        guard((), || report(c, TEXT));
    } else if !c.is_dead() {
        guard((), || error(c, TEXT));
    }
}

/// Fails the connection: sets `is_closing`, and [`report`]s why.
#[cold]
pub(crate) fn error(c: &mg_connection, text: &[u8]) {
    c.set(Flag::Closing, true);
    report(c, text);
}

/// Logs `text` and fires MG_EV_ERROR with it, cut to 63 bytes.
#[cold]
pub(crate) fn report(c: &mg_connection, text: &[u8]) {
    let mut buf = [0u8; 64];
    let n = text.len().min(buf.len() - 1);
    buf[..n].copy_from_slice(&text[..n]);
    crate::log::error(format_args!(
        "{} {} {}",
        c.id.get(),
        c.raw_fd(),
        String::from_utf8_lossy(&buf[..n])
    ));
    super::stats::count(c, |n| &n.errors);
    call(c, ev::ERROR, buf.as_mut_ptr().cast());
}

/// [`error`] with the number of a system error behind the name of what failed.
#[cold]
pub(super) fn system_error(c: &mg_connection, what: &str, cause: &std::io::Error) {
    let mut text = Stack::<64>::new();
    let _ = write!(text, "{what}: {}", cause.raw_os_error().unwrap_or(0));
    error(c, text.as_bytes());
}
