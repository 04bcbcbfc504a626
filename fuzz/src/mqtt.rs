//! MQTT: packets, their properties, and a connection that gets them.

use crate::connection;
use mongoose::ffi::mg_str;
use mongoose::mqtt::ffi::conn::mqtt_handler;
use mongoose::mqtt::ffi::*;
use mongoose::mqtt::packet::{Packet, Parsed, announced_size, parse};
use mongoose::mqtt::property;
use mongoose::net::{Flag, ev, mg_connection};
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Where `s` is in `text`; it must be inside.
fn place(text: &[u8], s: mg_str) -> Range<usize> {
    let start = (s.buf as usize).wrapping_sub(text.as_ptr() as usize);
    let end = start.checked_add(s.len);
    assert!(
        end.is_some_and(|end| end <= text.len()),
        "a view leaves the packet"
    );
    start..start + s.len
}

/// A stream of packets, in both versions: each lies inside the stream, is found in it only when it is whole, and so are
/// its parts.
pub fn packets(data: &[u8]) {
    for v5 in [false, true] {
        let mut rest = data;
        loop {
            let mut packet = Packet::default();
            let parsed = parse(rest, v5, &mut packet);
            agrees_with_c(rest, v5, parsed, &packet);
            if parsed != Parsed::Complete {
                break;
            }
            let size = packet.whole.len();
            assert_eq!(announced_size(rest), Some(size));
            assert!(size >= 2 && packet.body.len() + 2 <= size && packet.props.end <= size);
            let mut part = Packet::default();
            assert_eq!(parse(&rest[..size], v5, &mut part), Parsed::Complete);
            assert_eq!(part, packet);
            assert_eq!(parse(&rest[..size - 1], v5, &mut part), Parsed::Incomplete);
            rest = &rest[size..];
        }
    }
}

fn agrees_with_c(rest: &[u8], v5: bool, parsed: Parsed, packet: &Packet<'_>) {
    let mut m = MaybeUninit::<mg_mqtt_message>::zeroed();
    let version = if v5 { 5 } else { 4 };
    // SAFETY: the bytes are readable and the message is writable; all-zero bytes are a valid one.
    let (result, m) = unsafe {
        let result = mg_mqtt_parse(rest.as_ptr(), rest.len(), version, m.as_mut_ptr());
        (result, m.assume_init_mut())
    };
    assert_eq!(result, parsed as i32);
    assert_eq!(m.dgram.buf as usize, rest.as_ptr() as usize);
    assert_eq!(m.dgram.len, packet.whole.len());
    if parsed == Parsed::Complete {
        for s in [m.topic, m.data].into_iter().filter(|s| !s.buf.is_null()) {
            place(packet.whole, s);
        }
        properties(m, &packet.whole[packet.props.clone()]);
    }
}

/// Both ways of walking over properties agree.
fn properties(m: &mut mg_mqtt_message, section: &[u8]) {
    let mut ofs = 0;
    loop {
        let mut p = MaybeUninit::<mg_mqtt_prop>::zeroed();
        // SAFETY: the message is a valid one, and the property writable; all-zero bytes are valid.
        let (next, p) = unsafe {
            let next = mg_mqtt_next_prop(m, p.as_mut_ptr(), ofs);
            (next, p.assume_init())
        };
        let found = property::read(&section[ofs..]);
        assert_eq!(next, found.map_or(0, |(_, size)| ofs + size));
        let Some((property, _)) = found else { return };
        assert_eq!((p.id, p.iv), (property.id, property.number));
        assert_eq!(
            (p.key.len, p.val.len),
            (property.name.len(), property.text.len())
        );
        for s in [p.key, p.val].into_iter().filter(|s| !s.buf.is_null()) {
            place(section, s);
        }
        ofs = next;
    }
}

/// A section of properties: what can be read can be written again.
pub fn property_section(data: &[u8]) {
    let mut found = Vec::new();
    let mut rest = data;
    while let Some((property, size)) = property::read(rest) {
        assert!((2..=rest.len()).contains(&size));
        found.push(property);
        rest = &rest[size..];
    }
    let mut written = Vec::new();
    property::write_section(&mut Bytes(&mut written), found.iter().copied())
        .expect("what was read has an encoding");
    let header = announced_size(&[&[0], &written[..]].concat());
    assert_eq!(
        header,
        Some(written.len() + 1),
        "the length is that of the section"
    );
    let mut rest = &written[1 + found_length(&written)..];
    for property in found {
        let (again, size) = property::read(rest).expect("what was written can be read");
        assert_eq!(again, property);
        rest = &rest[size..];
    }
    assert!(rest.is_empty());
}

/// How many more bytes than one the length takes.
fn found_length(section: &[u8]) -> usize {
    section.iter().take_while(|&&b| b & 0x80 != 0).count()
}

struct Bytes<'a>(&'a mut Vec<u8>);

impl mongoose::fmt::Sink for Bytes<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// What a connection made of its input.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    /// Command and size of each packet, or the payload of each message.
    events: Vec<(u8, Vec<u8>)>,
    sent: Vec<u8>,
    closing: bool,
}

unsafe extern "C" fn note(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    if event != ev::MQTT_MSG && event != ev::MQTT_CMD {
        return;
    }
    // SAFETY: both events come with a message, and `feed` set fn_data.
    unsafe {
        let m = &*data.cast::<mg_mqtt_message>();
        let text = if event == ev::MQTT_MSG {
            m.data
        } else {
            m.dgram
        };
        let outcome = &mut *(*c).fn_data.get().cast::<Outcome>();
        outcome.events.push((m.cmd, text.as_bytes().to_vec()));
    }
}

/// Hands `data` to an accepted connection, `step` bytes at a time.
fn feed(data: &[u8], v5: bool, step: usize) -> Outcome {
    let (mut outcome, mut sent, mut closing) = (Outcome::default(), Vec::new(), false);
    connection::with(Some(mqtt_handler), Some(note), &mut outcome, |c| {
        c.set(Flag::Mqtt5, v5);
        c.set(Flag::Accepted, true);
        for part in data.chunks(step) {
            connection::feed(c, part);
            if c.is(Flag::Closing) {
                break;
            }
        }
        // SAFETY: no handler runs meanwhile.
        sent = unsafe { c.send.as_bytes() }.to_vec();
        closing = c.is(Flag::Closing);
    });
    outcome.sent = sent;
    outcome.closing = closing;
    outcome
}

/// Segmentation does not matter. The first byte says how long the segments are.
pub fn connection(data: &[u8]) {
    let Some((&first, data)) = data.split_first() else {
        return;
    };
    for v5 in [false, true] {
        let whole = feed(data, v5, data.len().max(1));
        assert_eq!(feed(data, v5, 1 + usize::from(first)), whole);
        // Each packet of QoS above 0 and each PUBREC and PUBREL has at most one answer, of at most 6 bytes.
        assert!(whole.sent.len() <= 6 * whole.events.len());
    }
}
