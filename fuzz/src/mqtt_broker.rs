//! The MQTT broker of the examples, and what its clients send.

use crate::live::{Cuts, Loop, Peer};
use mongoose::mqtt::ffi::conn::mqtt_handler;
use mongoose::mqtt::packet::{Packet, Parsed, parse};
use mongoose::net::{Flag, mg_event_handler_t};
use std::ptr::null_mut;

unsafe extern "C" {
    /// The event handler of c_examples/mqtt_broker.c.
    fn fuzz_broker() -> mg_event_handler_t;
}

const CLIENTS: usize = 3;
const SLOW: u8 = 1;
const HALF_CLOSES: u8 = 2;

/// A step of a conversation: a client sends some bytes, and then may go away.
struct Step<'a> {
    client: usize,
    bytes: &'a [u8],
    leaves: bool,
}

/// Steps: two bits of a byte name the client, the third says that it leaves afterwards, and the next byte tells
/// how many bytes it sends.
fn steps(mut data: &[u8]) -> impl Iterator<Item = Step<'_>> {
    std::iter::from_fn(move || {
        let [who, len, rest @ ..] = data else {
            return None;
        };
        let (bytes, rest) = rest.split_at(rest.len().min(usize::from(*len)));
        data = rest;
        Some(Step {
            client: usize::from(who & 3) % CLIENTS,
            bytes,
            leaves: who & 4 != 0,
        })
    })
}

fn join(around: &Loop) -> Peer<'_> {
    // SAFETY: the function has no conditions.
    around.accept(Some(mqtt_handler), unsafe { fuzz_broker() }, null_mut())
}

/// What each client received until it left.
type Received = Vec<(usize, Vec<u8>)>;

/// How a conversation went, up to the step in which the broker threw a client out, if it did: packets behind the
/// one that displeased it are dealt with when they came together with it, and what was queued is lost.
fn converse(data: &[u8], mode: u8, cuts: Cuts) -> (Received, Option<usize>) {
    let around = Loop::new();
    let mut clients: [Option<Peer>; CLIENTS] = Default::default();
    let mut outcome = Received::new();
    let mut thrown_out = None;
    for (number, step) in steps(data).enumerate() {
        let who = step.client;
        let before: Received = present(&clients).collect();
        let peer = clients[who].get_or_insert_with(|| join(&around));
        peer.reads = mode & SLOW == 0;
        peer.send(step.bytes, cuts);
        peer.settle();
        if let Some(c) = peer.connection() {
            assert!(c.recv.len.get() <= data.len());
        }
        // The others hear of it before the next step.
        for other in clients.iter_mut().flatten() {
            other.settle();
        }
        let gone = |peer: &Option<Peer>| peer.as_ref().is_some_and(|peer| peer.gone);
        if thrown_out.is_none() && clients.iter().any(gone) {
            thrown_out = Some(number);
            outcome.extend(before);
        }
        if step.leaves || gone(&clients[who]) {
            let (received, gone) = leave(clients[who].take(), mode);
            if thrown_out.is_none() && !gone {
                outcome.push((who, received));
            }
        }
    }
    if thrown_out.is_none() {
        outcome.extend(present(&clients));
    }
    clients.into_iter().for_each(|peer| {
        leave(peer, mode);
    });
    still_serves(&around);
    (outcome, thrown_out)
}

fn present(clients: &[Option<Peer>]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let those = clients.iter().enumerate();
    those.filter_map(|(who, peer)| Some((who, peer.as_ref()?.received.clone())))
}

/// A client goes: what it received, and whether the broker closed its connection before.
fn leave(peer: Option<Peer<'_>>, mode: u8) -> (Vec<u8>, bool) {
    let Some(mut peer) = peer else {
        return Default::default();
    };
    let v5 = peer.connection().is_some_and(|c| c.is(Flag::Mqtt5));
    let (received, gone) = (std::mem::take(&mut peer.received), peer.gone);
    peer.close(mode & HALF_CLOSES != 0);
    if !gone {
        packets(&received, v5);
    }
    (received, gone)
}

/// The output of a broker: whole packets, of the kinds that a server sends.
fn packets(mut text: &[u8], v5: bool) {
    while !text.is_empty() {
        let mut packet = Packet::default();
        assert_eq!(
            parse(text, v5, &mut packet),
            Parsed::Complete,
            "{}",
            text.escape_ascii()
        );
        let kind = text[0] >> 4;
        let flags = text[0] & 15;
        match kind {
            3 => assert_ne!(flags & 6, 6, "QoS 3"),
            6 => assert_eq!(flags, 2),
            2 | 4 | 5 | 7 | 9 | 11 | 13 | 14 => assert_eq!(flags, 0),
            _ => panic!("no packet of a server: {kind}"),
        }
        text = &text[packet.whole.len()..];
    }
}

/// A new client can log in, subscribe, and hears what it publishes.
fn still_serves(around: &Loop) {
    let mut peer = join(around);
    peer.send(b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01z", Cuts::WHOLE);
    peer.send(b"\x82\x08\0\x01\0\x03own\0\x30\x06\0\x03owny", Cuts::WHOLE);
    peer.settle();
    assert_eq!(
        peer.received,
        b"\x20\x02\0\0\x90\x03\0\x01\0\x30\x06\0\x03owny"
    );
    peer.close(false);
}

/// Clients of a broker: what each gets is well-formed and does not depend on how the bytes of a step are cut. The
/// first byte says how to cut, the second what the clients are like.
pub fn broker(data: &[u8]) {
    let [seed, mode, input @ ..] = data else {
        return;
    };
    let input = &input[..input.len().min(4096)];
    let one = converse(input, *mode & !SLOW, Cuts::WHOLE);
    let other = converse(input, *mode, Cuts::new(*seed | 1));
    assert_eq!(one, other);
}
