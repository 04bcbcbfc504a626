#![allow(unsafe_code)]

use super::conn::system_error;
use super::connect::{self, Handlers};
use super::list;
use super::mgr::MgrPrivate;
use super::stats::Origin;
use super::{Flag, call, due, io, limits, mg_connection, poll, resolve, socket, wake};
use crate::ffi::alloc::try_box;
use crate::ffi::leave::Uncancelled;
use crate::ffi::str::{bytes, cstr};
use crate::ffi::{guard, guard_uncancelled, heap};
use crate::timer::ffi::mg_timer;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void};
use std::ptr::null_mut;

/// Result of a failed input or output operation.
pub(super) const MG_IO_ERR: c_long = -1;
/// Result of an operation that would block.
pub(super) const MG_IO_WAIT: c_long = -2;

/// A connection's event handler: `ev` is an MG_EV_* value, and `ev_data` points to what
/// the event documents. Runs on the thread that polls the manager. It may call any
/// function of this library except mg_mgr_free() on its own manager.
pub type mg_event_handler_t =
    Option<unsafe extern "C" fn(c: *mut mg_connection, ev: c_int, ev_data: *mut c_void)>;

/// Address bytes in network order.
#[repr(C)]
#[derive(Clone, Copy)]
pub union mg_addr_bytes {
    /// All 16 bytes; an IPv4 address uses the first 4.
    pub ip: [u8; 16],
    /// IPv4 address, network byte order.
    pub ip4: u32,
    /// IPv6 address, network byte order.
    pub ip6: [u64; 2],
}

/// A network address and port.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_addr {
    /// The address, network byte order.
    pub addr: mg_addr_bytes,
    /// TCP or UDP port, network byte order.
    pub port: u16,
    /// IPv6 scope (interface index), 0 for none.
    pub scope_id: u8,
    /// True for an IPv6 address.
    pub is_ip6: bool,
}

/// A DNS server: its URL, and the library's connection to it.
#[repr(C)]
pub struct mg_dns {
    /// URL such as "udp://8.8.8.8:53", or "tcp://..." to ask over TCP, with the server's address and not
    /// its name. The pointer is kept; it must stay valid. As long as it is the one that mg_mgr_init() put
    /// there, the host's own files decide: /etc/hosts and /etc/resolv.conf, and this server only
    /// if they name none.
    pub url: Cell<*const c_char>,
    /// The connection used for queries, or NULL. Owned by the library, made when it is needed; it is one
    /// of `mgr->conns`.
    pub c: Cell<*mut mg_connection>,
}

/// Handle for mg_wakeup().
#[repr(C)]
#[derive(Clone, Copy)]
pub union mg_pipe {
    /// Writing end, or -1 before mg_wakeup_init().
    pub fd: c_int,
    /// Not used on hosts with sockets.
    pub q: *mut c_void,
}

/// Incomplete: stands for the embedded TCP/IP stack, which this library does not have.
#[repr(C)]
pub struct mg_tcpip_if {
    _opaque: [u8; 0],
}

/// An event manager: the list of connections, their timers and name servers.
///
/// The program owns the struct, calls mg_mgr_init() before anything else and
/// mg_mgr_free() at the end. It must not be moved or copied in between. All
/// functions on one manager and its connections belong to one thread at a time, except
/// mg_wakeup() and mg_mgr_call().
#[repr(C)]
pub struct mg_mgr {
    /// Head of the connection list, newest first. Read only.
    pub conns: Cell<*mut mg_connection>,
    /// IPv4 name server.
    pub dns4: mg_dns,
    /// IPv6 name server.
    pub dns6: mg_dns,
    /// Multicast DNS connection, or NULL. Owned by the library.
    pub mdns: Cell<*mut mg_connection>,
    /// Milliseconds after which a name lookup fails, initially 3000. Within that time, a lost question
    /// is sent again.
    pub dnstimeout: Cell<c_int>,
    /// Ask `dns6`, for IPv6 addresses only. Otherwise `dns4` is asked for IPv4 addresses, and for IPv6
    /// addresses if there are none or no route leads to them.
    pub use_dns6: Cell<bool>,
    /// Last connection id given out.
    pub nextid: Cell<c_ulong>,
    /// Free for the program.
    pub userdata: Cell<*mut c_void>,
    /// TLS state shared by connections. Internal.
    pub tls_ctx: Cell<*mut c_void>,
    /// Last MQTT packet id given out.
    pub mqtt_id: Cell<u16>,
    /// Internal.
    pub active_dns_requests: Cell<*mut c_void>,
    /// Internal.
    pub active_mdns_requests: Cell<*mut c_void>,
    /// Head of the timer list, for the mg_timer_*() functions.
    pub timers: Cell<*mut mg_timer>,
    /// Descriptor to wait on, see mg_mgr_fd(), or negative. Read only.
    pub epoll_fd: Cell<c_int>,
    /// Internal: the library's private state of this manager.
    pub ifp: Cell<*mut mg_tcpip_if>,
    /// Extra bytes to allocate behind each `struct mg_connection`.
    pub extraconnsize: Cell<usize>,
    /// Writing end of the wakeup channel.
    pub pipe: Cell<mg_pipe>,
}

/// Initialises a manager. Whatever `mgr` held before is ignored; set `userdata` and other
/// members afterwards.
///
/// Process-wide effect: SIGPIPE is ignored from now on. When no readiness queue can be had
/// (out of descriptors), an error is logged, `epoll_fd` is negative, and the manager cannot
/// open anything.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_init(mgr: *mut mg_mgr) {
    guard_uncancelled((), || {
        if mgr.is_null() {
            return;
        }
        // SAFETY: pointer contract; all-zero bytes are a valid mg_mgr.
        let mgr = unsafe {
            mgr.write_bytes(0, 1);
            &*mgr
        };
        mgr.pipe.set(mg_pipe { fd: -1 });
        mgr.dnstimeout.set(3000);
        mgr.dns4.url.set(resolve::DEFAULT_DNS4.as_ptr());
        mgr.dns6.url.set(resolve::DEFAULT_DNS6.as_ptr());
        mgr.epoll_fd.set(-1);
        // SAFETY: SIG_IGN is a valid disposition.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        heap::ran_out();
        match MgrPrivate::new() {
            Ok(private) => match try_box(private).filter(|_| !heap::ran_out()) {
                Some(private) => {
                    mgr.epoll_fd.set(private.raw_fd());
                    mgr.ifp.set(Box::into_raw(private).cast());
                }
                None => crate::log::error(format_args!("OOM")),
            },
            Err(e) => crate::log::error(format_args!(
                "epoll_create1 errno {}",
                e.raw_os_error().unwrap_or(0)
            )),
        }
        let tls = if cfg!(feature = "tls") {
            "rustls"
        } else {
            "none"
        };
        crate::log::debug(format_args!("MG_IO_SIZE: {}, TLS: {tls}", super::IO_SIZE));
    });
}

/// Closes all connections (each gets MG_EV_POLL, then MG_EV_CLOSE), releases all timers made by
/// mg_timer_add() and everything else the library keeps for the manager. Handlers cannot open new
/// connections meanwhile. Harmless on a zeroed or already freed manager. Must not be called
/// from a handler: that is logged and does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_free(mgr: *mut mg_mgr) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(mgr) = unsafe { mgr.as_ref() } {
            poll::free(mgr);
        }
    });
}

/// Runs one iteration of the event loop: waits up to `ms` milliseconds for something to do
/// (negative: for ever; 0: not at all), runs due timers, and serves every connection once.
/// Timers do not shorten the wait, unless input waits because of `is_full`, which they may clear. A signal
/// ends the wait. Call it in a loop, from one thread.
///
/// pthread_cancel() takes effect at the end of an iteration; threads other than the first one, unless they have disabled
/// that, therefore wait a second at most. pthread_exit() in a handler ends such a thread at once, without its cleanup
/// handlers; the manager is of no use then, and mg_mgr_free() does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn mg_mgr_poll(mgr: *mut mg_mgr, ms: c_int) {
    let uncancelled = Uncancelled::begin();
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(mgr) = unsafe { mgr.as_ref() } {
            poll::poll(mgr, uncancelled.cut(ms));
        }
    });
    // SAFETY: nothing else of the library runs, unless the program called this function from a handler.
    unsafe { uncancelled.end() };
}

/// Tells that connections to which nothing happens need MG_EV_POLL only every `ms` milliseconds, or as often as
/// mg_mgr_poll() is called if that is rarer. Then an iteration costs time for the connections at work,
/// and not for those at rest, of which there may be many thousands. 0, the default: every connection gets
/// MG_EV_POLL in every iteration.
///
/// What is sent by a function of this library, what arrives and what a handler does to its own connection
/// takes effect as ever. What may be late, by `ms` or one wait in mg_mgr_poll(): fields that the program
/// writes in *another* connection or between two polls, such as `is_closing`, `is_draining`, `is_full` and
/// `send.len`, and what handlers do in MG_EV_POLL, such as watching for time-outs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_idle_interval(mgr: *mut mg_mgr, ms: c_uint) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(private) = unsafe { mgr.as_ref() }.and_then(mg_mgr::private) {
            private.visits.set_interval(ms.into());
        }
    });
}

/// The descriptor to wait for in another event loop: it becomes readable when a connection of `mgr` is ready
/// or another thread called mg_wakeup() or mg_mgr_call(). An epoll or kqueue descriptor, which poll(), select(),
/// epoll and kqueue take like any other, level- or edge-triggered. The loop that waits for it calls mg_mgr_poll()
/// with 0 when it is readable, or when the time has passed that mg_mgr_timeout() says; it needs both.
/// docs/event-loops.md has examples.
///
/// It stays the same from mg_mgr_init() to mg_mgr_free(), and is the library's: wait for it, and do not read, close
/// or register anything with it. Stop waiting before mg_mgr_free(). It is closed by exec; a child process that was
/// forked must not use it. -1 when `mgr` is NULL or has no readiness queue, see mg_mgr_init().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_fd(mgr: *mut mg_mgr) -> c_int {
    guard(-1, || {
        // SAFETY: pointer contract.
        let private = unsafe { mgr.as_ref() }.and_then(mg_mgr::private);
        private.map_or(-1, MgrPrivate::raw_fd)
    })
}

/// The most milliseconds that another event loop may wait for mg_mgr_fd() before it calls mg_mgr_poll() with 0. 0: do
/// not wait. -1: there is nothing to do until the descriptor becomes readable.
///
/// Counts timers, deadlines of limits, name lookups and other time-outs of the library, and what is left to do without
/// waiting, such as output that was queued since the last poll. Ask again before each wait, because whatever is done
/// to the manager or to a connection may change the answer. On the manager's thread.
///
/// Handlers get MG_EV_POLL when the manager is polled, and so not at all while nothing happens. Those that
/// watch the time in it need a repeating timer, or mg_mgr_idle_interval(), whose interval counts here. A repeating timer
/// with a period of 0 makes the answer always 0.
///
/// Takes time for each timer, and for each connection unless there is something to do at once; after
/// mg_mgr_idle_interval() only for connections at work.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_timeout(mgr: *mut mg_mgr) -> c_int {
    guard(0, || {
        // SAFETY: pointer contract.
        let wait = unsafe { mgr.as_ref() }.and_then(due::wait);
        wait.map_or(-1, |ms| c_int::try_from(ms).unwrap_or(c_int::MAX))
    })
}

/// Tells whether listeners that `mgr` opens from now on share their port (SO_REUSEPORT) with
/// those of other managers that do the same: a server runs a manager in each of several threads, and the
/// system deals new connections out to them. Off by default, because another process of the same
/// user could join in. False where the system cannot do that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_reuse_port(mgr: *mut mg_mgr, on: bool) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(private) = unsafe { mgr.as_ref() }.and_then(mg_mgr::private) else {
            return false;
        };
        private.reuse_port.set(on && socket::CAN_REUSE_PORT);
        private.reuse_port.get() == on
    })
}

/// Allocates a connection with `mgr->extraconnsize` zeroed bytes behind it and gives it an id.
/// It is not in the manager's list and has no descriptor. NULL when memory is exhausted. For
/// network back-ends; programs use mg_listen(), mg_connect() and mg_wrapfd().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_alloc_conn(mgr: *mut mg_mgr) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let c = unsafe { mgr.as_ref() }.and_then(list::allocate);
        // The program puts it where it likes.
        if let Some(p) = c.and_then(mg_connection::private) {
            p.born.set(0);
        }
        c.map_or(null_mut(), mg_connection::as_ptr)
    })
}

/// Closes a connection now: its descriptor is closed, it leaves the manager's list, and
/// MG_EV_CLOSE fires before this returns. Data not sent yet is lost; set `c->is_draining`
/// to send it first. Allowed in any handler, also on other connections. The memory stays
/// readable until the running (or next) mg_mgr_poll() ends; do not use `c` after that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_close_conn(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            list::close(c);
        }
    });
}

/// Delivers an event to a connection: first to its protocol handler `pfn`, then to its handler
/// `fn`, as it is by then. Programs may send their own events, numbered from MG_EV_USER.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_call(c: *mut mg_connection, ev: c_int, ev_data: *mut c_void) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            call(c, ev, ev_data);
        }
    });
}

/// Opens a listener for a URL such as "tcp://0.0.0.0:1234", "http://[::]:80" or "udp://:5000".
///
/// The host must be a literal address, "localhost" or empty (all IPv4 addresses); names are not
/// looked up. The scheme "udp" gives a UDP socket, any other a TCP listener. Port 0 picks a
/// free port; `c->loc.port` tells which. "[::]" serves IPv4 too.
///
/// Not in the original: "unix:///run/app.sock" listens on a Unix domain socket, "unix://@name" on one in
/// Linux's abstract namespace; there `c->loc` and `c->rem` are zero. A socket file that nobody listens on
/// any more is replaced; when the listener closes, its file is removed. "?mode=0660" behind the path sets the
/// permissions before anybody can connect; without it the umask decides. "fd://3" takes over a descriptor on
/// which listen() was called, or a bound UDP socket, and closes it with the connection;
/// "systemd://" takes the first one that systemd passed to this process, "systemd://web" that with
/// `FileDescriptorName=web`. "https+unix:///run/app.sock" and the like, with any scheme before the "+",
/// tell handlers of TLS through `c->is_tls`, as the scheme does elsewhere. All listening functions
/// take these URLs.
///
/// MG_EV_OPEN fires before this returns. Returns the listener, owned by the manager, or NULL (logged) when the URL is
/// invalid, the address is in use, or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_listen(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let (Some(mgr), false) = (unsafe { mgr.as_ref() }, url.is_null()) else {
            crate::log::error(format_args!("null url"));
            return null_mut();
        };
        // SAFETY: pointer contract.
        let c = connect::listen(mgr, unsafe { cstr(url) }, r#fn, fn_data);
        c.map_or(null_mut(), mg_connection::as_ptr)
    })
}

/// Gives connection `c` a listening socket for `url` (see mg_listen()), without putting it into
/// the manager's list or setting flags. For network back-ends. False (logged) on failure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_open_listener(c: *mut mg_connection, url: *const c_char) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        match unsafe { c.as_ref() } {
            // SAFETY: pointer contract.
            Some(c) if !url.is_null() => connect::open_listener(c, unsafe { cstr(url) }).is_some(),
            _ => false,
        }
    })
}

/// Opens a client connection to a URL such as "tcp://127.0.0.1:80" or "udp://1.2.3.4:53".
///
/// MG_EV_OPEN fires before this returns, MG_EV_RESOLVE when the address is known, MG_EV_CONNECT when
/// the connection is up; data sent before that is queued. Failure is told by MG_EV_ERROR
/// and MG_EV_CLOSE, possibly the former before this returns.
///
/// The host may be a name: one that ends in ".local" is asked of multicast DNS, see mg_mdns_listen(),
/// others of `mgr->dns4`. Answers are kept for as long as they say, an hour at most. A host with
/// several addresses is tried at up to 8 of them, TCP only; `c->rem` is the one at hand.
///
/// Not in the original: "unix:///run/app.sock" and "unix://@name" connect to a Unix domain socket, also
/// with a scheme, as in "wss+unix:///run/app.sock". mg_ws_connect() asks there for the URI "/", or for that
/// which follows a colon, as in "unix:///run/app.sock:/chat". When the server's queue is full, connecting fails.
///
/// Returns the connection, owned by the
/// manager, or NULL when `url` is NULL or empty or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_connect(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    // SAFETY: same contract.
    unsafe { mg_connect_svc(mgr, url, r#fn, fn_data, None, null_mut()) }
}

/// Like mg_connect(), with a protocol handler `pfn` that sees every event before `fn` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_connect_svc(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
    pfn: mg_event_handler_t,
    pfn_data: *mut c_void,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let Some(mgr) = (unsafe { mgr.as_ref() }) else {
            return null_mut();
        };
        let handlers = Handlers {
            f: r#fn,
            fn_data,
            pfn,
            pfn_data,
            origin: Origin::Client,
        };
        // SAFETY: pointer contract.
        let c = connect::connect(mgr, unsafe { cstr(url) }, url, &handlers);
        c.map_or(null_mut(), mg_connection::as_ptr)
    })
}

/// Goes on connecting `c` once `c->rem` holds the peer's address. Called by the resolver.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_connect_resolved(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            connect::connect_resolved(c);
        }
    });
}

/// Looks up the host of `url` for connection `c`, see mg_connect(). Leads to MG_EV_RESOLVE and a
/// connection attempt, or to MG_EV_ERROR: "DNS timeout" when nobody answered in time, "NAME DNS lookup
/// failed" when there is no address, "DNS error" when the server cannot be reached, "resolver" when its
/// URL cannot be used, "no mDNS listener, see mg_mdns_listen()" for a name in ".local" without one. For an
/// address or "localhost" before this returns.
/// A lookup that is running is cancelled. A socket that `c` has is closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_resolve(c: *mut mg_connection, url: *const c_char) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            // SAFETY: pointer contract.
            resolve::resolve(c, unsafe { cstr(url) });
        }
    });
}

/// Cancels the name lookup of connection `c`, if one is running: its answer will be ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_resolve_cancel(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            resolve::cancel(c);
        }
    });
}

/// Makes a connection of a descriptor that the program opened: socket, pipe, terminal. It is
/// switched to non-blocking mode if it is not a socket, and closed with the connection.
/// MG_EV_OPEN fires before this returns. NULL when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_wrapfd(
    mgr: *mut mg_mgr,
    fd: c_int,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let Some(mgr) = (unsafe { mgr.as_ref() }) else {
            return null_mut();
        };
        let c = connect::wrap(mgr, fd, r#fn, fn_data);
        c.map_or(null_mut(), mg_connection::as_ptr)
    })
}

/// Sends `len` bytes.
///
/// On a TCP connection they are appended to `c->send` and leave when the handler has returned;
/// `buf` NULL appends `len` zeros for the program to fill. True unless
/// memory is exhausted or `send_size` of struct mg_limits would be exceeded; sending 0 bytes is
/// fine. On a UDP connection they go out at once as one datagram to `c->rem`, MG_EV_WRITE fires
/// before this returns, and the result is true if more than 0 bytes were sent; an error other
/// than a full socket closes the connection. A UDP client waits up to a second for room in its socket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_send(c: *mut mg_connection, buf: *const c_void, len: usize) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return false;
        };
        if c.is(Flag::Udp) {
            // SAFETY: pointer contract.
            return io::send_datagram(c, unsafe { bytes(buf.cast(), len) });
        }
        if !limits::has_room(c, len) {
            return false;
        }
        io::prepare_send(c);
        let start = c.send.buf.get() as usize;
        let own = (start..start + c.send.size.get()).contains(&(buf as usize));
        if buf.is_null() || own {
            let io = std::ptr::from_ref(&c.send).cast_mut();
            let at = c.send.len.get();
            // SAFETY: the connection's own buffer; the call copes with a source inside it.
            let added = unsafe { crate::iobuf::ffi::mg_iobuf_add(io, at, buf, len) } == len;
            if added && buf.is_null() {
                c.send.clear_from(at);
            }
            return added;
        }
        // SAFETY: pointer contract; the source is not in the buffer that grows.
        c.send.append(unsafe { bytes(buf.cast(), len) })
    })
}

/// Sends bytes to the socket at once, past `c->send`; on UDP as one datagram to `c->rem`.
/// Returns the number of bytes sent, MG_IO_WAIT when it would block, MG_IO_ERR otherwise (also
/// when nothing was sent).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_io_send(
    c: *mut mg_connection,
    buf: *const c_void,
    len: usize,
) -> c_long {
    guard(MG_IO_ERR, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return MG_IO_ERR;
        };
        // SAFETY: pointer contract.
        io::send_raw(c, unsafe { bytes(buf.cast(), len) })
    })
}

/// Takes up to `len` bytes of raw (encrypted) input from `c->rtls`. Returns their number, or
/// MG_IO_WAIT when there are none. For TLS back-ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_io_recv(c: *mut mg_connection, buf: *mut c_void, len: usize) -> c_long {
    guard(MG_IO_ERR, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return MG_IO_ERR;
        };
        let n = len.min(c.rtls.len.get());
        if c.rtls.len.get() == 0 {
            return MG_IO_WAIT;
        }
        if n > 0 && !buf.is_null() {
            // SAFETY: `n` bytes are in use in the source and writable at `buf`.
            unsafe { buf.cast::<u8>().copy_from(c.rtls.buf.get(), n) };
            c.rtls.consume(n);
        }
        n as c_long
    })
}

/// Sets the differentiated services code point (RFC 2474), 0 to 63, of packets that `c` sends.
/// `c->dscp` takes the value even when the socket refuses it. True on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_dscp(c: *mut mg_connection, dscp: u8) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return false;
        };
        c.set_dscp(dscp);
        c.raw_fd() >= 0 && socket::set_dscp(c.raw_fd(), dscp & 63, c.loc.get().is_ip6)
    })
}

/// Finds the local address from which packets to `to` would leave, and stores it in `addr`.
/// MG_EV_ERROR on `c` when there is no route.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_getlocaddr(
    c: *mut mg_connection,
    to: *mut mg_addr,
    addr: *mut mg_addr,
) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(to), false) = (unsafe { to.as_ref() }, addr.is_null()) else {
            return;
        };
        match socket::route(to.to_socket_addr()) {
            // SAFETY: pointer contract.
            Ok(found) => unsafe { addr.write(found) },
            Err((step, e)) => {
                // SAFETY: pointer contract.
                if let Some(c) = unsafe { c.as_ref() } {
                    system_error(c, step, &e);
                }
            }
        }
    });
}

/// Joins the IPv4 multicast group `ip`, such as "224.0.0.251", on the default interface.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_multicast_add(c: *mut mg_connection, ip: *mut c_char) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(c), text) = (unsafe { c.as_ref() }, unsafe { cstr(ip) }) else {
            return;
        };
        if let Some(group) = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()) {
            socket::join_multicast(c.raw_fd(), group);
        }
    });
}

/// Restores the peer address of a multicast client: copies a saved `struct mg_addr`, given by
/// its bytes, into `c->rem`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_multicast_restore(c: *mut mg_connection, from: *mut u8) {
    guard((), || {
        // SAFETY: pointer contract.
        if let (Some(c), false) = (unsafe { c.as_ref() }, from.is_null()) {
            // SAFETY: pointer contract: the bytes of an mg_addr, of any alignment.
            c.rem
                .set(unsafe { from.cast::<mg_addr>().read_unaligned() });
        }
    });
}

/// Prepares a manager for mg_wakeup() and mg_mgr_call(): opens a channel, which appears as a connection at the head of
/// `mgr->conns`. Call it once, after mg_mgr_init(). False when it is open already or
/// cannot be opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_wakeup_init(mgr: *mut mg_mgr) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        unsafe { mgr.as_ref() }.is_some_and(wake::init)
    })
}

/// Sends a copy of `len` bytes to the connection with identifier `id`: its handler gets
/// MG_EV_WAKEUP with a `struct mg_str *` on the thread that polls the manager. Interrupts a
/// waiting mg_mgr_poll().
///
/// Callable from any thread as long as the struct `mgr` exists, also while mg_mgr_free() runs and after
/// it. Messages arrive in order, of any size, all of them. A message to an `id` that does not exist
/// is dropped. Returns false when the channel is not open (see mg_wakeup_init()), `id` is 0, or
/// memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_wakeup(
    mgr: *mut mg_mgr,
    id: c_ulong,
    buf: *const c_void,
    len: usize,
) -> bool {
    guard(false, || {
        if mgr.is_null() || id == 0 {
            return false;
        }
        // SAFETY: pointer contract.
        let message = wake::Item::message(id, unsafe { bytes(buf.cast(), len) });
        message.is_some_and(|message| wake::send(mgr, message))
    })
}

/// A function for mg_mgr_call(). `c` is the connection that was named, or NULL.
pub type mg_mgr_call_t =
    Option<unsafe extern "C" fn(mgr: *mut mg_mgr, c: *mut mg_connection, arg: *mut c_void)>;

/// Has `fn` called on the thread that polls the manager, in mg_mgr_poll(), which it interrupts when
/// it waits. `id` is the identifier of the connection that `fn` gets, or 0 for none.
///
/// Callable from any thread, as mg_wakeup() is; mg_wakeup_init() has to come before. What one thread
/// sends, by either function, is delivered in order.
///
/// When true is returned, `fn` runs exactly once, so it can release `arg`. `c` is NULL when `id` is 0,
/// and when that connection is closed or has `is_closing` set by then. Calls that still wait when
/// mg_mgr_free() comes run inside of it, with `c` NULL; nothing can be opened then.
///
/// When false is returned, `fn` does not run and `arg` stays the caller's: the channel is not open (any
/// more), memory is exhausted, or `mgr` or `fn` is NULL.
///
/// `fn` may do what handlers may do. What it sends itself runs in the next iteration, or in one that it
/// runs, which also goes on with what waits behind `fn`. When functions, or handlers of MG_EV_WAKEUP, run the loop
/// inside of each other 64 deep, the rest waits until they return. Memory alone bounds how much waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_call(
    mgr: *mut mg_mgr,
    id: c_ulong,
    r#fn: mg_mgr_call_t,
    arg: *mut c_void,
) -> bool {
    guard(false, || match r#fn {
        Some(f) if !mgr.is_null() => wake::send(mgr, wake::Item::Call { id, f, arg }),
        _ => false,
    })
}
