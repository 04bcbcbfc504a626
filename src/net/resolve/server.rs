//! Connections to name servers.
//!
//! There is one per family, in `mgr->dns4` and `mgr->dns6`, made when it is needed and kept. A datagram
//! counts only if it comes from a server that was sent the question. While nobody waits for an
//! answer, the socket is renewed before it is used again, so that a port once seen is of no use for
//! forging answers (RFC 5452, section 4.5).

use super::{answered, resolver, server_closed, tick};
use crate::ffi::{inject, str::cstr};
use crate::net::connect::{self, Handlers};
use crate::net::ffi::mg_dns;
use crate::net::mgr::manager;
use crate::net::stats::Origin;
use crate::net::{Flag, contain, ev, io, mg_addr, mg_connection, mg_mgr};
use crate::{dns, url};
use std::ffi::{c_int, c_void};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ptr::null_mut;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub address: SocketAddr,
    stream: bool,
    /// Belongs to `mgr->dns6`.
    ip6: bool,
}

impl Server {
    pub fn udp(address: SocketAddr) -> Server {
        Server {
            address,
            stream: false,
            ip6: address.is_ipv6(),
        }
    }

    /// `None` for a URL whose host is not an address: who should look it up?
    pub fn from_url(url: &[u8], ip6: bool) -> Option<Server> {
        if url.is_empty() {
            return None;
        }
        let address = crate::net::addr::parse(url::host(url))?;
        let address = mg_addr {
            addr: crate::net::ffi::mg_addr_bytes { ip: address.bytes },
            port: url::port(url).to_be(),
            scope_id: address.scope_id,
            is_ip6: address.is_ip6,
        };
        Some(Server {
            address: address.to_socket_addr(),
            stream: !url.starts_with(b"udp:"),
            ip6,
        })
    }

    /// Whether a datagram from `sender` is from this server. The unspecified address stands for this
    /// host, which answers from another one.
    pub fn is(&self, sender: SocketAddr) -> bool {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        !self.stream && ip == sender.ip() && self.address.port() == sender.port()
    }

    /// Whether questions to this server can go through `c`.
    fn fits(&self, c: &mg_connection) -> bool {
        let rem = c.rem.get();
        if c.is(Flag::Closing) || c.is(Flag::Udp) == self.stream {
            return false;
        }
        if self.stream {
            rem.to_socket_addr() == self.address
        } else {
            rem.is_ip6 == self.address.is_ipv6()
        }
    }

    fn dns<'a>(&self, mgr: &'a mg_mgr) -> &'a mg_dns {
        if self.ip6 { &mgr.dns6 } else { &mgr.dns4 }
    }

    fn connection<'a>(&self, mgr: &'a mg_mgr, dns: &mg_dns) -> Option<&'a mg_connection> {
        // SAFETY: NULL or open: closing a connection clears the member.
        match unsafe { dns.c.get().as_ref() } {
            Some(c) if self.fits(c) => Some(c),
            _ => self.open(mgr, dns),
        }
    }

    fn open<'a>(&self, mgr: &'a mg_mgr, dns: &mg_dns) -> Option<&'a mg_connection> {
        let scheme = if self.stream { "tcp" } else { "udp" };
        let c = open(mgr, scheme, self.address, server_event)?;
        dns.c.set(c.as_ptr());
        Some(c)
    }
}

fn open<'a>(
    mgr: &'a mg_mgr,
    scheme: &str,
    address: SocketAddr,
    handler: unsafe extern "C" fn(*mut mg_connection, c_int, *mut c_void),
) -> Option<&'a mg_connection> {
    let url = format!("{scheme}://{address}\0");
    let handlers = Handlers {
        f: None,
        fn_data: null_mut(),
        pfn: Some(handler),
        pfn_data: null_mut(),
        origin: Origin::Unknown,
    };
    let bytes = url.trim_end_matches('\0').as_bytes();
    connect::connect(mgr, bytes, url.as_ptr().cast(), &handlers)
        .inspect(|c| crate::net::limits::exempt(c))
}

/// mg_dnsc_init(): makes sure that the connection exists.
pub(crate) fn initialize(mgr: &mg_mgr, dns: &mg_dns) -> bool {
    if !dns.c.get().is_null() {
        return true;
    }
    // SAFETY: NULL or a valid C string, by contract.
    let server = Server::from_url(unsafe { cstr(dns.url.get()) }, false);
    server.is_some_and(|server| server.open(mgr, dns).is_some())
}

/// Sends a lookup's question to its next server. False when no server could be turned to; a
/// connection that fails later says so by closing.
pub(super) fn ask(mgr: &mg_mgr, serial: u64) -> bool {
    let Some(resolver) = resolver(mgr) else {
        return false;
    };
    loop {
        let now = crate::util::ffi::mg_millis();
        let sending = resolver.lookups.borrow_mut().next_sending(serial, now);
        let Some(sending) = sending else { return false };
        let server = &sending.server;
        let c = server.connection(mgr, server.dns(mgr));
        let more = resolver.lookups.borrow().has_more(serial);
        if let Some(c) = c {
            resolver.lookups.borrow_mut().set_via(serial, c);
            if c.is(Flag::Closing) || send(c, server, &sending.message, sending.alone) {
                return true;
            }
            if !more {
                c.set(Flag::Closing, true);
                return true;
            }
        } else if !more {
            return false;
        }
    }
}

/// False when the socket refuses. One that is full will be tried again in time.
fn send(c: &mg_connection, server: &Server, message: &[u8], alone: bool) -> bool {
    if server.stream {
        return c.send.append(&dns::query::framed(message));
    }
    if alone && c.loc.get().port != 0 {
        connect::renew_socket(c);
    }
    c.rem.set(mg_addr::from_socket_addr(server.address));
    io::send_raw(c, message) != crate::net::ffi::MG_IO_ERR
}

/// Sends the question once more, over TCP.
pub(super) fn ask_stream(mgr: &mg_mgr, serial: u64, address: SocketAddr) {
    let Some(resolver) = resolver(mgr) else {
        return;
    };
    let question = resolver.lookups.borrow_mut().stream_question(serial);
    let Some(question) = question else { return };
    if let Some(c) = open(mgr, "tcp", address, stream_event) {
        c.send.append(&question);
        resolver.lookups.borrow_mut().set_stream(serial, c);
    }
}

unsafe extern "C" fn server_event(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers get live connections.
    let c = unsafe { &*c };
    contain(c, (), || {
        let Some(mgr) = manager(c) else { return };
        match event {
            ev::POLL => {
                // SAFETY: the data of this event is the time.
                tick(mgr, unsafe { *data.cast::<u64>() });
                close_if_replaced(mgr, c);
            }
            ev::READ if c.is(Flag::Udp) => datagram(mgr, c),
            ev::READ => stream(mgr, c),
            ev::CLOSE => server_closed(mgr, c),
            _ => {}
        }
    });
}

/// A connection that the manager knows no more, because its servers changed, ends with its lookups.
fn close_if_replaced(mgr: &mg_mgr, c: &mg_connection) {
    let known = [&mgr.dns4, &mgr.dns6]
        .iter()
        .any(|dns| dns.c.get() == c.as_ptr());
    if !known && !resolver(mgr).is_some_and(|r| r.lookups.borrow().uses(c)) {
        c.set(Flag::Closing, true);
    }
}

unsafe extern "C" fn stream_event(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers get live connections.
    let c = unsafe { &*c };
    contain(c, (), || {
        let Some(mgr) = manager(c) else { return };
        if event == ev::READ {
            stream(mgr, c);
        }
    });
}

/// One datagram is one message.
fn datagram(mgr: &mg_mgr, c: &mg_connection) {
    let Some(resolver) = resolver(mgr) else {
        return;
    };
    let from = c.rem.get().to_socket_addr();
    // SAFETY: no handler runs while the slice lives.
    let message = unsafe { c.recv.as_bytes() };
    let judged = {
        let lookups = resolver.lookups.borrow();
        inject("dns");
        lookups.judge(c, Some(from), message)
    };
    c.recv.len.set(0);
    match judged {
        Some((serial, outcome)) => answered(mgr, serial, Some(from), outcome),
        None => crate::log::debug(format_args!(
            "{} no answer: datagram from {from}",
            c.id.get()
        )),
    }
}

/// Messages with their lengths in front (RFC 1035, section 4.2.2).
fn stream(mgr: &mg_mgr, c: &mg_connection) {
    // A copy, since handlers may do anything to the buffer. What is left from before is less than one
    // message.
    let mut input = Vec::new();
    if input.try_reserve_exact(c.recv.len.get()).is_err() {
        return crate::net::error(c, b"OOM");
    }
    // SAFETY: no handler runs while the slice lives.
    input.extend_from_slice(unsafe { c.recv.as_bytes() });
    let mut at = 0;
    let mut messages = Vec::new();
    while let Some(length) = dns::u16_at(&input, at) {
        let start = at + 2;
        let Some(message) = input.get(start..start + usize::from(length)) else {
            break;
        };
        messages.push(message);
        at = start + message.len();
    }
    c.recv.consume(at);
    inject("dns stream");
    for message in messages {
        let judged = resolver(mgr).and_then(|r| r.lookups.borrow().judge(c, None, message));
        if let Some((serial, outcome)) = judged {
            answered(mgr, serial, None, outcome);
        }
    }
}
