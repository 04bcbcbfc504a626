//! What a client keeps over the connections of one session (section 4.1): messages until they are
//! acknowledged, and subscriptions.
#![forbid(unsafe_code)]

use super::cmd;
use super::ids::Ids;
use super::message::first_byte;
use std::collections::VecDeque;

/// Bit 3 of the first byte of PUBLISH: it was sent before.
const DUP: u8 = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// To be sent, for the first time or again.
    Queued,
    /// PUBLISH was sent on this connection.
    Published,
    /// PUBREC came; PUBREL has to be sent on this connection.
    Releasing,
    /// PUBREL was sent on this connection.
    Released,
}

/// A message of Quality of Service 1 or 2.
struct Message {
    id: u16,
    qos: u8,
    packet: Vec<u8>,
    phase: Phase,
}

struct Subscription {
    id: u16,
    filter: Vec<u8>,
    packet: Vec<u8>,
    /// UNSUBSCRIBE: kept until it is acknowledged.
    ends: bool,
    acknowledged: bool,
    sent: bool,
}

/// Bounds of what is kept.
#[derive(Clone, Copy)]
pub struct Limits {
    pub messages: usize,
    pub bytes: usize,
}

pub struct Session {
    limits: Limits,
    messages: VecDeque<Message>,
    /// Their identifiers.
    used: Ids,
    bytes: usize,
    /// How many messages are under way on this connection.
    in_flight: usize,
    /// Nothing has to be sent for the messages before this one.
    first_waiting: usize,
    subscriptions: Vec<Subscription>,
    last_id: u16,
    connected: bool,
    /// How many messages may be under way at once: Receive Maximum (section 3.2.2.3.3 of MQTT 5).
    window: usize,
    /// The largest packet that the broker takes: Maximum Packet Size (section 3.2.2.3.6).
    max_packet: usize,
}

impl Session {
    pub fn new(limits: Limits) -> Session {
        Session {
            limits,
            messages: VecDeque::new(),
            used: Ids::default(),
            bytes: 0,
            in_flight: 0,
            first_waiting: 0,
            subscriptions: Vec::new(),
            last_id: 0,
            connected: false,
            window: usize::from(u16::MAX),
            max_packet: usize::MAX,
        }
    }

    /// Messages that were not acknowledged to the end.
    pub fn pending(&self) -> usize {
        self.messages.len()
    }

    /// The broker has accepted the present connection.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    fn is_used(&self, id: u16) -> bool {
        self.used.contains(id) || self.subscriptions.iter().any(|s| s.id == id)
    }

    /// A packet identifier that is not in use; `None` when all are, or memory is exhausted.
    pub fn next_id(&mut self) -> Option<u16> {
        if !self.used.make() {
            return None;
        }
        for _ in 0..u16::MAX {
            self.last_id = self.last_id.wrapping_add(1).max(1);
            if !self.is_used(self.last_id) {
                return Some(self.last_id);
            }
        }
        None
    }

    /// True when a message of `size` bytes may be kept.
    pub fn has_room(&self, size: usize) -> bool {
        self.messages.len() < self.limits.messages
            && self.bytes.saturating_add(size) <= self.limits.bytes
    }

    /// True when the broker takes a packet of `size` bytes, or may do so after the next CONNACK.
    pub fn takes(&self, size: usize) -> bool {
        size <= self.max_packet || !self.connected
    }

    /// CONNACK told the largest packet. Forgets messages that are larger [MQTT-3.2.2-15]; returns how many.
    pub fn limit_packets(&mut self, max: Option<u32>) -> usize {
        self.max_packet = max.map_or(usize::MAX, |max| max as usize);
        let is_too_large =
            |m: &Message| m.phase == Phase::Queued && m.packet.len() > self.max_packet;
        let ids: Vec<u16> = self
            .messages
            .iter()
            .filter(|m| is_too_large(m))
            .map(|m| m.id)
            .collect();
        for id in &ids {
            self.remove(|m| m.id == *id);
        }
        ids.len()
    }

    /// Takes a PUBLISH packet with this identifier. False when there is no room, or the broker does not take it.
    pub fn publish(&mut self, id: u16, qos: u8, packet: Vec<u8>) -> bool {
        if !self.takes(packet.len()) {
            return false;
        }
        if !self.has_room(packet.len()) || self.messages.try_reserve(1).is_err() {
            return false;
        }
        self.bytes += packet.len();
        self.used.set(id, true);
        self.messages.push_back(Message {
            id,
            qos,
            packet,
            phase: Phase::Queued,
        });
        true
    }

    /// Takes a SUBSCRIBE packet, or UNSUBSCRIBE when it `ends` the subscription, in the place of what there
    /// was for the same filter.
    pub fn subscribe(&mut self, id: u16, filter: &[u8], packet: Vec<u8>, ends: bool) {
        self.subscriptions.retain(|s| s.filter != filter);
        self.subscriptions.push(Subscription {
            id,
            filter: filter.to_vec(),
            packet,
            ends,
            acknowledged: false,
            sent: false,
        });
    }

    /// CONNACK accepted the connection.
    pub fn connected(&mut self, session_present: bool, receive_maximum: Option<u16>) {
        self.connected = true;
        self.window = usize::from(receive_maximum.unwrap_or(u16::MAX).max(1));
        for m in &mut self.messages {
            m.phase = match m.phase {
                Phase::Queued => Phase::Queued,
                Phase::Published => {
                    if session_present {
                        m.packet[0] |= DUP;
                    }
                    Phase::Queued
                }
                Phase::Releasing | Phase::Released => Phase::Releasing,
            };
        }
        if !session_present {
            // The broker had taken these over, and has forgotten their identifiers. Sending them again could
            // deliver them twice.
            let used = &mut self.used;
            self.messages.retain(|m| {
                let stays = m.phase != Phase::Releasing;
                used.set(m.id, stays);
                stays
            });
            self.bytes = self.messages.iter().map(|m| m.packet.len()).sum();
            self.subscriptions.retain(|s| !s.ends);
        }
        let under_way = |m: &&Message| m.phase != Phase::Queued;
        self.in_flight = self.messages.iter().filter(under_way).count();
        self.first_waiting = 0;
        for s in &mut self.subscriptions {
            s.acknowledged &= session_present;
            s.sent = false;
        }
    }

    pub fn disconnected(&mut self) {
        self.connected = false;
    }

    /// Forgets a message. Brokers acknowledge in order, so it is most often the first one.
    fn remove(&mut self, is_it: impl Fn(&Message) -> bool) {
        let Some(at) = self.messages.iter().position(is_it) else {
            return;
        };
        if let Some(m) = self.messages.remove(at) {
            self.bytes -= m.packet.len();
            self.used.set(m.id, false);
            self.in_flight -= usize::from(m.phase != Phase::Queued);
            self.first_waiting -= usize::from(at < self.first_waiting);
        }
    }

    /// The broker acknowledged a packet; with MQTT 5 it may have `failed`.
    pub fn acknowledged(&mut self, command: u8, id: u16, failed: bool) {
        match command {
            cmd::PUBACK => self.remove(|m| m.id == id && m.qos == 1 && m.phase == Phase::Published),
            cmd::PUBREC if failed => self.remove(|m| m.id == id && m.qos == 2),
            // PUBREL is sent by whoever reads PUBREC.
            cmd::PUBREC => {
                if let Some(m) = self.messages.iter_mut().find(|m| m.id == id && m.qos == 2) {
                    self.in_flight += usize::from(m.phase == Phase::Queued);
                    m.phase = Phase::Released;
                }
            }
            cmd::PUBCOMP => self.remove(|m| m.id == id && m.phase == Phase::Released),
            cmd::SUBACK | cmd::UNSUBACK => {
                let ends = command == cmd::UNSUBACK;
                self.subscriptions.retain_mut(|s| {
                    s.acknowledged |= s.id == id && s.ends == ends;
                    !(s.ends && s.acknowledged)
                });
            }
            _ => {}
        }
    }

    /// Hands the next packet that has to be sent now to `send`, which says whether it was. False when there is
    /// none.
    pub fn send_next(&mut self, send: impl FnOnce(&[u8]) -> bool) -> bool {
        if !self.connected {
            return false;
        }
        if let Some(s) = self
            .subscriptions
            .iter_mut()
            .find(|s| !s.sent && !s.acknowledged)
        {
            s.sent = send(&s.packet);
            return s.sent;
        }
        let waits = |m: &Message| matches!(m.phase, Phase::Queued | Phase::Releasing);
        while self
            .messages
            .get(self.first_waiting)
            .is_some_and(|m| !waits(m))
        {
            self.first_waiting += 1;
        }
        let Some(m) = self.messages.get_mut(self.first_waiting) else {
            return false;
        };
        if m.phase == Phase::Releasing {
            let [high, low] = m.id.to_be_bytes();
            let sent = send(&[first_byte(cmd::PUBREL), 2, high, low]);
            if sent {
                m.phase = Phase::Released;
            }
            return sent;
        }
        let sent = self.in_flight < self.window && send(&m.packet);
        if sent {
            m.phase = Phase::Published;
            self.in_flight += 1;
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    const LIMITS: Limits = Limits {
        messages: 100,
        bytes: 10_000,
    };

    fn publish(id: u16, qos: u8) -> Vec<u8> {
        vec![0x30 | qos << 1, 2, (id >> 8) as u8, id as u8]
    }

    fn push(s: &mut Session, qos: u8) -> u16 {
        let id = s.next_id().unwrap();
        assert!(s.publish(id, qos, publish(id, qos)));
        id
    }

    fn sent(s: &mut Session) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while s.send_next(|packet| {
            all.push(packet.to_vec());
            true
        }) {}
        check(s);
        all
    }

    /// What is counted is what there is.
    fn check(s: &Session) {
        let counted = |is: fn(&&Message) -> bool| s.messages.iter().filter(is).count();
        assert_eq!(s.in_flight, counted(|m| m.phase != Phase::Queued));
        assert_eq!(
            s.bytes,
            s.messages.iter().map(|m| m.packet.len()).sum::<usize>()
        );
        let waits = |m: &Message| matches!(m.phase, Phase::Queued | Phase::Releasing);
        assert!(!s.messages.iter().take(s.first_waiting).any(waits));
        assert_eq!(s.used.len(), s.messages.len());
        assert!(s.messages.iter().all(|m| s.used.contains(m.id)));
    }

    #[test]
    fn identifiers_in_use_are_left_out() {
        let mut s = Session::new(LIMITS);
        s.connected(false, None);
        let kept = [push(&mut s, 1), push(&mut s, 1), push(&mut s, 1)];
        sent(&mut s);
        s.acknowledged(cmd::PUBACK, kept[1], false);
        for _ in 0..2 * usize::from(u16::MAX) {
            let id = push(&mut s, 1);
            assert!(id != 0 && id != kept[0] && id != kept[2]);
            while s.send_next(|_| true) {}
            s.acknowledged(cmd::PUBACK, id, false);
        }
        check(&s);
    }

    #[test]
    fn repeats_what_was_not_acknowledged() {
        let mut s = Session::new(LIMITS);
        let (a, b, c) = (push(&mut s, 1), push(&mut s, 2), push(&mut s, 2));
        assert!(sent(&mut s).is_empty());
        s.connected(false, None);
        assert_eq!(sent(&mut s), [publish(a, 1), publish(b, 2), publish(c, 2)]);
        s.acknowledged(cmd::PUBREC, b, false);
        s.disconnected();
        let d = push(&mut s, 1);
        s.connected(true, None);
        let dup = |id, qos| {
            let mut packet = publish(id, qos);
            packet[0] |= DUP;
            packet
        };
        let pubrel = vec![0x62, 2, 0, b as u8];
        assert_eq!(sent(&mut s), [dup(a, 1), pubrel, dup(c, 2), publish(d, 1)]);
        s.acknowledged(cmd::PUBACK, a, false);
        s.acknowledged(cmd::PUBCOMP, b, false);
        s.acknowledged(cmd::PUBREC, c, true);
        assert_eq!(s.pending(), 1);
        s.disconnected();
        s.connected(false, None);
        assert_eq!(sent(&mut s), [publish(d, 1)]);
    }

    #[test]
    fn acknowledgements_of_other_things_change_nothing() {
        let mut s = Session::new(LIMITS);
        let id = push(&mut s, 2);
        s.acknowledged(cmd::PUBACK, id, false);
        s.acknowledged(cmd::PUBCOMP, id, false);
        s.acknowledged(cmd::SUBACK, id, false);
        assert_eq!(s.pending(), 1);
    }

    #[test]
    fn subscriptions_are_renewed_in_a_new_session() {
        let mut s = Session::new(LIMITS);
        s.subscribe(1, b"a", vec![1], false);
        s.subscribe(2, b"b", vec![2], false);
        s.connected(false, None);
        assert_eq!(sent(&mut s), [[1], [2]]);
        s.acknowledged(cmd::SUBACK, 1, false);
        s.connected(true, None);
        assert_eq!(sent(&mut s), [[2]]);
        s.subscribe(3, b"a", vec![3], true);
        assert_eq!(sent(&mut s), [[3]]);
        s.connected(true, None);
        assert_eq!(sent(&mut s), [[2], [3]]);
        s.acknowledged(cmd::UNSUBACK, 3, false);
        s.connected(false, None);
        assert_eq!(sent(&mut s), [[2]]);
    }

    #[test]
    fn limits_and_identifiers() {
        let mut s = Session::new(Limits {
            messages: 2,
            bytes: 8,
        });
        assert!(!s.publish(1, 1, vec![0; 9]));
        push(&mut s, 1);
        push(&mut s, 1);
        assert!(!s.publish(3, 1, vec![]));
        s.last_id = u16::MAX;
        assert_eq!(s.next_id(), Some(3));
    }

    #[test]
    fn no_more_under_way_than_the_broker_takes() {
        let mut s = Session::new(LIMITS);
        let ids = [push(&mut s, 1), push(&mut s, 2), push(&mut s, 1)];
        s.connected(false, Some(2));
        assert_eq!(sent(&mut s).len(), 2);
        s.acknowledged(cmd::PUBREC, ids[1], false);
        assert_eq!(sent(&mut s).len(), 0);
        s.acknowledged(cmd::PUBACK, ids[0], false);
        assert_eq!(sent(&mut s), [publish(ids[2], 1)]);
    }

    /// A broker that keeps its session, at the other end of connections that break at any packet.
    #[derive(Default)]
    struct Broker {
        unreleased: BTreeSet<u16>,
        delivered: BTreeMap<Vec<u8>, u32>,
    }

    impl Broker {
        /// The acknowledgement of a packet.
        fn take(&mut self, packet: &[u8]) -> (u8, u16) {
            let id = u16::from_be_bytes([packet[2], packet[3]]);
            let name = vec![
                packet[0] & 6,
                packet[4 % packet.len()],
                packet[2],
                packet[3],
            ];
            match packet[0] >> 4 {
                cmd::PUBREL => {
                    self.unreleased.remove(&id);
                    (cmd::PUBCOMP, id)
                }
                _ if packet[0] & 6 == 2 => {
                    *self.delivered.entry(name).or_default() += 1;
                    (cmd::PUBACK, id)
                }
                _ => {
                    if self.unreleased.insert(id) {
                        *self.delivered.entry(name).or_default() += 1;
                    }
                    (cmd::PUBREC, id)
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_message_arrives_and_those_of_qos_2_once(steps in prop::collection::vec(0u8..10, 1..300)) {
            let mut s = Session::new(LIMITS);
            let mut broker = Broker::default();
            let mut pushed = 0;
            let mut answers = VecDeque::new();
            let mut run = |s: &mut Session, step: u8| match step {
                // A message.
                0 | 1 => {
                    if let Some(id) = s.next_id().filter(|_| pushed < 90) {
                        let qos = step + 1;
                        let mut packet = publish(id, qos);
                        packet.push(pushed);
                        assert!(s.publish(id, qos, packet));
                        pushed += 1;
                    }
                }
                // The connection breaks, and what is on its way is lost.
                2 => {
                    answers.clear();
                    s.connected(true, Some(5));
                }
                // A packet that arrives, and one that does not because the connection breaks.
                3..6 => {
                    s.send_next(|packet| {
                        answers.push_back(broker.take(packet));
                        true
                    });
                }
                6 => {
                    if s.send_next(|_| true) {
                        answers.clear();
                        s.connected(true, None);
                    }
                }
                _ => {
                    if let Some((command, id)) = answers.pop_front() {
                        s.acknowledged(command, id, false);
                        check(s);
                        if command == cmd::PUBREC {
                            // As the protocol handler does.
                            let [high, low] = id.to_be_bytes();
                            answers.push_back(broker.take(&[0x62, 2, high, low]));
                        }
                    }
                }
            };
            s.connected(false, None);
            for step in steps {
                run(&mut s, step);
            }
            run(&mut s, 2);
            for _ in 0..1000 {
                run(&mut s, 3);
                run(&mut s, 9);
            }
            prop_assert_eq!(s.pending(), 0);
            prop_assert_eq!(broker.delivered.len(), usize::from(pushed));
            for (name, count) in broker.delivered {
                prop_assert!(count >= 1);
                prop_assert!(name[0] == 2 || count == 1, "twice: {:?}", name);
            }
        }
    }
}
