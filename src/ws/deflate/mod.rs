//! permessage-deflate (RFC 7692): messages compressed one by one.
//!
//! A side that takes over the context of the last message into the next one keeps it in the
//! [`Session`] of the connection, from the first message on. Otherwise contexts belong to the manager
//! ([`Shared`]), which lends them for one message.
#![forbid(unsafe_code)]

pub mod codec;
pub mod negotiate;

use super::frame::{FIN, RESERVED, opcode};
use codec::{Deflater, INFLATER_SIZE, Inflater, deflater_size};
use negotiate::{Agreement, MAX_BITS, Params, Wish};
use std::cell::Cell;
use std::mem::{replace, take};
use std::rc::Rc;

/// With a window of 8 bits raw deflate refers further back than it may, so nothing is compressed.
const MIN_BITS: u8 = 9;
/// A longer payload is hardly one: it is left to what sends plain frames to refuse it.
const MOST: usize = u32::MAX as usize;
/// Contexts that compress, of different settings, which a manager keeps for the next message.
const MOST_SHARED: usize = 4;

/// What a program wants of the connections that may compress.
pub struct Settings {
    pub wish: Wish,
    pub level: u8,
    /// Shorter messages are sent as they are.
    pub min_size: usize,
    /// The longest inflated message.
    pub message_size: usize,
    /// Bytes that the contexts of all connections of the manager may take.
    pub memory: usize,
    pub shared: Rc<Shared>,
}

/// What the connections of a manager have in common.
#[derive(Default)]
pub struct Shared {
    /// Bytes set aside for contexts that belong to connections.
    reserved: Cell<usize>,
    deflaters: [Cell<Option<Box<Deflater>>>; MOST_SHARED],
    inflater: Cell<Option<Box<Inflater>>>,
}

impl Shared {
    fn reserve(&self, size: usize, bound: usize) -> bool {
        let total = self.reserved.get().saturating_add(size);
        let fits = size == 0 || total <= bound;
        if fits {
            self.reserved.set(total);
        }
        fits
    }

    fn take_deflater(&self, level: u8, bits: u8) -> Option<Box<Deflater>> {
        for place in &self.deflaters {
            match place.take() {
                Some(mut deflater) if deflater.is(level, bits) => {
                    deflater.reset();
                    return Some(deflater);
                }
                other => place.set(other),
            }
        }
        Deflater::new(level, bits)
    }

    /// Keeps a context in the first place, from where it moves on when others come.
    fn give_deflater(&self, deflater: Box<Deflater>) {
        let mut moving = Some(deflater);
        for place in &self.deflaters {
            if moving.is_none() {
                break;
            }
            moving = place.replace(moving);
        }
    }

    /// Bytes of the contexts that wait to be lent.
    pub fn memory(&self) -> usize {
        let deflaters = self
            .deflaters
            .iter()
            .filter_map(|d| with(d, |d| d.memory()));
        let inflater = with(&self.inflater, |_| INFLATER_SIZE);
        deflaters.chain(inflater).sum()
    }

    fn take_inflater(&self) -> Option<Box<Inflater>> {
        match self.inflater.take() {
            Some(mut inflater) => {
                inflater.reset();
                Some(inflater)
            }
            None => Inflater::new(),
        }
    }
}

/// Works on what a slot has, which does not call out.
fn with<T, R>(slot: &Cell<Option<Box<T>>>, f: impl FnOnce(&mut T) -> R) -> Option<R> {
    let mut value = slot.take()?;
    let result = f(&mut value);
    slot.set(Some(value));
    Some(result)
}

/// How a frame is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    Plain,
    /// The first frame of a compressed message.
    First,
    /// Another one of it: what was left out at the end of the one before comes first.
    Next,
}

/// The extension on one connection.
pub struct Session {
    settings: Rc<Settings>,
    agreement: Agreement,
    /// What was offered to a server that has not answered yet.
    offer: Params,
    deflater: Option<Box<Deflater>>,
    inflater: Option<Box<Inflater>>,
    /// The message that was begun last is compressed.
    compresses: bool,
    reserved: usize,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.release();
    }
}

/// Bytes of the contexts that a connection keeps.
fn size_of_contexts(agreement: Agreement) -> usize {
    let sends = agreement.send_takeover && agreement.send_bits >= MIN_BITS;
    let deflater = if sends {
        deflater_size(agreement.send_bits)
    } else {
        0
    };
    let inflater = if agreement.recv_takeover {
        INFLATER_SIZE
    } else {
        0
    };
    deflater + inflater
}

impl Session {
    /// Finds out how much may be taken over from message to message: as much as the program
    /// wishes if there is memory for it. `agree` makes an agreement of a wish.
    fn new(settings: &Rc<Settings>, agree: impl Fn(Wish) -> (Params, Agreement)) -> Session {
        let mut wish = settings.wish;
        loop {
            let (params, agreement) = agree(wish);
            let size = size_of_contexts(agreement);
            if settings.shared.reserve(size, settings.memory) {
                return Session {
                    settings: settings.clone(),
                    agreement,
                    offer: params,
                    deflater: None,
                    inflater: None,
                    compresses: false,
                    reserved: size,
                };
            }
            // Contexts that compress are the larger ones.
            if !replace(&mut wish.send_takeover, false) {
                wish.recv_takeover = false;
            }
        }
    }

    /// A server accepts the first of these offers, if there is one. Returns its answer, too.
    pub fn accept<'a>(
        settings: &Rc<Settings>,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Option<(Session, Params)> {
        let offer = negotiate::offers(fields).next()?;
        let session = Session::new(settings, |wish| {
            let answer = offer.answer(wish);
            (answer, answer.at_server())
        });
        let answer = session.offer;
        Some((session, answer))
    }

    /// A client makes an offer.
    pub fn offer(settings: &Rc<Settings>) -> (Session, Params) {
        let session = Session::new(settings, |wish| {
            let all = Agreement {
                send_bits: wish.send_bits,
                send_takeover: wish.send_takeover,
                recv_takeover: wish.recv_takeover,
            };
            (Params::offer(wish), all)
        });
        let offer = session.offer;
        (session, offer)
    }

    /// A client reads the server's answer. `Ok(false)` when that is no.
    pub fn agree<'a>(
        &mut self,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<bool, negotiate::Malformed> {
        let Some(answer) = negotiate::answer(fields)? else {
            return Ok(false);
        };
        let wish = Wish {
            send_bits: self.agreement.send_bits,
            recv_bits: MAX_BITS,
            send_takeover: self.agreement.send_takeover,
            recv_takeover: self.agreement.recv_takeover,
        };
        let agreed = self.offer.at_client(answer, wish);
        self.agreement = agreed.ok_or(negotiate::Malformed)?;
        self.release();
        self.reserved = size_of_contexts(self.agreement);
        let total = &self.settings.shared.reserved;
        total.set(total.get().saturating_add(self.reserved));
        Ok(true)
    }

    /// Gives back what was set aside for contexts.
    fn release(&mut self) {
        let total = &self.settings.shared.reserved;
        total.set(total.get().saturating_sub(take(&mut self.reserved)));
    }

    /// Bytes of the contexts that the connection has.
    fn memory(&self) -> usize {
        self.deflater.as_ref().map_or(0, |d| d.memory())
            + self.inflater.as_ref().map_or(0, |_| INFLATER_SIZE)
    }

    /// The longest inflated message.
    pub fn message_size(&self) -> usize {
        self.settings.message_size
    }

    /// How a frame with this first byte and so many bytes of payload is to be sent.
    pub fn plan(&self, first: u8, len: usize) -> Sending {
        let compresses = (1..=MOST).contains(&len) && self.agreement.send_bits >= MIN_BITS;
        match opcode(first) {
            _ if !compresses || first & (RESERVED | FIN) != FIN => Sending::Plain,
            opcode::TEXT | opcode::BINARY if len >= self.settings.min_size => Sending::First,
            opcode::CONTINUE if self.compresses => Sending::Next,
            _ => Sending::Plain,
        }
    }

    /// A frame with this first byte was sent, compressed or not.
    pub fn note(&mut self, first: u8, how: Sending) {
        if let opcode::TEXT | opcode::BINARY = opcode(first) {
            self.compresses = how == Sending::First;
        }
    }

    /// True when messages may refer to those that were sent before.
    pub fn sends_context(&self) -> bool {
        self.agreement.send_takeover
    }

    /// The context for the next message; give it back. `None` when memory is exhausted.
    pub fn take_deflater(&mut self) -> Option<Box<Deflater>> {
        let (level, bits) = (self.settings.level, self.agreement.send_bits);
        if self.agreement.send_takeover {
            self.deflater.take().or_else(|| Deflater::new(level, bits))
        } else {
            self.settings.shared.take_deflater(level, bits)
        }
    }

    pub fn give_deflater(&mut self, deflater: Box<Deflater>) {
        if self.agreement.send_takeover {
            self.deflater = Some(deflater);
        } else {
            self.settings.shared.give_deflater(deflater);
        }
    }

    /// The context for the next message; give it back. `None` when memory is exhausted.
    pub fn take_inflater(&mut self) -> Option<Box<Inflater>> {
        if self.agreement.recv_takeover {
            self.inflater.take().or_else(Inflater::new)
        } else {
            self.settings.shared.take_inflater()
        }
    }

    pub fn give_inflater(&mut self, inflater: Box<Inflater>) {
        if self.agreement.recv_takeover {
            self.inflater = Some(inflater);
        } else {
            self.settings.shared.inflater.set(Some(inflater));
        }
    }
}

/// The extension of a connection, if any.
#[derive(Default)]
pub struct Slot {
    /// It is agreed on.
    on: Cell<bool>,
    session: Cell<Option<Box<Session>>>,
    settings: Cell<Option<Rc<Settings>>>,
}

impl Slot {
    #[inline]
    pub fn is_on(&self) -> bool {
        self.on.get()
    }

    /// Works on the session. `f` does not call out.
    pub fn with<R>(&self, f: impl FnOnce(&mut Session) -> R) -> Option<R> {
        with(&self.session, f)
    }

    /// Bytes of the contexts that belong to the connection.
    pub fn memory(&self) -> usize {
        self.with(|session| session.memory()).unwrap_or(0)
    }

    pub fn set(&self, session: Option<Box<Session>>, on: bool) {
        self.on.set(on && session.is_some());
        self.session.set(session);
    }

    /// The server has agreed.
    pub fn switch_on(&self) {
        self.on.set(true);
    }

    pub fn settings(&self) -> Option<Rc<Settings>> {
        let settings = self.settings.take();
        self.settings.set(settings.clone());
        settings
    }

    pub fn set_settings(&self, settings: Option<Rc<Settings>>) {
        self.settings.set(settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: usize = INFLATER_SIZE + deflater_size(12);

    fn settings(memory: usize) -> Rc<Settings> {
        Rc::new(Settings {
            wish: Wish {
                send_bits: 12,
                recv_bits: 15,
                send_takeover: true,
                recv_takeover: true,
            },
            level: 3,
            min_size: 10,
            message_size: usize::MAX,
            memory,
            shared: Rc::default(),
        })
    }

    fn accept(settings: &Rc<Settings>, field: &str) -> Session {
        let fields = [field.as_bytes()].into_iter();
        Session::accept(settings, fields).expect("an offer").0
    }

    fn contexts(session: &Session) -> (bool, bool) {
        (
            session.agreement.send_takeover,
            session.agreement.recv_takeover,
        )
    }

    #[test]
    fn memory_is_set_aside_as_long_as_it_lasts() {
        let settings = settings(2 * BOTH - 1);
        let all = accept(&settings, "permessage-deflate");
        // The larger context is given up first.
        let some = accept(&settings, "permessage-deflate");
        assert_eq!(
            (contexts(&all), contexts(&some)),
            ((true, true), (false, true))
        );
        let rest: Vec<Session> = (0..5)
            .map(|_| accept(&settings, "permessage-deflate"))
            .collect();
        assert!(settings.shared.reserved.get() <= settings.memory);
        assert_eq!(contexts(&rest[4]), (false, false));
        drop((all, some, rest));
        assert_eq!(settings.shared.reserved.get(), 0);
    }

    #[test]
    fn what_the_peer_does_without_is_not_set_aside() {
        let settings = settings(usize::MAX);
        let session = accept(
            &settings,
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        );
        assert_eq!(settings.shared.reserved.get(), 0);
        drop(session);
        let (mut session, _) = Session::offer(&settings);
        assert_eq!(settings.shared.reserved.get(), BOTH);
        let answer = b"permessage-deflate; client_no_context_takeover";
        assert_eq!(session.agree([&answer[..]].into_iter()), Ok(true));
        assert_eq!(settings.shared.reserved.get(), INFLATER_SIZE);
        drop(session);
        assert_eq!(settings.shared.reserved.get(), 0);
    }

    #[test]
    fn what_is_sent_compressed() {
        use Sending::*;
        let settings = settings(usize::MAX);
        let mut session = accept(&settings, "permessage-deflate");
        for (first, len, how) in [
            (0x81, 10, First),
            (0x80, 1, Next),
            (0x80, 0, Plain),
            (0x89, 100, Plain),
            (0x80, 100, Next),
            (0x82, 9, Plain),
            (0x80, 100, Plain),
            (0x82, 100, First),
            (0x88, 100, Plain),
            (0xc1, 100, Plain),
            (0x83, 100, Plain),
            (0x81, usize::MAX, Plain),
        ] {
            assert_eq!(session.plan(first, len), how, "{first:x} {len}");
            session.note(first, how);
        }
        let session = accept(&settings, "permessage-deflate; server_max_window_bits=8");
        assert_eq!(session.plan(0x81, 100), Plain);
        assert_eq!(session.reserved, INFLATER_SIZE);
    }

    #[test]
    fn a_manager_keeps_a_few_contexts() {
        let shared = Shared::default();
        let kept = |shared: &Shared| {
            let mut bits = Vec::new();
            for place in &shared.deflaters {
                let deflater = place.take();
                bits.extend(
                    (9..16).filter(|&bits| deflater.as_ref().is_some_and(|d| d.is(3, bits))),
                );
                place.set(deflater);
            }
            bits
        };
        for bits in 9..15 {
            let deflater = shared.take_deflater(3, bits).unwrap();
            shared.give_deflater(deflater);
        }
        assert_eq!(kept(&shared), [14, 13, 12, 11]);
        let deflater = shared.take_deflater(3, 12).unwrap();
        assert_eq!(kept(&shared), [14, 13, 11]);
        shared.give_deflater(deflater);
        assert_eq!(kept(&shared), [12, 14, 13, 11]);
    }
}
