//! Lookups under way.

use super::server::Server;
use crate::dns::response::{self, Outcome, Question};
use crate::dns::{Name, cache::Cache, query, rtype};
use crate::ffi::heap::strictly;
use crate::net::{Flag, mg_connection, socket};
use crate::util::ffi::random_bytes;
use std::net::{IpAddr, SocketAddr};
use std::ptr::null_mut;

/// How often a question is sent at least before the time is up.
const TRIES: usize = 3;
/// Shortest time before it is sent again.
const MIN_INTERVAL_MS: u64 = 250;

/// A connection that waits for its address.
#[derive(Clone, Copy)]
pub(super) struct Waiter {
    c: *mut mg_connection,
    deadline: u64,
    timeout: u64,
}

impl Waiter {
    pub fn new(c: &mg_connection, now: u64, timeout_ms: i32) -> Waiter {
        let timeout = u64::try_from(timeout_ms).unwrap_or(0);
        Waiter {
            c: c.as_ptr(),
            deadline: now + timeout,
            timeout,
        }
    }

    /// When it has waited too long.
    fn due(&self) -> u64 {
        self.deadline + 1
    }
}

/// One name, asked for on behalf of everybody who wants it at the same time.
pub(super) struct Lookup {
    serial: u64,
    /// As the program spelled it.
    host: Box<[u8]>,
    /// Full names to try, and which of them is asked for now.
    names: Vec<Name>,
    current: usize,
    rtype: u16,
    /// Type asked for first.
    first_rtype: u16,
    id: u16,
    servers: Vec<Server>,
    /// Who is asked for IPv6 addresses if there are no IPv4 addresses.
    other_servers: Vec<Server>,
    /// IPv4 addresses to which there is no route, for want of better ones.
    unreachable: Vec<IpAddr>,
    /// How often the present question was sent; the servers take turns.
    sent: usize,
    send_again_at: u64,
    interval: u64,
    waiters: Vec<Waiter>,
    /// The connection used last.
    via: *mut mg_connection,
    /// A TCP connection opened because an answer was truncated.
    stream: *mut mg_connection,
    finished: bool,
}

impl Lookup {
    pub fn new(
        host: &[u8],
        names: Vec<Name>,
        rtype: u16,
        servers: Vec<Server>,
        other_servers: Vec<Server>,
        waiter: Waiter,
    ) -> Lookup {
        Lookup {
            serial: 0,
            host: host.into(),
            names,
            current: 0,
            rtype,
            first_rtype: rtype,
            id: 0,
            servers,
            other_servers,
            unreachable: Vec::new(),
            sent: 0,
            send_again_at: 0,
            interval: (waiter.timeout / TRIES as u64).max(MIN_INTERVAL_MS),
            waiters: vec![waiter],
            via: null_mut(),
            stream: null_mut(),
            finished: false,
        }
    }

    fn name(&self) -> &Name {
        &self.names[self.current]
    }

    /// Whether an answer on `c` may be to this lookup.
    fn expects(&self, c: &mg_connection, from: Option<SocketAddr>) -> bool {
        match from {
            Some(from) => self.asked().iter().any(|s| s.is(from)),
            None => self.via == c.as_ptr() || self.stream == c.as_ptr(),
        }
    }

    /// The servers that were sent the present question.
    fn asked(&self) -> &[Server] {
        &self.servers[..self.sent.min(self.servers.len())]
    }

    /// True when a host without IPv4 should rather be told IPv6 addresses.
    fn wants_better(&self, addresses: &[IpAddr]) -> bool {
        self.rtype == rtype::A
            && !self.other_servers.is_empty()
            && addresses.iter().all(|ip| !socket::has_route(*ip))
    }

    /// Turns to another question, if there is one after this had no answer.
    fn next_question(&mut self, name_exists: bool) -> bool {
        let ip4_only = self.rtype == rtype::A && !self.other_servers.is_empty();
        if name_exists && ip4_only {
            std::mem::swap(&mut self.servers, &mut self.other_servers);
            self.rtype = rtype::AAAA;
        } else if self.current + 1 < self.names.len() {
            if self.rtype != self.first_rtype {
                std::mem::swap(&mut self.servers, &mut self.other_servers);
                self.rtype = self.first_rtype;
            }
            self.current += 1;
        } else {
            return false;
        }
        self.sent = 0;
        true
    }

    fn close_stream(&mut self) {
        let stream = std::mem::replace(&mut self.stream, null_mut());
        // SAFETY: NULL or open: closing takes it out of here.
        if let Some(stream) = unsafe { stream.as_ref() } {
            stream.set(Flag::Closing, true);
        }
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        self.close_stream();
    }
}

/// What to do about an answer.
pub(super) enum Next {
    Found(Vec<IpAddr>),
    Fail,
    /// Send the question, which may be another one now.
    Ask,
    /// Send it over TCP.
    AskStream(SocketAddr),
    Nothing,
}

/// What has to be done at some time.
pub(super) enum Due {
    Nothing,
    /// Nobody answered this connection in time. It waits no longer.
    Expired(*mut mg_connection),
    AskAgain(u64),
}

/// What to send to whom.
pub(super) struct Sending {
    pub message: Vec<u8>,
    pub server: Server,
    /// No answer is outstanding.
    pub alone: bool,
}

#[derive(Default)]
pub(super) struct Lookups {
    list: Vec<Lookup>,
    pub cache: Cache,
    /// Whom the content of the cache is from.
    cached_from: Vec<Server>,
    last_serial: u64,
    /// Before this time, nothing is due.
    due: u64,
}

impl Lookups {
    /// Empties the cache when it is from other servers.
    pub fn use_servers(&mut self, servers: &[Server]) {
        if self.cached_from != servers {
            self.cache.clear();
            self.cached_from = servers.to_vec();
        }
    }

    fn get(&mut self, serial: u64) -> Option<&mut Lookup> {
        self.list.iter_mut().find(|l| l.serial == serial)
    }

    /// Lets a connection wait for the same question that is asked already.
    pub fn join(&mut self, name: &Name, rtype: u16, servers: &[Server], waiter: &Waiter) -> bool {
        let same = self.list.iter_mut().find(|l| {
            !l.finished
                && l.first_rtype == rtype
                && l.names[0] == *name
                && (if l.rtype == rtype {
                    &l.servers
                } else {
                    &l.other_servers
                }) == servers
        });
        let Some(lookup) = same else { return false };
        if strictly(|| lookup.waiters.try_reserve(1)).is_err() {
            return false;
        }
        self.due = self.due.min(waiter.deadline);
        lookup.waiters.push(*waiter);
        true
    }

    /// Adds a lookup; its number, or `None` when memory is exhausted.
    pub fn start(&mut self, mut lookup: Lookup) -> Option<u64> {
        strictly(|| self.list.try_reserve(1)).ok()?;
        self.last_serial += 1;
        lookup.serial = self.last_serial;
        self.list.push(lookup);
        self.due = 0;
        Some(self.last_serial)
    }

    /// A random id that no other lookup has.
    fn fresh_id(&self) -> u16 {
        loop {
            let mut bytes = [0; 2];
            random_bytes(&mut bytes);
            let id = u16::from_ne_bytes(bytes);
            if self.list.len() > usize::from(u16::MAX) / 2 || !self.list.iter().any(|l| l.id == id)
            {
                return id;
            }
        }
    }

    /// The next sending of a lookup's question.
    pub fn next_sending(&mut self, serial: u64, now: u64) -> Option<Sending> {
        let fresh = self.fresh_id();
        let lookup = self.get(serial).filter(|l| !l.finished)?;
        let first = lookup.sent == 0;
        if first {
            lookup.id = fresh;
        }
        let server = lookup.servers[lookup.sent % lookup.servers.len()].clone();
        lookup.sent += 1;
        lookup.send_again_at = now + lookup.interval;
        let id = lookup.id;
        let flags = query::RECURSION_DESIRED;
        let message = query::build(id, flags, lookup.name().wire(), lookup.rtype);
        self.due = self.due.min(now);
        let alone = first && self.list.iter().all(|l| l.serial == serial || l.finished);
        Some(Sending {
            message,
            server,
            alone,
        })
    }

    /// Whether a server is left that was not sent the present question.
    pub fn has_more(&self, serial: u64) -> bool {
        self.list
            .iter()
            .any(|l| l.serial == serial && !l.finished && l.sent < l.servers.len())
    }

    pub fn set_via(&mut self, serial: u64, c: &mg_connection) {
        if let Some(lookup) = self.get(serial) {
            lookup.via = c.as_ptr();
        }
    }

    /// The lookups that were last asked through this connection.
    pub fn asked_through(&mut self, c: &mg_connection) -> Vec<u64> {
        let mut serials = Vec::new();
        for lookup in self.list.iter_mut().rev() {
            if lookup.via == c.as_ptr() {
                lookup.via = null_mut();
                serials.push(lookup.serial);
            }
        }
        serials
    }

    /// True while a lookup uses this connection.
    pub fn uses(&self, c: &mg_connection) -> bool {
        self.list.iter().any(|l| l.via == c.as_ptr())
    }

    /// The message that a stream has to carry, `None` when the lookup has one, or has ended.
    pub fn stream_question(&mut self, serial: u64) -> Option<Vec<u8>> {
        let lookup = self.get(serial)?;
        if lookup.finished || !lookup.stream.is_null() {
            return None;
        }
        let flags = query::RECURSION_DESIRED;
        let message = query::build(lookup.id, flags, lookup.name().wire(), lookup.rtype);
        Some(query::framed(&message))
    }

    pub fn set_stream(&mut self, serial: u64, c: &mg_connection) {
        if let Some(lookup) = self.get(serial) {
            lookup.stream = c.as_ptr();
        }
    }

    /// The lookup that `message` answers, and what it says. `from` is the sender of a datagram.
    pub fn judge(
        &self,
        c: &mg_connection,
        from: Option<SocketAddr>,
        message: &[u8],
    ) -> Option<(u64, Outcome)> {
        let id = crate::dns::u16_at(message, 0)?;
        let expecting = |l: &&Lookup| !l.finished && l.id == id && l.expects(c, from);
        let lookup = self.list.iter().find(expecting)?;
        let asked = Question {
            id,
            name: lookup.name(),
            rtype: lookup.rtype,
        };
        let outcome = response::read(message, &asked)?;
        match outcome {
            // There is nothing larger to go to.
            Outcome::Truncated if from.is_none() => None,
            _ => Some((lookup.serial, outcome)),
        }
    }

    pub fn answered(
        &mut self,
        serial: u64,
        from: Option<SocketAddr>,
        outcome: Outcome,
        now: u64,
    ) -> Next {
        let pending = |l: &&mut Lookup| l.serial == serial && !l.finished;
        let Some(lookup) = self.list.iter_mut().find(pending) else {
            return Next::Nothing;
        };
        let next = match outcome {
            Outcome::Addresses(addresses, _) if lookup.wants_better(&addresses) => {
                lookup.unreachable = addresses;
                lookup.next_question(true);
                Next::Ask
            }
            Outcome::Addresses(addresses, seconds) => {
                let (name, rtype) = (&lookup.names[0], lookup.first_rtype);
                self.cache.put(name, rtype, &addresses, seconds, now);
                Next::Found(addresses)
            }
            Outcome::Truncated => from.map_or(Next::Nothing, Next::AskStream),
            Outcome::NoName | Outcome::NoData => {
                lookup.close_stream();
                let settled = !lookup.unreachable.is_empty();
                if !settled && lookup.next_question(outcome == Outcome::NoData) {
                    Next::Ask
                } else {
                    Next::Fail
                }
            }
            Outcome::Refused(_) if lookup.sent < lookup.servers.len() => {
                lookup.close_stream();
                Next::Ask
            }
            Outcome::Refused(_) => Next::Fail,
        };
        let unreachable = std::mem::take(&mut lookup.unreachable);
        match next {
            Next::Fail if !unreachable.is_empty() => Next::Found(unreachable),
            next => {
                lookup.unreachable = unreachable;
                next
            }
        }
    }

    /// Marks a lookup as answered; the host it was for.
    pub fn finish(&mut self, serial: u64) -> Box<[u8]> {
        match self.get(serial) {
            Some(lookup) => {
                lookup.finished = true;
                lookup.close_stream();
                lookup.host.clone()
            }
            None => Box::default(),
        }
    }

    /// Takes the next one to be told of a finished lookup, which goes with the last.
    pub fn next_waiter(&mut self, serial: u64) -> Option<*mut mg_connection> {
        let waiter = self.get(serial)?.waiters.pop();
        if waiter.is_none() {
            self.list.retain(|l| l.serial != serial);
        }
        waiter.map(|w| w.c)
    }

    /// Forgets a connection that waits, or that was to bring an answer.
    pub fn cancel(&mut self, c: &mg_connection) {
        if self.list.is_empty() {
            return;
        }
        for lookup in &mut self.list {
            lookup.waiters.retain(|w| w.c != c.as_ptr());
            if lookup.stream == c.as_ptr() {
                lookup.stream = null_mut();
            }
        }
        self.list.retain(|l| l.finished || !l.waiters.is_empty());
    }

    /// When [`Lookups::due`] has to be asked again, or earlier.
    pub fn next_due(&self) -> Option<u64> {
        (!self.list.is_empty()).then_some(self.due)
    }

    /// Something that is due; call it until there is nothing.
    pub fn due(&mut self, now: u64) -> Due {
        if self.list.is_empty() || now < self.due {
            return Due::Nothing;
        }
        let expired = self
            .list
            .iter()
            .rposition(|l| !l.finished && l.waiters.iter().any(|w| now >= w.due()));
        if let Some(i) = expired {
            let lookup = &mut self.list[i];
            let place = lookup.waiters.iter().rposition(|w| now >= w.due());
            let waiter = lookup.waiters.remove(place.unwrap_or(0));
            if lookup.waiters.is_empty() {
                self.list.remove(i);
            }
            return Due::Expired(waiter.c);
        }
        let sends_left = |l: &Lookup| !l.finished && l.sent < TRIES.max(l.servers.len());
        let again = |l: &&Lookup| sends_left(l) && l.sent > 0 && now >= l.send_again_at;
        if let Some(lookup) = self.list.iter().find(again) {
            return Due::AskAgain(lookup.serial);
        }
        let open = || self.list.iter().filter(|l| !l.finished);
        let deadlines = open().flat_map(|l| &l.waiters).map(Waiter::due);
        let resends = open()
            .filter(|l| sends_left(l) && l.sent > 0)
            .map(|l| l.send_again_at);
        self.due = deadlines.chain(resends).min().unwrap_or(0);
        Due::Nothing
    }
}
