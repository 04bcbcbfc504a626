//! Sockets: creation, options, addresses. Everything is non-blocking and close-on-exec.

use super::ffi::{mg_addr, mg_addr_bytes};
use super::local::SocketFile;
use libc::{c_int, c_short};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd};

/// Pending connections per listener (`MG_SOCK_LISTEN_BACKLOG_SIZE`).
pub(super) const BACKLOG: c_int = 128;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) const SEND_FLAGS: c_int = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) const SEND_FLAGS: c_int = libc::MSG_DONTWAIT;

pub(super) fn close(fd: c_int) {
    // SAFETY: close accepts any number.
    unsafe { libc::close(fd) };
}

/// Two connected stream sockets.
pub(super) fn pair() -> io::Result<(c_int, c_int)> {
    let (a, b) = Socket::pair(Domain::UNIX, Type::STREAM, None)?;
    a.set_nonblocking(true)?;
    b.set_nonblocking(true)?;
    Ok((a.into_raw_fd(), b.into_raw_fd()))
}

impl mg_addr {
    pub fn ip(&self) -> IpAddr {
        // SAFETY: every bit pattern is valid for every member of the union.
        let bytes = unsafe { self.addr.ip };
        if self.is_ip6 {
            IpAddr::V6(Ipv6Addr::from(bytes))
        } else {
            IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
        }
    }

    /// The port in host byte order.
    pub fn port(&self) -> u16 {
        u16::from_be(self.port)
    }

    pub fn to_socket_addr(self) -> SocketAddr {
        match self.ip() {
            IpAddr::V4(ip) => (ip, self.port()).into(),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, self.port(), 0, self.scope_id.into()).into(),
        }
    }

    pub fn from_socket_addr(addr: SocketAddr) -> mg_addr {
        let mut ip = [0; 16];
        match addr.ip() {
            IpAddr::V4(a) => ip[..4].copy_from_slice(&a.octets()),
            IpAddr::V6(a) => ip = a.octets(),
        }
        let scope = if let SocketAddr::V6(a) = addr {
            a.scope_id()
        } else {
            0
        };
        mg_addr {
            addr: mg_addr_bytes { ip },
            port: addr.port().to_be(),
            scope_id: u8::try_from(scope).unwrap_or(0),
            is_ip6: addr.is_ipv6(),
        }
    }
}

pub(super) const NO_ADDR: mg_addr = mg_addr {
    addr: mg_addr_bytes { ip: [0; 16] },
    port: 0,
    scope_id: 0,
    is_ip6: false,
};

/// The same address as the kernel spells it; `None` for an address that is not IP.
pub(super) fn from_sock_addr(addr: &SockAddr) -> Option<mg_addr> {
    addr.as_socket().map(mg_addr::from_socket_addr)
}

/// Works on a descriptor that the caller keeps open; a negative one is a bad descriptor.
pub(super) fn with_socket<R>(fd: c_int, f: impl FnOnce(&Socket) -> io::Result<R>) -> io::Result<R> {
    if fd < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the connection that owns the descriptor keeps it open over this call.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    f(&SockRef::from(&fd))
}

/// The local address of a socket.
pub(super) fn local_addr(fd: c_int) -> Option<mg_addr> {
    with_socket(fd, |s| s.local_addr())
        .ok()
        .as_ref()
        .and_then(from_sock_addr)
}

fn new(addr: SocketAddr, udp: bool) -> io::Result<Socket> {
    let (kind, protocol) = if udp {
        (Type::DGRAM, Protocol::UDP)
    } else {
        (Type::STREAM, Protocol::TCP)
    };
    nonblocking(Domain::for_address(addr), kind, Some(protocol))
}

/// A socket that never blocks.
pub(super) fn nonblocking(
    domain: Domain,
    kind: Type,
    protocol: Option<Protocol>,
) -> io::Result<Socket> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return Socket::new(domain, kind.nonblocking(), protocol);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let socket = Socket::new(domain, kind, protocol)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

/// Latency and liveness options of every TCP connection. Listeners have them too: Linux hands
/// them on to accepted sockets.
fn set_tcp_options(socket: &Socket) {
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_keepalive(true);
}

/// What failed while opening a listener, as the log says it.
pub(super) struct ListenError {
    pub step: &'static str,
    pub cause: Option<io::Error>,
}

impl ListenError {
    pub fn at(step: &'static str) -> impl Fn(io::Error) -> ListenError {
        move |cause| ListenError {
            step,
            cause: Some(cause),
        }
    }
}

/// What a listener takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connections,
    Datagrams,
}

/// A listening socket, or one for datagrams.
pub(super) struct Listener {
    pub fd: c_int,
    /// Its address, with the port that was picked.
    pub loc: mg_addr,
    pub kind: Kind,
    /// The descriptor came from elsewhere.
    pub adopted: bool,
    /// The file that a Unix domain socket is reached by.
    pub file: Option<Box<SocketFile>>,
}

/// True where several sockets may listen on one port, and the system deals the connections out.
pub(super) const CAN_REUSE_PORT: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Opens a listening socket, which may share its port.
pub(super) fn listen(addr: SocketAddr, udp: bool, shared: bool) -> Result<Listener, ListenError> {
    let at = ListenError::at;
    let socket = new(addr, udp).map_err(at("socket"))?;
    socket
        .set_reuse_address(true)
        .map_err(at("setsockopt(SO_REUSEADDR)"))?;
    if shared {
        socket
            .set_reuse_port(true)
            .map_err(at("setsockopt(SO_REUSEPORT)"))?;
    }
    if addr.is_ipv6() {
        // Dual stack, whatever the host's default is; hosts without IPv4 may refuse.
        let _ = socket.set_only_v6(false);
    }
    socket.bind(&addr.into()).map_err(at("bind"))?;
    if !udp {
        set_tcp_options(&socket);
        socket.listen(BACKLOG).map_err(at("listen"))?;
    }
    let local = socket.local_addr().map_err(at("getsockname"))?;
    Ok(Listener {
        fd: socket.into_raw_fd(),
        loc: from_sock_addr(&local).unwrap_or(mg_addr::from_socket_addr(addr)),
        kind: if udp {
            Kind::Datagrams
        } else {
            Kind::Connections
        },
        adopted: false,
        file: None,
    })
}

/// A socket for talking to `addr`, not connected yet.
pub(super) fn client(addr: SocketAddr, udp: bool) -> io::Result<c_int> {
    let socket = new(addr, udp)?;
    if !udp {
        set_tcp_options(&socket);
    }
    Ok(socket.into_raw_fd())
}

/// Starts to connect. `Ok(true)`: connected at once; `Ok(false)`: in progress.
pub(super) fn connect(fd: c_int, addr: SocketAddr) -> io::Result<bool> {
    loop {
        match with_socket(fd, |s| s.connect(&addr.into())) {
            Ok(()) => return Ok(true),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.raw_os_error() == Some(libc::EINPROGRESS) => return Ok(false),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(e) => return Err(e),
        }
    }
}

/// True when a connect in progress has succeeded.
pub(super) fn is_connected(fd: c_int) -> bool {
    with_socket(fd, |s| s.peer_addr()).is_ok()
}

/// True when a descriptor has something to read now.
pub(super) fn is_readable(fd: c_int) -> bool {
    state(fd, libc::POLLIN, 0) != 0
}

/// True when an error stands on a socket; it stays there.
pub(super) fn has_failed(fd: c_int) -> bool {
    state(fd, 0, 0) & (libc::POLLERR | libc::POLLHUP) != 0
}

/// Waits until a socket takes output, up to `ms` milliseconds, or for a signal.
pub(super) fn await_room(fd: c_int, ms: c_int) {
    state(fd, libc::POLLOUT, ms);
}

/// What poll(2) says of a descriptor, `ms` milliseconds from now at the latest.
fn state(fd: c_int, events: c_short, ms: c_int) -> c_short {
    let mut fds = libc::pollfd {
        fd,
        events,
        revents: 0,
    };
    // SAFETY: one entry, which lives during the call.
    unsafe { libc::poll(&raw mut fds, 1, ms) };
    fds.revents
}

/// The number of bytes that a descriptor has to read now.
pub(super) fn unread(fd: c_int) -> usize {
    // SAFETY: FIONREAD writes an int.
    count(|n| unsafe { libc::ioctl(fd, libc::FIONREAD, n) })
}

/// The number of bytes that the other side has not acknowledged, where the system tells.
pub(super) fn unacknowledged(fd: c_int) -> usize {
    // SAFETY: TIOCOUTQ writes an int.
    count(|n| unsafe { libc::ioctl(fd, libc::TIOCOUTQ, n) })
}

/// What a system call stores that returns 0 then; 0 when it fails.
fn count(ask: impl FnOnce(*mut c_int) -> c_int) -> usize {
    let mut n: c_int = 0;
    let known = ask(&raw mut n) == 0;
    usize::try_from(n).map_or(0, |n| if known { n } else { 0 })
}

/// Takes one pending connection; its descriptor and the peer's address, if it has one.
pub(super) fn accept(fd: c_int) -> io::Result<(c_int, Option<mg_addr>)> {
    loop {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let accepted = with_socket(fd, |s| s.accept4(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC));
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let accepted = with_socket(fd, Socket::accept).and_then(|(socket, addr)| {
            socket.set_nonblocking(true)?;
            set_tcp_options(&socket);
            Ok((socket, addr))
        });
        match accepted {
            Ok((socket, addr)) => return Ok((socket.into_raw_fd(), from_sock_addr(&addr))),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Receives one datagram.
pub(super) fn recv_from(fd: c_int, buf: &mut [MaybeUninit<u8>]) -> io::Result<(usize, mg_addr)> {
    let (n, addr) = with_socket(fd, |s| s.recv_from_with_flags(buf, libc::MSG_DONTWAIT))?;
    Ok((n, from_sock_addr(&addr).ok_or(io::ErrorKind::Unsupported)?))
}

/// Sends one datagram.
pub(super) fn send_to(fd: c_int, data: &[u8], to: &mg_addr) -> io::Result<usize> {
    let to = SockAddr::from(to.to_socket_addr());
    loop {
        match with_socket(fd, |s| s.send_to_with_flags(data, &to, SEND_FLAGS)) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Sets the differentiated services code point.
pub(super) fn set_dscp(fd: c_int, dscp: u8, ip6: bool) -> bool {
    let tos = u32::from(dscp) << 2;
    with_socket(fd, |s| {
        if ip6 {
            s.set_tclass_v6(tos)
        } else {
            s.set_tos_v4(tos)
        }
    })
    .is_ok()
}

/// The local address that packets to `to` would leave from.
pub(super) fn route(to: SocketAddr) -> Result<mg_addr, (&'static str, io::Error)> {
    let socket = new(to, true).map_err(|e| ("socket()", e))?;
    socket.connect(&to.into()).map_err(|e| ("connect", e))?;
    local_addr(socket.as_raw_fd()).ok_or_else(|| ("connect", io::Error::last_os_error()))
}

/// False when the host knows that packets would not get there.
pub(super) fn has_route(ip: IpAddr) -> bool {
    const DISCARD: u16 = 9;
    !matches!(
        route((ip, DISCARD).into()).map_err(|(_, e)| e.kind()),
        Err(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable)
    )
}

/// What reading from a descriptor is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketKind {
    /// It is no socket.
    None,
    /// Each read gives a message.
    Messages,
    Tcp,
    /// Reads end where the sender passed descriptors.
    OtherStream,
}

pub(super) fn kind(fd: c_int) -> SocketKind {
    match with_socket(fd, Socket::r#type) {
        Err(_) => SocketKind::None,
        Ok(Type::STREAM) if local_addr(fd).is_some() => SocketKind::Tcp,
        Ok(Type::STREAM) => SocketKind::OtherStream,
        Ok(_) => SocketKind::Messages,
    }
}

/// True for a socket that listen() was called on.
pub(super) fn is_listening(fd: c_int) -> bool {
    let mut listening: c_int = 0;
    let mut len = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the value and its length are as the option wants them.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_ACCEPTCONN,
            (&raw mut listening).cast(),
            &raw mut len,
        )
    };
    result == 0 && listening != 0
}

pub(super) fn set_nonblocking(fd: c_int) {
    let _ = with_socket(fd, |s| s.set_nonblocking(true));
}

/// Receives into `len` bytes at `buf`; 0 is the end of the stream.
///
/// # Safety
/// `len` writable bytes at `buf`.
pub(super) unsafe fn recv(fd: c_int, buf: *mut u8, len: usize, socket: bool) -> io::Result<usize> {
    loop {
        // SAFETY: forwarded from the caller.
        let n = unsafe {
            if socket {
                libc::recv(fd, buf.cast(), len, libc::MSG_DONTWAIT)
            } else {
                libc::read(fd, buf.cast(), len)
            }
        };
        match usize::try_from(n) {
            Ok(n) => return Ok(n),
            Err(_) => {
                let e = io::Error::last_os_error();
                if e.kind() != io::ErrorKind::Interrupted {
                    return Err(e);
                }
            }
        }
    }
}

/// Sends `len` bytes at `buf`, or the first part of them.
///
/// # Safety
/// `len` readable bytes at `buf`.
pub(super) unsafe fn send(
    fd: c_int,
    buf: *const u8,
    len: usize,
    socket: bool,
    flags: c_int,
) -> io::Result<usize> {
    loop {
        // SAFETY: forwarded from the caller.
        let n = unsafe {
            if socket {
                libc::send(fd, buf.cast(), len, SEND_FLAGS | flags)
            } else {
                libc::write(fd, buf.cast(), len)
            }
        };
        match usize::try_from(n) {
            Ok(n) => return Ok(n),
            Err(_) => {
                let e = io::Error::last_os_error();
                if e.kind() != io::ErrorKind::Interrupted {
                    return Err(e);
                }
            }
        }
    }
}

/// Joins an IPv4 multicast group on the default interface.
pub(super) fn join_multicast(fd: c_int, group: Ipv4Addr) {
    let _ = with_socket(fd, |s| s.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED));
}
