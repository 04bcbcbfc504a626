//! Opening connections: listeners, clients, wrapped descriptors.

use super::conn::{Ready, system_error};
use super::endpoint::{self, Endpoint};
use super::list::{allocate, close, link, release};
use super::local;
use super::mgr::manager;
use super::socket::{Kind, ListenError, Listener, SocketKind};
use super::stats::{self, Origin};
use super::{
    Flag, call, contain, error, ev, limits, mg_connection, mg_event_handler_t, mg_mgr, resolve,
    socket,
};
use crate::ffi::leave::Uncancelled;
use crate::ffi::{heap, inject};
use crate::url;
use libc::c_int;
use mio::Interest;
use std::ffi::{c_char, c_void};
use std::ptr::null_mut;

/// What connections are told of.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) const STREAM_INTEREST: Interest = Interest::READABLE
    .add(Interest::WRITABLE)
    .add(Interest::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) const STREAM_INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// What those are told of whose peers take everything out of their buffer: they would hear of room in it each
/// time. See [`MgrPrivate::output_full`].
const INPUT_INTEREST: Interest = Interest::READABLE;

/// Whose events a new connection's go to.
pub(super) struct Handlers {
    pub f: mg_event_handler_t,
    pub fn_data: *mut c_void,
    pub pfn: mg_event_handler_t,
    pub pfn_data: *mut c_void,
    pub origin: Origin,
}

fn log_out_of_memory() {
    crate::log::error(format_args!("OOM"));
}

/// Opens a listener; `None` (with a log line, without an event) when that fails.
pub(super) fn listen<'a>(
    mgr: &'a mg_mgr,
    url: &[u8],
    f: mg_event_handler_t,
    fn_data: *mut c_void,
) -> Option<&'a mg_connection> {
    let _uncancelled = Uncancelled::hold();
    let Some(c) = allocate(mgr) else {
        log_out_of_memory();
        return None;
    };
    let Some(kind) = open_listener(c, url) else {
        crate::log::error(format_args!("Failed: {}", String::from_utf8_lossy(url)));
        release(c);
        return None;
    };
    c.set(Flag::Listening, true);
    c.set(Flag::Udp, kind == Kind::Datagrams);
    c.set(Flag::Tls, asks_for_tls(url));
    c.r#fn.set(f);
    c.fn_data.set(fn_data);
    link(mgr, c);
    stats::opened(c, Origin::Listener);
    call(c, ev::OPEN, null_mut());
    Some(c)
}

/// Gives `c` a listening socket for `url`; `None` (logged) when there is none.
pub(super) fn open_listener(c: &mg_connection, url: &[u8]) -> Option<Kind> {
    let opened = match (endpoint::is_local(url), endpoint::parse(url)) {
        (true, Some(endpoint)) => local::listen(&endpoint),
        (true, None) => return invalid_url(url),
        _ => {
            let Some(address) = super::addr::parse(url::host(url)) else {
                return invalid_url(url);
            };
            let mut loc = c.loc.get();
            loc.addr.ip = address.bytes;
            loc.is_ip6 = address.is_ip6;
            loc.scope_id = address.scope_id;
            loc.port = url::port(url).to_be();
            let shared = manager(c)
                .and_then(mg_mgr::private)
                .is_some_and(|m| m.reuse_port.get());
            socket::listen(loc.to_socket_addr(), url.starts_with(b"udp:"), shared)
        }
    };
    match opened {
        Ok(listener) => attach(c, listener),
        Err(ListenError { step, cause }) => {
            match cause {
                Some(cause) => crate::log::error(format_args!("{step}: {}", errno(&cause))),
                None => crate::log::error(format_args!("{step}")),
            }
            None
        }
    }
}

fn invalid_url(url: &[u8]) -> Option<Kind> {
    crate::log::error(format_args!(
        "invalid listening URL: {}",
        String::from_utf8_lossy(url)
    ));
    None
}

/// Makes a listener of `c`.
fn attach(c: &mg_connection, listener: Listener) -> Option<Kind> {
    c.set_raw_fd(listener.fd);
    let registered = match manager(c).and_then(mg_mgr::private) {
        Some(private) => private.register(c, INPUT_INTEREST),
        None => Err(std::io::ErrorKind::InvalidInput.into()),
    };
    if let Err(e) = registered {
        crate::log::error(format_args!("epoll: {}", errno(&e)));
        // One that was handed to us stays the program's.
        if !listener.adopted {
            socket::close(listener.fd);
        }
        drop(listener.file);
        c.set_raw_fd(-1);
        return None;
    }
    if let Some(p) = c.private() {
        p.set_ready(Ready::Write, listener.kind == Kind::Datagrams);
        p.socket_file.set(listener.file);
    }
    c.loc.set(listener.loc);
    Some(listener.kind)
}

fn errno(e: &std::io::Error) -> c_int {
    e.raw_os_error().unwrap_or(0)
}

/// Starts a client connection. The result may have failed already (MG_EV_ERROR was fired); it
/// is `None` when there is no memory or no URL, or when a handler closed it meanwhile.
pub(super) fn connect<'a>(
    mgr: &'a mg_mgr,
    url: &[u8],
    url_ptr: *const c_char,
    handlers: &Handlers,
) -> Option<&'a mg_connection> {
    let _uncancelled = Uncancelled::hold();
    if url.is_empty() {
        crate::log::error(format_args!("null url"));
        return None;
    }
    let Some(c) = allocate(mgr) else {
        log_out_of_memory();
        return None;
    };
    link(mgr, c);
    stats::opened(c, handlers.origin);
    c.set_raw_fd(-1);
    c.set(Flag::Client, true);
    c.set(Flag::Udp, url.starts_with(b"udp:"));
    c.set(Flag::Tls, asks_for_tls(url));
    c.r#fn.set(handlers.f);
    c.fn_data.set(handlers.fn_data);
    c.pfn.set(handlers.pfn);
    c.pfn_data.set(handlers.pfn_data);
    if !c.is(Flag::Udp) && !limits::begin(c, None) {
        error(c, b"OOM");
    }
    if !c.is_dead() {
        call(c, ev::OPEN, url_ptr.cast_mut().cast());
    }
    if !c.is_dead() {
        heap::ran_out();
        contain(c, (), || {
            if endpoint::is_local(url) {
                connect_local(c, url);
            } else {
                resolve::resolve(c, url);
            }
        });
        if heap::ran_out() && !c.is_dead() {
            error(c, b"OOM");
        }
    }
    (!c.is_dead()).then_some(c)
}

fn asks_for_tls(url: &[u8]) -> bool {
    url::is_ssl(url) || endpoint::has_tls_scheme(url)
}

/// Connects to a Unix domain socket. MG_EV_CONNECT follows in the next iteration, as it does with TCP.
fn connect_local(c: &mg_connection, url: &[u8]) {
    let Some(Endpoint::Unix(address)) = endpoint::parse(url) else {
        return error(c, b"invalid URL");
    };
    match local::connect(&address) {
        Ok(fd) => c.set_raw_fd(fd),
        Err(e) => return system_error(c, "connect", &e),
    }
    if register_client(c) {
        c.set(Flag::Connecting, true);
        call(c, ev::RESOLVE, null_mut());
    }
}

/// `c->rem` is known: opens the socket and connects.
pub(super) fn connect_resolved(c: &mg_connection) {
    c.set(Flag::Resolving, false);
    if let Some(p) = c.private() {
        p.is_resolved.set(false);
    }
    if let Err(e) = open_socket(c) {
        return system_error(c, "socket()", &e);
    }
    if c.is(Flag::Udp) {
        return connect_udp(c);
    }
    call(c, ev::RESOLVE, null_mut());
    if !c.is_dead() {
        connect_tcp(c);
    }
}

/// Gives the connection a socket for its peer, in the place of the one it may have.
fn open_socket(c: &mg_connection) -> std::io::Result<()> {
    let fd = socket::client(c.rem.get().to_socket_addr(), c.is(Flag::Udp))?;
    if let Some(private) = manager(c).and_then(mg_mgr::private) {
        private.drop_descriptor(c);
    }
    c.set_raw_fd(fd);
    Ok(())
}

/// Gives a UDP client a new socket, and so another port.
pub(super) fn renew_socket(c: &mg_connection) {
    if open_socket(c).is_ok() && register_client(c) {
        if let Some(p) = c.private() {
            p.set_ready(Ready::Write, true);
        }
        if let Some(loc) = socket::local_addr(c.raw_fd()) {
            c.loc.set(loc);
        }
    }
}

fn register_client(c: &mg_connection) -> bool {
    let interest = if c.is(Flag::Udp) {
        INPUT_INTEREST
    } else {
        STREAM_INTEREST
    };
    let registered = manager(c)
        .and_then(mg_mgr::private)
        .is_some_and(|p| p.register(c, interest).is_ok());
    if !registered {
        error(c, b"OOM");
    }
    registered
}

fn connect_udp(c: &mg_connection) {
    if !register_client(c) {
        return;
    }
    if let Some(p) = c.private() {
        p.set_ready(Ready::Write, true);
    }
    if let Some(loc) = socket::local_addr(c.raw_fd()) {
        c.loc.set(loc);
    }
    call(c, ev::RESOLVE, null_mut());
    if !c.is_dead() {
        stats::count(c, |n| &n.connected);
        call(c, ev::CONNECT, null_mut());
    }
}

fn connect_tcp(c: &mg_connection) {
    let mut outcome = socket::connect(c.raw_fd(), c.rem.get().to_socket_addr());
    while outcome.is_err() && resolve::next_address(c) && open_socket(c).is_ok() {
        outcome = socket::connect(c.raw_fd(), c.rem.get().to_socket_addr());
    }
    // After connect(), because a socket that does nothing yet reports a hang-up.
    if outcome.is_ok() && !register_client(c) {
        return;
    }
    match outcome {
        Ok(true) => finish(c),
        Ok(false) => {
            c.set(Flag::Connecting, true);
            limits::update(c);
        }
        Err(e) => system_error(c, "connect", &e),
    }
}

/// A connect in progress failed: goes on with the next address of the host, if there is one.
pub(super) fn connect_failed(c: &mg_connection) {
    let again = !c.is(Flag::Closing) && resolve::next_address(c);
    if again && open_socket(c).is_ok() {
        c.set(Flag::Connecting, false);
        connect_tcp(c);
    } else {
        error(c, b"socket error");
    }
}

/// The connection is up.
fn finish(c: &mg_connection) {
    inject("connect");
    c.set(Flag::Connecting, false);
    if let Some(p) = c.private() {
        p.other_addresses.set(None);
    }
    if let Some(loc) = socket::local_addr(c.raw_fd()) {
        c.loc.set(loc);
    }
    if let Some(p) = c.private() {
        p.set_ready(Ready::Write, true);
    }
    limits::update(c);
    stats::count(c, |n| &n.connected);
    super::io::showing_writable(c, || call(c, ev::CONNECT, null_mut()));
    if c.is(Flag::Tls) && !c.is(Flag::TlsHs) {
        plain_instead_of_tls(c);
    }
}

/// A URL asked for TLS and no handler started it; programs rely on carrying on in plain text.
fn plain_instead_of_tls(c: &mg_connection) {
    crate::log::error(format_args!(
        "{} TLS not initialised, using plain text",
        c.id.get()
    ));
    c.set(Flag::Tls, false);
}

/// Readiness of a connect in progress: it succeeded or failed.
pub(super) fn connect_ready(c: &mg_connection) {
    if socket::is_connected(c.raw_fd()) {
        finish(c);
    } else {
        connect_failed(c);
    }
}

/// Makes a connection of a descriptor that the program opened.
pub(super) fn wrap(
    mgr: &mg_mgr,
    fd: c_int,
    f: mg_event_handler_t,
    fn_data: *mut c_void,
) -> Option<&mg_connection> {
    let Some(c) = allocate(mgr) else {
        log_out_of_memory();
        return None;
    };
    c.set_raw_fd(fd);
    c.r#fn.set(f);
    c.fn_data.set(fn_data);
    if let (Some(private), Some(p)) = (mgr.private(), c.private()) {
        let interest = look_at(p, fd);
        // What cannot be waited for, a regular file say, is never ready.
        let registered = private.register(c, interest);
        // Of what is watched, too, there is only so much (epoll_ctl(2), ENOSPC).
        if registered.is_err_and(|e| {
            matches!(errno(&e), libc::ENOMEM | libc::ENOSPC)
                || e.kind() == std::io::ErrorKind::OutOfMemory
        }) {
            log_out_of_memory();
            release(c);
            return None;
        }
    }
    stats::opened(c, Origin::Wrapped);
    call(c, ev::OPEN, null_mut());
    if c.is_dead() {
        return None;
    }
    link(mgr, c);
    Some(c)
}

/// How many connections a listener takes in one iteration.
const ACCEPT_BUDGET: u32 = 64;
/// Pause after running out of descriptors.
const ACCEPT_PAUSE_MS: u64 = 50;

/// Takes pending connections of a listener.
pub(super) fn accept_ready(listener: &mg_connection, now: u64) {
    let Some(private) = listener.private() else {
        return;
    };
    if private.may_block.replace(false) {
        socket::set_nonblocking(listener.raw_fd());
    }
    for _ in 0..ACCEPT_BUDGET {
        if listener.is_dead() || listener.any(1 << Flag::Closing as u8 | 1 << Flag::Full as u8) {
            return;
        }
        if !limits::may_accept(listener, private) {
            return;
        }
        match socket::accept(listener.raw_fd()) {
            Ok((fd, rem)) => accepted(listener, fd, rem),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                return private.set_ready(Ready::Read, false);
            }
            // The peer gave up while it waited in the queue.
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(e) if is_out_of_descriptors(&e) && drop_lingering(listener) => {}
            Err(e) => {
                crate::log::error(format_args!(
                    "{} accept failed, errno {}",
                    listener.id.get(),
                    errno(&e)
                ));
                stats::count(listener, |n| &n.accept_errors);
                private.set_ready(Ready::Read, false);
                private.accept_retry_at.set(now + ACCEPT_PAUSE_MS);
                return;
            }
        }
    }
}

/// Finds out what a descriptor of the program's is. Returns what it wants to be told of.
pub(super) fn look_at(p: &super::conn::ConnPrivate, fd: c_int) -> Interest {
    let kind = socket::kind(fd);
    p.reads_in_parts.set(kind != SocketKind::Tcp);
    p.keeps_messages.set(kind == SocketKind::Messages);
    p.not_a_socket.set(kind == SocketKind::None);
    p.may_block.set(kind != SocketKind::None);
    if kind == SocketKind::None {
        socket::set_nonblocking(fd);
    }
    if kind == SocketKind::Tcp {
        STREAM_INTEREST
    } else {
        Interest::READABLE | Interest::WRITABLE
    }
}

fn is_out_of_descriptors(e: &std::io::Error) -> bool {
    matches!(errno(e), libc::EMFILE | libc::ENFILE)
}

fn drop_lingering(c: &mg_connection) -> bool {
    manager(c)
        .and_then(super::mg_mgr::private)
        .is_some_and(|m| m.lingering.drop_oldest())
}

fn accept_failed(listener: &mg_connection) {
    crate::log::error(format_args!("{} OOM", listener.id.get()));
    stats::count(listener, |n| &n.accept_errors);
}

fn accepted(listener: &mg_connection, fd: c_int, rem: Option<super::mg_addr>) {
    let Some(mgr) = manager(listener) else {
        return socket::close(fd);
    };
    let Some(c) = allocate(mgr) else {
        accept_failed(listener);
        return socket::close(fd);
    };
    // The other side of a Unix domain socket has no address.
    c.rem.set(rem.unwrap_or(socket::NO_ADDR));
    c.set_raw_fd(fd);
    let interest = rem.map_or(INPUT_INTEREST, |_| STREAM_INTEREST);
    let registered = mgr
        .private()
        .is_some_and(|p| p.register(c, interest).is_ok());
    if !registered {
        accept_failed(listener);
        socket::close(fd);
        return release(c);
    }
    link(mgr, c);
    stats::opened(c, Origin::Accepted);
    if let Some(p) = c.private() {
        p.set_ready(Ready::Write, true);
    }
    if !limits::begin(c, Some(listener)) {
        crate::log::error(format_args!("{} OOM", listener.id.get()));
        return close(c);
    }
    if let (Some(state), Some(settings)) =
        (c.ws(), listener.ws().and_then(|l| l.deflate.settings()))
    {
        state.deflate.set_settings(Some(settings));
    }
    c.set(Flag::Accepted, true);
    c.set(Flag::Hexdumping, listener.is(Flag::Hexdumping));
    c.set(Flag::Tls, listener.is(Flag::Tls));
    c.pfn.set(listener.pfn.get());
    c.pfn_data.set(listener.pfn_data.get());
    c.r#fn.set(listener.r#fn.get());
    c.fn_data.set(listener.fn_data.get());
    crate::http::ffi::conn::inherit_settings(c, listener);
    // A listener bound to one address says it all; a wildcard does not.
    let loc = listener.loc.get();
    c.loc.set(if loc.ip().is_unspecified() {
        socket::local_addr(fd).unwrap_or(loc)
    } else {
        loc
    });
    contain(c, (), || {
        inject("accept");
        call(c, ev::OPEN, null_mut());
        if !c.is_dead() {
            call(c, ev::ACCEPT, null_mut());
        }
        if !c.is_dead() && c.is(Flag::Tls) && !c.is(Flag::TlsHs) {
            plain_instead_of_tls(c);
        }
    });
    if heap::ran_out() && !c.is_dead() {
        error(c, b"OOM");
    }
}
