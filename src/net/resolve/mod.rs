//! From a URL to an address.
//!
//! Literal addresses resolve at once. Names that the cache or the host's own table knows do so in the next
//! turn of the connection, as if somebody had been asked: programs rely on events that come later. Names
//! that end in `.local` are asked of multicast DNS ([`multicast`]), others of name servers ([`lookup`] has
//! what is under way, [`server`] the connections).
//!
//! Unless the program says which name server to ask, that is, while the URL in the manager is the one
//! that mg_mgr_init() put there, the host's files decide ([`host`]).
//!
//! A handler may run whenever a connection is told something, and may start and cancel lookups. So
//! lookups are known by a number, and nothing of the state is borrowed across an event.

mod host;
mod lookup;
pub(crate) mod multicast;
mod server;

use super::ffi::mg_dns;
use super::mgr::{MgrPrivate, manager};
use super::{Flag, connect, error, mg_connection, mg_mgr};
use crate::dns::response::Outcome;
use crate::dns::{Name, rtype};
use crate::ffi::{inject, str::cstr};
use crate::url;
use host::HostFiles;
use lookup::{Lookup, Lookups, Next, Waiter};
use server::Server;
pub(crate) use server::initialize;
use std::cell::RefCell;
use std::ffi::CStr;
use std::net::{IpAddr, SocketAddr};

/// The name servers of a host that names none. A manager that has these very pointers leaves the choice
/// to the host.
pub(super) static DEFAULT_DNS4: &CStr = c"udp://8.8.8.8:53";
pub(super) static DEFAULT_DNS6: &CStr = c"udp://[2001:4860:4860::8888]:53";

/// What a manager keeps about name lookups.
#[derive(Default)]
pub(super) struct Resolver {
    lookups: RefCell<Lookups>,
    multicast: RefCell<Vec<multicast::Waiter>>,
    host: RefCell<HostFiles>,
}

/// Why there is no address.
#[derive(Clone, Copy)]
enum Failure {
    /// The name has none.
    Name,
    Text(&'static str),
}

impl Resolver {
    /// When it has to be told the time (mg_millis).
    pub fn next_due(&self) -> Option<u64> {
        let multicast = self.multicast.borrow();
        let multicast = multicast.iter().map(multicast::Waiter::due).min();
        self.lookups
            .borrow()
            .next_due()
            .into_iter()
            .chain(multicast)
            .min()
    }
}

fn resolver(mgr: &mg_mgr) -> Option<&Resolver> {
    mgr.private().map(|p| &p.resolver)
}

/// Finds the address of the URL's host and goes on with mg_connect_resolved().
pub(super) fn resolve(c: &mg_connection, url: &[u8]) {
    if c.is_dead() {
        return;
    }
    cancel(c);
    inject("resolve");
    let mut rem = c.rem.get();
    rem.port = url::port(url).to_be();
    c.rem.set(rem);
    c.set(Flag::Resolving, true);
    let host = url::host(url);
    if let Some(address) = super::addr::parse(host) {
        rem.addr.ip = address.bytes;
        rem.is_ip6 = address.is_ip6;
        rem.scope_id = address.scope_id;
        c.rem.set(rem);
        connect::connect_resolved(c);
    } else if is_local(host) {
        multicast::resolve(c, host);
    } else {
        look_up(c, host);
    }
}

/// A name for multicast DNS (RFC 6762, section 3).
fn is_local(host: &[u8]) -> bool {
    const SUFFIX: &[u8] = b".local";
    host.len() > SUFFIX.len() && host[host.len() - SUFFIX.len()..].eq_ignore_ascii_case(SUFFIX)
}

/// Forgets the connection's name lookup.
pub(super) fn cancel(c: &mg_connection) {
    let Some(resolver) = manager(c).and_then(resolver) else {
        return;
    };
    if let Some(p) = c.private() {
        p.is_resolved.set(false);
    }
    if !resolver.multicast.borrow().is_empty() {
        resolver.multicast.borrow_mut().retain(|w| !w.is(c));
    }
    resolver.lookups.borrow_mut().cancel(c);
}

/// A name server as the program or mg_mgr_init() gave it.
enum Choice {
    /// Left to the host.
    Host,
    Url(Vec<u8>),
}

fn choice(dns: &mg_dns, default: &CStr) -> Choice {
    if dns.url.get() == default.as_ptr() {
        return Choice::Host;
    }
    // SAFETY: NULL or a valid C string, by contract.
    Choice::Url(unsafe { cstr(dns.url.get()) }.to_vec())
}

fn look_up(c: &mg_connection, host: &[u8]) {
    let Some((mgr, resolver)) = manager(c).and_then(|m| Some((m, resolver(m)?))) else {
        return error(c, b"resolver");
    };
    let ip6 = mgr.use_dns6.get();
    let choice = if ip6 {
        choice(&mgr.dns6, DEFAULT_DNS6)
    } else {
        choice(&mgr.dns4, DEFAULT_DNS4)
    };
    let (names, servers) = match &choice {
        Choice::Host => {
            let mut files = resolver.host.borrow_mut();
            let found = files.addresses(host, ip6);
            if let Some(addresses) = found.as_ref().filter(|found| !found.is_empty()) {
                drop(files);
                return finish_later(c, addresses);
            }
            let asked = found.and_then(|_| files.names_and_servers(host, ip6));
            drop(files);
            let Some(asked) = asked else {
                return error(c, b"OOM");
            };
            asked
        }
        Choice::Url(url) => (
            Name::from_text(host).into_iter().collect(),
            Server::from_url(url, ip6).into_iter().collect(),
        ),
    };
    if servers.is_empty() {
        return error(c, b"resolver");
    }
    let Some(first) = names.first() else {
        return fail(c, host, Failure::Name);
    };
    let now = crate::util::ffi::mg_millis();
    let rtype = if ip6 { rtype::AAAA } else { rtype::A };
    let waiter = Waiter::new(c, now, mgr.dnstimeout.get());
    let started = {
        let mut lookups = resolver.lookups.borrow_mut();
        lookups.use_servers(&servers);
        let cached = lookups.cache.get(first, rtype, now).map(<[IpAddr]>::to_vec);
        if let Some(addresses) = cached {
            drop(lookups);
            return finish_later(c, &addresses);
        }
        if lookups.join(first, rtype, &servers, &waiter) {
            return;
        }
        let other = ip6_fallback(mgr, ip6, &servers);
        lookups.start(Lookup::new(host, names, rtype, servers, other, waiter))
    };
    match started {
        None => error(c, b"resolve OOM"),
        Some(serial) => {
            if !server::ask(mgr, serial) {
                deliver(mgr, serial, &Err(Failure::Text("resolver")));
            }
        }
    }
}

/// Who is asked for an IPv6 address when there is no IPv4 address.
fn ip6_fallback(mgr: &mg_mgr, ip6: bool, servers: &[Server]) -> Vec<Server> {
    if ip6 {
        return Vec::new();
    }
    match choice(&mgr.dns6, DEFAULT_DNS6) {
        Choice::Url(url) => Server::from_url(&url, true).into_iter().collect(),
        Choice::Host => servers.to_vec(),
    }
}

/// An answer came in; `serial` says to which lookup.
fn answered(mgr: &mg_mgr, serial: u64, from: Option<SocketAddr>, outcome: Outcome) {
    let Some(resolver) = resolver(mgr) else {
        return;
    };
    let now = crate::util::ffi::mg_millis();
    let next = resolver
        .lookups
        .borrow_mut()
        .answered(serial, from, outcome, now);
    match next {
        Next::Found(addresses) => deliver(mgr, serial, &Ok(addresses)),
        Next::Fail => deliver(mgr, serial, &Err(Failure::Name)),
        Next::Ask => {
            if !server::ask(mgr, serial) {
                deliver(mgr, serial, &Err(Failure::Name));
            }
        }
        Next::AskStream(address) => server::ask_stream(mgr, serial, address),
        Next::Nothing => {}
    }
}

/// Ends a lookup: tells those that wait, the latest first.
fn deliver(mgr: &mg_mgr, serial: u64, result: &Result<Vec<IpAddr>, Failure>) {
    let Some(resolver) = resolver(mgr) else {
        return;
    };
    let host = resolver.lookups.borrow_mut().finish(serial);
    loop {
        let waiter = resolver.lookups.borrow_mut().next_waiter(serial);
        let Some(waiter) = waiter else { return };
        // SAFETY: a connection that closes takes itself out of all lookups.
        let c = unsafe { &*waiter };
        match result {
            Ok(addresses) => finish(c, addresses),
            Err(failure) => fail(c, &host, *failure),
        }
    }
}

/// Connects to the first address; the others are for when that fails.
fn finish(c: &mg_connection, addresses: &[IpAddr]) {
    if set_addresses(c, addresses) {
        connect::connect_resolved(c);
    }
}

/// The same in the next turn of the connection.
fn finish_later(c: &mg_connection, addresses: &[IpAddr]) {
    if let Some(p) = c.private().filter(|_| set_addresses(c, addresses)) {
        p.is_resolved.set(true);
        super::visits::mark(c);
    }
}

/// False when there are none.
fn set_addresses(c: &mg_connection, addresses: &[IpAddr]) -> bool {
    let Some((first, others)) = addresses.split_first() else {
        return false;
    };
    set_address(c, *first);
    if let Some(p) = c.private() {
        let others = (!c.is(Flag::Udp) && !others.is_empty()).then(|| others.into());
        p.other_addresses.set(others);
    }
    true
}

fn set_address(c: &mg_connection, ip: IpAddr) {
    let port = c.rem.get().port();
    c.rem
        .set(super::mg_addr::from_socket_addr((ip, port).into()));
}

/// A connection attempt failed: puts the next address of the host into `c->rem`. False when there is
/// none left.
pub(super) fn next_address(c: &mg_connection) -> bool {
    let Some(p) = c.private() else { return false };
    let Some(addresses) = p.other_addresses.take() else {
        return false;
    };
    let Some((first, others)) = addresses.split_first() else {
        return false;
    };
    set_address(c, *first);
    p.other_addresses.set(Some(others.into()));
    true
}

fn fail(c: &mg_connection, host: &[u8], failure: Failure) {
    match failure {
        Failure::Text(text) => error(c, text.as_bytes()),
        Failure::Name => error(c, &[host, b" DNS lookup failed"].concat()),
    }
}

/// Time passes: gives up, or asks again.
fn tick(mgr: &mg_mgr, now: u64) {
    let Some(resolver) = resolver(mgr) else {
        return;
    };
    loop {
        let due = resolver.lookups.borrow_mut().due(now);
        match due {
            lookup::Due::Nothing => return,
            lookup::Due::Expired(waiter) => {
                // SAFETY: a connection that closes takes itself out of all lookups.
                error(unsafe { &*waiter }, b"DNS timeout");
            }
            lookup::Due::AskAgain(serial) => {
                server::ask(mgr, serial);
            }
        }
    }
}

/// A connection to a name server closed.
fn server_closed(mgr: &mg_mgr, c: &mg_connection) {
    let Some(private) = mgr.private() else {
        return;
    };
    let serials = private.resolver.lookups.borrow_mut().asked_through(c);
    for serial in serials {
        let retry = !private.freeing.get() && private.resolver.lookups.borrow().has_more(serial);
        if !(retry && server::ask(mgr, serial)) {
            deliver(mgr, serial, &Err(Failure::Text("DNS error")));
        }
    }
}

impl MgrPrivate {
    /// Reads these files instead of the host's.
    #[cfg(test)]
    fn use_files(&self, hosts: &std::path::Path, conf: &std::path::Path) {
        *self.resolver.host.borrow_mut() = HostFiles::at(hosts, conf);
    }
}

#[cfg(test)]
mod tests;
