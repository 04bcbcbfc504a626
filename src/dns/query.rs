//! Questions.
#![forbid(unsafe_code)]

use super::{CLASS_IN, HEADER};

/// Ask the server to follow up other servers (RFC 1035, section 4.1.1: RD).
pub const RECURSION_DESIRED: u16 = 0x0100;

/// A message with one question about `wire`, a name with its length bytes and root.
pub fn build(id: u16, flags: u16, wire: &[u8], rtype: u16) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + wire.len() + 4);
    for word in [id, flags, 1, 0, 0, 0] {
        message.extend(word.to_be_bytes());
    }
    message.extend(wire);
    message.extend(rtype.to_be_bytes());
    message.extend(CLASS_IN.to_be_bytes());
    message
}

/// The same message on a byte stream (RFC 1035, section 4.2.2).
pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut out = (message.len() as u16).to_be_bytes().to_vec();
    out.extend(message);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::{Name, rtype};

    #[test]
    fn bytes_of_a_question() {
        let name = Name::from_text(b"foo.example").unwrap();
        let message = build(0x1234, RECURSION_DESIRED, name.wire(), rtype::AAAA);
        assert_eq!(
            message,
            b"\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x03foo\x07example\0\0\x1c\0\x01"
        );
        assert_eq!(framed(&message)[..3], [0, 29, 0x12]);
    }
}
