//! Reading packets.
#![forbid(unsafe_code)]

use super::cmd;
use std::ops::Range;

/// A packet, as far as it is decoded here.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Control packet type.
    pub cmd: u8,
    /// Bits 1 and 2 of the first byte.
    pub qos: u8,
    /// Bit 3 of the first byte: PUBLISH was sent before.
    pub dup: bool,
    /// Header and body.
    pub whole: &'a [u8],
    /// What follows the header.
    pub body: &'a [u8],
    /// Packet identifier, 0 without one.
    pub id: u16,
    /// CONNACK: return or reason code.
    pub ack: u8,
    /// PUBLISH: topic name.
    pub topic: Option<&'a [u8]>,
    /// PUBLISH: payload.
    pub data: Option<&'a [u8]>,
    /// Where the properties are in `whole`.
    pub props: Range<usize>,
}

/// Whether there is a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    Complete,
    Incomplete,
    Malformed,
}

/// A variable byte integer (section 1.5.5), or the reason why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Varint {
    Value { value: u32, size: usize },
    Incomplete,
    Malformed,
}

/// Reads a variable byte integer at the beginning of `bytes`.
#[inline(always)]
pub fn varint(bytes: &[u8]) -> Varint {
    let mut value = 0;
    // Most packets are short.
    if let Some(&byte) = bytes.first()
        && byte < 0x80
    {
        let value = u32::from(byte);
        return Varint::Value { value, size: 1 };
    }
    for (i, &byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Varint::Value { value, size: i + 1 };
        }
    }
    if bytes.len() < 4 {
        Varint::Incomplete
    } else {
        Varint::Malformed
    }
}

/// Size of the packet at the beginning of `buf`, once its header is there and valid.
pub fn announced_size(buf: &[u8]) -> Option<usize> {
    match varint(buf.get(1..)?) {
        Varint::Value { value, size } => Some(1 + size + value as usize),
        Varint::Incomplete | Varint::Malformed => None,
    }
}

/// Reads the packet at the beginning of `buf`. `v5`: the connection speaks MQTT 5. When the packet
/// is not complete or malformed, `packet` holds what was decoded before that was found.
pub fn parse<'a>(buf: &'a [u8], v5: bool, packet: &mut Packet<'a>) -> Parsed {
    let (parsed, found) = read(buf, v5);
    *packet = found;
    parsed
}

/// [`parse`] for callers that look at members one by one: inlined, they need not be put together.
#[inline(always)]
pub fn read(buf: &[u8], v5: bool) -> (Parsed, Packet<'_>) {
    let mut packet = Packet::default();
    let parsed = read_into(buf, v5, &mut packet);
    (parsed, packet)
}

#[inline(always)]
fn read_into<'a>(buf: &'a [u8], v5: bool, packet: &mut Packet<'a>) -> Parsed {
    let (Some(&first), true) = (buf.first(), buf.len() >= 2) else {
        return Parsed::Incomplete;
    };
    packet.cmd = first >> 4;
    packet.qos = first >> 1 & 3;
    packet.dup = first & 8 != 0;
    let (start, end) = match varint(&buf[1..]) {
        Varint::Value { value, size } => (1 + size, 1 + size + value as usize),
        Varint::Incomplete => return Parsed::Incomplete,
        Varint::Malformed => return Parsed::Malformed,
    };
    let Some(whole) = buf.get(..end) else {
        return Parsed::Incomplete;
    };
    packet.whole = whole;
    packet.body = &whole[start..];
    let valid = match packet.cmd {
        cmd::CONNACK => read_ack(packet),
        cmd::PUBLISH => read_publish(packet, v5),
        cmd::PUBACK..=cmd::UNSUBACK => read_id(packet),
        _ => Some(()),
    };
    if valid.is_none() {
        return Parsed::Malformed;
    }
    if v5 && packet.cmd != cmd::PUBLISH {
        packet.props = find_properties(packet).unwrap_or_default();
    }
    Parsed::Complete
}

fn short(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

#[inline(always)]
fn read_ack(packet: &mut Packet<'_>) -> Option<()> {
    packet.ack = *packet.body.get(1)?;
    Some(())
}

#[inline(always)]
fn read_id(packet: &mut Packet<'_>) -> Option<()> {
    packet.id = short(packet.body)?;
    Some(())
}

/// Section 3.3.
#[inline(always)]
fn read_publish(packet: &mut Packet<'_>, v5: bool) -> Option<()> {
    let body = packet.body;
    let topic_end = 2 + usize::from(short(body)?);
    packet.topic = Some(body.get(2..topic_end)?);
    let mut rest = &body[topic_end..];
    if packet.qos > 0 {
        packet.id = short(rest)?;
        rest = &rest[2..];
    }
    // No Quality of Service has both bits set [MQTT-3.3.1-4].
    if packet.qos == 3 {
        return None;
    }
    // Without a single byte there are no properties either, although there should be.
    if v5 && !rest.is_empty() {
        packet.props = section(packet.whole.len() - rest.len(), packet.whole)?;
        rest = &packet.whole[packet.props.end..];
    }
    packet.data = Some(rest);
    Some(())
}

/// The properties behind the length that stands at offset `at`.
fn section(at: usize, whole: &[u8]) -> Option<Range<usize>> {
    match varint(whole.get(at..)?) {
        Varint::Value { value, size } => {
            let start = at + size;
            let end = start + value as usize;
            (end <= whole.len()).then_some(start..end)
        }
        Varint::Incomplete | Varint::Malformed => None,
    }
}

/// The properties of packets other than PUBLISH. Short forms leave them out (section 3.4.2).
fn find_properties(packet: &Packet<'_>) -> Option<Range<usize>> {
    let in_body = match packet.cmd {
        // Protocol name, level, flags, keep-alive.
        cmd::CONNECT => 2 + usize::from(short(packet.body)?) + 4,
        cmd::CONNACK | cmd::SUBSCRIBE..=cmd::UNSUBACK => 2,
        cmd::PUBACK..=cmd::PUBCOMP => 3,
        cmd::DISCONNECT | cmd::AUTH => 1,
        _ => return None,
    };
    section(
        packet.whole.len() - packet.body.len() + in_body,
        packet.whole,
    )
}

impl Packet<'_> {
    /// CONNECT: the protocol level, 4 for MQTT 3.1.1.
    pub fn protocol_level(&self) -> Option<u8> {
        let name_end = 2 + usize::from(short(self.body)?);
        let level = self.body.get(name_end).copied();
        level.filter(|_| self.cmd == cmd::CONNECT)
    }

    /// PUBACK to PUBCOMP of MQTT 5: the reason code tells of a failure (section 2.4).
    pub fn is_failure(&self) -> bool {
        self.body.get(2).is_some_and(|&reason| reason >= 0x80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn publish() {
        let (parsed, packet) = read(b"\x30\x07\x00\x03a/bhi\xc0\x00", false);
        assert_eq!(parsed, Parsed::Complete);
        assert_eq!(packet.topic, Some(&b"a/b"[..]));
        assert_eq!(packet.data, Some(&b"hi"[..]));
        assert_eq!((packet.whole.len(), packet.qos, packet.id), (9, 0, 0));
        let (_, packet) = read(b"\x3c\x09\x00\x03a/b\x00\x07hi", false);
        assert_eq!((packet.qos, packet.dup, packet.id), (2, true, 7));
        assert_eq!(read(b"\x30\x02\x00\x00", false).0, Parsed::Complete);
    }

    #[test]
    fn malformed_publish() {
        for bytes in [
            &b"\x30\x00"[..],
            b"\x30\x01\x00",
            b"\x30\x04\x00\x05ab",
            b"\x32\x03\x00\x01a",
            b"\x36\x09\x00\x03a/b\x00\x07hi",
        ] {
            assert_eq!(read(bytes, false).0, Parsed::Malformed, "{bytes:?}");
            assert_eq!(read(bytes, true).0, Parsed::Malformed, "{bytes:?}");
        }
        for bytes in [
            &b"\x30\x06\x00\x01a\x09\x01\x01"[..],
            b"\x30\x08\x00\x01a\x80\x80\x80\x80x",
            b"\x30\x04\x00\x01a\x80",
        ] {
            assert_eq!(read(bytes, true).0, Parsed::Malformed, "{bytes:?}");
        }
    }

    #[test]
    fn short_payloads_behind_properties() {
        for (bytes, data) in [
            (&b"\x30\x06\x00\x01a\x00xy"[..], &b"xy"[..]),
            (b"\x30\x05\x00\x01a\x00x", b"x"),
            (b"\x30\x04\x00\x01a\x00", b""),
            (b"\x30\x03\x00\x01a", b""),
            (b"\x32\x07\x00\x01a\x00\x06\x00x", b"x"),
            (b"\x30\x06\x00\x01a\x02\x01\x01", b""),
        ] {
            let (parsed, packet) = read(bytes, true);
            assert_eq!((parsed, packet.data), (Parsed::Complete, Some(data)));
        }
    }

    #[test]
    fn remaining_lengths() {
        assert_eq!(read(b"\x30\xff\xff\xff\x7f", false).0, Parsed::Incomplete);
        assert_eq!(read(b"\x30\x80\x80\x80", false).0, Parsed::Incomplete);
        assert_eq!(
            read(b"\x30\x80\x80\x80\x80\x01", false).0,
            Parsed::Malformed
        );
        assert_eq!(read(b"\xc0\x80\x80\x80\x00", false).0, Parsed::Complete);
        assert_eq!(
            announced_size(b"\x30\xff\xff\xff\x7f"),
            Some(5 + 268_435_455)
        );
        assert_eq!(announced_size(b"\x30\x80"), None);
        assert_eq!(announced_size(b""), None);
    }

    #[test]
    fn properties_of_other_packets() {
        for (bytes, props) in [
            (
                &b"\x10\x12\x00\x04MQTT\x05\x02\x00\x3c\x05\x11\x00\x00\x00\x0a\x00\x00"[..],
                13..18,
            ),
            (b"\x20\x06\x00\x00\x03\x13\x00\x05", 5..8),
            (b"\x40\x06\x00\x07\x10\x02\x01\x01", 6..8),
            (b"\x40\x04\x00\x07\x10\x00", 6..6),
            (b"\x40\x02\x00\x07", 0..0),
            (b"\x90\x06\x00\x07\x02\x01\x01\x00", 5..7),
            (b"\xe0\x04\x00\x02\x01\x01", 4..6),
            (b"\xe0\x00", 0..0),
            (b"\x20\x02\x00\x00", 0..0),
            (b"\x90\x03\x00\x02\x01", 0..0),
        ] {
            let (parsed, packet) = read(bytes, true);
            assert_eq!(
                (parsed, packet.props),
                (Parsed::Complete, props),
                "{bytes:?}"
            );
            assert_eq!(read(bytes, false).1.props, 0..0);
        }
    }

    #[test]
    fn connect_tells_the_protocol_level() {
        let level = |bytes| read(bytes, false).1.protocol_level();
        assert_eq!(
            level(b"\x10\x0c\x00\x04MQTT\x05\x02\x00\x3c\x00\x00"),
            Some(5)
        );
        assert_eq!(
            level(b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00"),
            Some(3)
        );
        assert_eq!(level(b"\x10\x00"), None);
        assert_eq!(level(b"\x10\x02\xff\xff"), None);
        assert_eq!(level(b"\xe0\x07\x00\x04MQTT\x05"), None);
    }

    proptest! {
        #[test]
        fn slices_lie_inside_the_packet(buf in any::<Vec<u8>>(), v5 in any::<bool>()) {
            let (parsed, packet) = read(&buf, v5);
            prop_assert!(packet.props.end <= packet.whole.len());
            if parsed == Parsed::Complete {
                prop_assert_eq!(announced_size(&buf), Some(packet.whole.len()));
                prop_assert_eq!(packet.topic.is_some(), packet.cmd == cmd::PUBLISH);
                prop_assert_eq!(packet.data.is_some(), packet.cmd == cmd::PUBLISH);
            }
        }

        #[test]
        fn no_prefix_of_a_packet_is_complete(cmd in 0u8..16, body in any::<Vec<u8>>(), v5 in any::<bool>()) {
            let mut bytes = Vec::new();
            bytes.push(cmd << 4);
            super::super::message::put_varint(&mut bytes, body.len()).unwrap();
            bytes.extend(&body);
            for n in 0..bytes.len() {
                prop_assert_eq!(read(&bytes[..n], v5).0, Parsed::Incomplete);
            }
            prop_assert_ne!(read(&bytes, v5).0, Parsed::Incomplete);
        }
    }
}
