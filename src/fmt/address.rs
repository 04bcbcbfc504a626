//! Addresses as text.
#![forbid(unsafe_code)]

use super::Sink;
use super::hex::{self, Hex};

/// `1.2.3.4`
pub fn ip4(out: &mut impl Sink, bytes: [u8; 4]) {
    for (i, byte) in bytes.into_iter().enumerate() {
        if i > 0 {
            out.put(b".");
        }
        number(out, u16::from(byte));
    }
}

/// `[2001:db8:0:0:0:0:0:1]`: all eight groups, in brackets.
pub fn ip6(out: &mut impl Sink, bytes: [u8; 16]) {
    for (i, group) in bytes.chunks_exact(2).enumerate() {
        out.put(if i == 0 { b"[" } else { b":" });
        let value = u16::from_be_bytes([group[0], group[1]]);
        out.put(Hex::new(u64::from(value)).as_bytes());
    }
    out.put(b"]");
}

/// `:8080`
pub fn port(out: &mut impl Sink, port: u16) {
    out.put(b":");
    number(out, port);
}

/// Two digits for each byte of a hardware address, with colons between.
pub fn hardware(out: &mut impl Sink, bytes: &[u8]) {
    for (i, &byte) in bytes.iter().enumerate() {
        if i > 0 {
            out.put(b":");
        }
        out.put(&hex::pair(byte));
    }
}

fn number(out: &mut impl Sink, value: u16) {
    out.put(itoa::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(print: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        print(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn forms() {
        assert_eq!(text(|out| ip4(out, [1, 20, 0, 255])), "1.20.0.255");
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        bytes[15] = 1;
        assert_eq!(text(|out| ip6(out, bytes)), "[2001:db8:0:0:0:0:0:1]");
        assert_eq!(text(|out| port(out, 8080)), ":8080");
        assert_eq!(
            text(|out| hardware(out, &[0, 1, 0xab, 0xff, 9, 10])),
            "00:01:ab:ff:09:0a"
        );
    }
}
