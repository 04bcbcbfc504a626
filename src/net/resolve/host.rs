//! What the host's files say: `/etc/hosts` and `/etc/resolv.conf`.
#![forbid(unsafe_code)]

use super::server::Server;
use super::{DEFAULT_DNS4, DEFAULT_DNS6};
use crate::dns::{Name, hosts, resolv_conf};
use crate::ffi::heap::strictly;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A longer file is read up to here.
const MAX_FILE: u64 = 4 << 20;

/// A file that is read again when it has changed.
struct Watched {
    path: PathBuf,
    /// Device, inode, size, and time of change of what was read.
    version: Option<(u64, u64, u64, i64, i64)>,
    content: Vec<u8>,
}

impl Watched {
    fn new(path: &Path) -> Watched {
        Watched {
            path: path.to_owned(),
            version: None,
            content: Vec::new(),
        }
    }

    /// Nothing when the file cannot be read; `None` when memory does not suffice for it.
    fn content(&mut self) -> Option<&[u8]> {
        let version = std::fs::metadata(&self.path).ok().map(|m| {
            let time = (m.mtime(), m.mtime_nsec());
            (m.dev(), m.ino(), m.size(), time.0, time.1)
        });
        if version.is_none() || version != self.version {
            self.content.clear();
            self.version = version;
            let read = File::open(&self.path)
                .and_then(|file| append_all(file.take(MAX_FILE), &mut self.content));
            if read.is_err_and(|e| e.kind() == ErrorKind::OutOfMemory) {
                self.version = None;
                return None;
            }
        }
        Some(&self.content)
    }
}

/// [`Read::read_to_end`] for memory that may run out.
fn append_all(mut from: impl Read, to: &mut Vec<u8>) -> std::io::Result<()> {
    let mut piece = [0; 4096];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                strictly(|| to.try_reserve(n)).map_err(|_| ErrorKind::OutOfMemory)?;
                to.extend_from_slice(&piece[..n]);
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

pub(super) struct HostFiles {
    hosts: Watched,
    conf: Watched,
}

impl Default for HostFiles {
    fn default() -> HostFiles {
        HostFiles::at(Path::new("/etc/hosts"), Path::new("/etc/resolv.conf"))
    }
}

impl HostFiles {
    pub fn at(hosts: &Path, conf: &Path) -> HostFiles {
        HostFiles {
            hosts: Watched::new(hosts),
            conf: Watched::new(conf),
        }
    }

    /// The addresses of `host` in the host's table, those of the wanted family first. `None` when
    /// memory is exhausted.
    pub fn addresses(&mut self, host: &[u8], ip6: bool) -> Option<Vec<IpAddr>> {
        let mut found = hosts::lookup(self.hosts.content()?, host);
        found.sort_by_key(|ip| ip.is_ipv6() != ip6);
        Some(found)
    }

    /// The full names to try for `host`, and the servers to ask. `None` when memory is exhausted.
    pub fn names_and_servers(
        &mut self,
        host: &[u8],
        ip6: bool,
    ) -> Option<(Vec<Name>, Vec<Server>)> {
        let config = resolv_conf::parse(self.conf.content()?);
        let names = config.candidates(host);
        let names = names.iter().filter_map(|n| Name::from_text(n)).collect();
        let mut servers: Vec<Server> = config.servers.iter().copied().map(Server::udp).collect();
        if servers.is_empty() {
            let default = if ip6 { DEFAULT_DNS6 } else { DEFAULT_DNS4 };
            servers.extend(Server::from_url(default.to_bytes(), ip6));
        }
        Some((names, servers))
    }
}
