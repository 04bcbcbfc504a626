//! Unix domain sockets, and listening sockets that the program was given.

use super::endpoint::{Endpoint, UnixAddress};
use super::socket::{self, Kind, ListenError, Listener, NO_ADDR};
use libc::c_int;
use socket2::{Domain, SockAddr, Socket, Type};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::IntoRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The file of a listening socket. It is removed when the socket is closed, unless somebody listens there:
/// a child process that has the socket too, or a server that took its place.
pub(super) struct SocketFile {
    path: PathBuf,
    address: SockAddr,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if is_stale(&self.path, &self.address) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

pub(super) fn listen(endpoint: &Endpoint) -> Result<Listener, ListenError> {
    match endpoint {
        Endpoint::Unix(address) => listen_unix(address),
        Endpoint::Descriptor(fd) => adopt(*fd),
        Endpoint::Systemd(name) => adopt(passed(name)?),
    }
}

fn socket_address(address: &UnixAddress) -> io::Result<SockAddr> {
    match address.abstract_name() {
        Some(_) if !cfg!(any(target_os = "linux", target_os = "android")) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        Some(name) => SockAddr::unix(OsStr::from_bytes(&[b"\0", name].concat())),
        None => SockAddr::unix(OsStr::from_bytes(address.path)),
    }
}

fn listen_unix(address: &UnixAddress) -> Result<Listener, ListenError> {
    let to = socket_address(address).map_err(ListenError::at("unix address"))?;
    let path = address
        .abstract_name()
        .is_none()
        .then(|| Path::new(OsStr::from_bytes(address.path)));
    // Dropped after the socket, so a failure removes what was made.
    let mut file = None;
    let socket =
        socket::nonblocking(Domain::UNIX, Type::STREAM, None).map_err(ListenError::at("socket"))?;
    bind(&socket, &to, path).map_err(ListenError::at("bind"))?;
    if let Some(path) = path {
        file = Some(Box::new(SocketFile {
            path: path.to_owned(),
            address: to,
        }));
        if let Some(mode) = address.mode {
            // Before listen(): nobody has connected with the permissions of the umask.
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
                .map_err(ListenError::at("chmod"))?;
        }
    }
    socket
        .listen(socket::BACKLOG)
        .map_err(ListenError::at("listen"))?;
    Ok(Listener {
        fd: socket.into_raw_fd(),
        loc: NO_ADDR,
        kind: Kind::Connections,
        adopted: false,
        file,
    })
}

/// Binds, in the place of a socket file that nobody listens on any more.
fn bind(socket: &Socket, to: &SockAddr, path: Option<&Path>) -> io::Result<()> {
    match (socket.bind(to), path) {
        (Err(e), Some(path)) if e.kind() == io::ErrorKind::AddrInUse && is_stale(path, to) => {
            fs::remove_file(path)?;
            socket.bind(to)
        }
        (result, _) => result,
    }
}

/// True for a socket file without a socket. The probe is of another type, so a server does not see it: the
/// kernel refuses it with EPROTOTYPE.
fn is_stale(path: &Path, to: &SockAddr) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    let refused = |e: io::Error| e.kind() == io::ErrorKind::ConnectionRefused;
    is_socket
        && Socket::new(Domain::UNIX, Type::DGRAM, None)
            .is_ok_and(|probe| probe.connect(to).is_err_and(refused))
}

/// Takes over a socket that somebody else made and bound.
fn adopt(fd: c_int) -> Result<Listener, ListenError> {
    let r#type =
        socket::with_socket(fd, Socket::r#type).map_err(ListenError::at("not a socket"))?;
    let kind = if r#type == Type::DGRAM {
        Kind::Datagrams
    } else {
        Kind::Connections
    };
    let loc = socket::local_addr(fd);
    let refused = match kind {
        Kind::Connections if !socket::is_listening(fd) => Some("not a listening socket"),
        // Who sends from a Unix domain socket has no address to answer to.
        Kind::Datagrams if loc.is_none() => Some("not a UDP socket"),
        _ => None,
    };
    if let Some(step) = refused {
        return Err(ListenError { step, cause: None });
    }
    socket::set_nonblocking(fd);
    let _ = socket::with_socket(fd, |s| s.set_cloexec(true));
    Ok(Listener {
        fd,
        loc: loc.unwrap_or(NO_ADDR),
        kind,
        adopted: true,
        file: None,
    })
}

/// The first descriptor that sd_listen_fds(3) counts.
const FIRST_PASSED: c_int = 3;

/// The descriptor that the service manager passed under a name, or the first one without a name.
fn passed(name: &[u8]) -> Result<c_int, ListenError> {
    let number = |variable| std::env::var(variable).ok()?.parse::<u32>().ok();
    let failed = |step| ListenError { step, cause: None };
    if number("LISTEN_PID") != Some(std::process::id()) {
        return Err(failed(
            "no sockets were passed to this process (LISTEN_PID)",
        ));
    }
    let count = number("LISTEN_FDS").unwrap_or(0);
    let index = if name.is_empty() {
        0
    } else {
        let names = std::env::var_os("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.as_bytes().split(|&b| b == b':');
        names.position(|n| n == name).ok_or(failed(
            "no socket was passed under this name (LISTEN_FDNAMES)",
        ))?
    };
    let fd = c_int::try_from(index)
        .ok()
        .and_then(|i| FIRST_PASSED.checked_add(i));
    fd.filter(|_| index < count as usize)
        .ok_or(failed("fewer sockets were passed (LISTEN_FDS)"))
}

/// Connects to a Unix domain socket. That happens at once or not at all.
pub(super) fn connect(address: &UnixAddress) -> io::Result<c_int> {
    let to = socket_address(address)?;
    let socket = socket::nonblocking(Domain::UNIX, Type::STREAM, None)?;
    while let Err(e) = socket.connect(&to) {
        if e.kind() != io::ErrorKind::Interrupted {
            return Err(e);
        }
    }
    Ok(socket.into_raw_fd())
}
