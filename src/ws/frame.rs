//! Frame headers (RFC 6455, 5.2).
#![forbid(unsafe_code)]

/// First byte: the last fragment of a message.
pub const FIN: u8 = 0x80;
/// First byte: reserved for extensions.
pub const RESERVED: u8 = 0x70;
/// First byte of a message: it is compressed (RFC 7692, 6).
pub const RSV1: u8 = 0x40;
/// Second byte: a masking key follows.
const MASKED: u8 = 0x80;
/// The longest payload of a control frame (5.5).
pub const MAX_CONTROL: usize = 125;
/// Two bytes, a 64-bit length, a masking key.
pub const MAX_HEADER: usize = 14;

pub mod opcode {
    pub const CONTINUE: u8 = 0;
    pub const TEXT: u8 = 1;
    pub const BINARY: u8 = 2;
    pub const CLOSE: u8 = 8;
    pub const PING: u8 = 9;
    pub const PONG: u8 = 10;
}

/// The opcode in the first byte of a frame.
#[inline]
pub fn opcode(first: u8) -> u8 {
    first & 15
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// FIN, reserved bits and opcode.
    pub first: u8,
    pub mask: Option<[u8; 4]>,
    pub payload: u64,
    /// Length of the header itself.
    pub len: usize,
}

impl Header {
    /// Whether a frame that starts with these two bytes is masked, and the length field of its
    /// second byte: the length itself, or 126 and 127 for a 16-bit and a 64-bit length.
    #[inline]
    pub fn second(byte: u8) -> (bool, u8) {
        (byte & MASKED != 0, byte & !MASKED)
    }

    /// The header at the start of `buf`; `None` when it is not complete.
    ///
    /// A length in more bytes than it needs is accepted; its meaning is beyond doubt.
    #[inline]
    pub fn parse(buf: &[u8]) -> Option<Header> {
        let [first, second, rest @ ..] = buf else {
            return None;
        };
        let (masked, short) = Header::second(*second);
        let (payload, rest) = match short {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*length), rest)
            }
            _ => (u64::from(short), rest),
        };
        let (mask, rest) = if masked {
            let (mask, rest) = rest.split_first_chunk()?;
            (Some(*mask), rest)
        } else {
            (None, rest)
        };
        Some(Header {
            first: *first,
            mask,
            payload,
            len: buf.len() - rest.len(),
        })
    }

    /// Writes a header to the start of `to`, with the shortest form of the length; returns how
    /// long it is.
    #[inline]
    pub fn write(
        to: &mut [u8; MAX_HEADER],
        first: u8,
        payload: usize,
        mask: Option<[u8; 4]>,
    ) -> usize {
        to[0] = first;
        let masked = if mask.is_some() { MASKED } else { 0 };
        let len = match payload {
            0..=125 => {
                to[1] = masked | payload as u8;
                2
            }
            126..=0xffff => {
                to[1] = masked | 126;
                to[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
                4
            }
            _ => {
                to[1] = masked | 127;
                to[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
                10
            }
        };
        match mask {
            Some(mask) => {
                to[len..len + 4].copy_from_slice(&mask);
                len + 4
            }
            None => len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_the_rfc() {
        // RFC 6455, 5.7.
        let parsed = |buf: &[u8]| Header::parse(buf).expect("complete");
        let header = parsed(b"\x81\x05Hello");
        assert_eq!((header.len, header.payload, header.mask), (2, 5, None));
        let header = parsed(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        assert_eq!((header.len, header.payload), (6, 5));
        assert_eq!(header.mask, Some([0x37, 0xfa, 0x21, 0x3d]));
        let header = parsed(b"\x82\x7e\x01\x00");
        assert_eq!((header.len, header.payload), (4, 256));
        let header = parsed(b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00");
        assert_eq!((header.len, header.payload), (10, 65536));
    }

    #[test]
    fn lengths_take_the_shortest_form() {
        for (payload, len) in [
            (0, 2),
            (125, 2),
            (126, 4),
            (0xffff, 4),
            (0x10000, 10),
            (usize::MAX, 10),
        ] {
            let mut buf = [0; MAX_HEADER];
            assert_eq!(Header::write(&mut buf, 0x82, payload, None), len);
            assert_eq!(
                Header::write(&mut buf, 0x82, payload, Some([1; 4])),
                len + 4
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(first: u8, shift in 0u32..64, payload: u64, mask: Option<[u8; 4]>) {
            let payload = (payload >> shift) as usize;
            let mut buf = [0; MAX_HEADER];
            let len = Header::write(&mut buf, first, payload, mask);
            let header = Header { first, mask, payload: payload as u64, len };
            prop_assert_eq!(Header::parse(&buf[..len]), Some(header));
            for short in 0..len {
                prop_assert_eq!(Header::parse(&buf[..short]), None);
            }
        }
    }
}
