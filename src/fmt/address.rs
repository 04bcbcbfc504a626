//! Addresses as text.
#![forbid(unsafe_code)]

use super::Sink;
use super::hex::{self, Hex};
use super::stack::Stack;

/// Room for an IPv6 address with brackets and port.
pub type Text = Stack<47>;

/// `1.2.3.4`
pub fn ip4(bytes: [u8; 4]) -> Text {
    let mut text = Text::new();
    for (i, byte) in bytes.into_iter().enumerate() {
        if i > 0 {
            text.push(b'.');
        }
        number(&mut text, u16::from(byte));
    }
    text
}

/// `[2001:db8:0:0:0:0:0:1]`: all eight groups, in brackets.
pub fn ip6(bytes: [u8; 16]) -> Text {
    let mut text = Text::new();
    for (i, group) in bytes.chunks_exact(2).enumerate() {
        text.push(if i == 0 { b'[' } else { b':' });
        let value = u16::from_be_bytes([group[0], group[1]]);
        text.put(Hex::new(u64::from(value)).as_bytes());
    }
    text.push(b']');
    text
}

/// Adds `:8080`.
pub fn add_port(text: &mut Text, port: u16) {
    text.push(b':');
    number(text, port);
}

/// Two digits for each byte of a hardware address, with colons between.
pub fn hardware(bytes: &[u8]) -> Text {
    let mut text = Text::new();
    for (i, &byte) in bytes.iter().enumerate() {
        if i > 0 {
            text.push(b':');
        }
        text.put(&hex::pair(byte));
    }
    text
}

fn number(text: &mut Text, value: u16) {
    text.put(itoa::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(ip4([1, 20, 0, 255]).as_bytes(), b"1.20.0.255");
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        bytes[15] = 1;
        assert_eq!(ip6(bytes).as_bytes(), b"[2001:db8:0:0:0:0:0:1]");
        assert_eq!(
            hardware(&[0, 1, 0xab, 0xff, 9, 10]).as_bytes(),
            b"00:01:ab:ff:09:0a"
        );
    }

    #[test]
    fn the_longest_fits() {
        let mut text = ip6([0xff; 16]);
        add_port(&mut text, 65535);
        let groups = ["ffff"; 8].join(":");
        assert_eq!(text.as_bytes(), format!("[{groups}]:65535").as_bytes());
    }
}
