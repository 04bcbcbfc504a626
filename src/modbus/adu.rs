//! Frames: a header of 7 bytes, and a PDU that its third field delimits.
#![forbid(unsafe_code)]

/// Transaction, protocol, length; the unit counts as part of what the length covers.
const PREFIX: usize = 6;
/// Where the PDU begins.
pub const HEADER: usize = PREFIX + 1;
/// The largest PDU.
pub const MAX_PDU: usize = 253;
/// The largest frame.
pub const MAX: usize = HEADER + MAX_PDU;

/// What stands at the front of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Front<'a> {
    Incomplete,
    /// No Modbus; there is no way to tell where the next frame begins.
    Invalid,
    /// A frame.
    Adu(Adu<'a>),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Adu<'a> {
    /// What the reply repeats: transaction, protocol, a length, unit.
    pub header: [u8; HEADER],
    /// Function code and data, at least one byte.
    pub pdu: &'a [u8],
}

impl Adu<'_> {
    /// Length of the whole frame.
    pub fn len(&self) -> usize {
        HEADER + self.pdu.len()
    }
}

pub fn front(stream: &[u8]) -> Front<'_> {
    let Some(&[_, _, p0, p1, l0, l1]) = stream.first_chunk::<PREFIX>() else {
        return Front::Incomplete;
    };
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if [p0, p1] != [0, 0] || !(2..=MAX_PDU + 1).contains(&length) {
        return Front::Invalid;
    }
    match (stream.first_chunk(), stream.get(HEADER..PREFIX + length)) {
        (Some(&header), Some(pdu)) => Front::Adu(Adu { header, pdu }),
        _ => Front::Incomplete,
    }
}

/// A frame in the making.
pub struct Reply {
    bytes: [u8; MAX],
    len: usize,
}

impl Reply {
    /// Begins the reply to the frame with this header; there is nothing in it yet.
    pub fn to(header: [u8; HEADER]) -> Reply {
        let mut bytes = [0; MAX];
        bytes[..HEADER].copy_from_slice(&header);
        Reply { bytes, len: HEADER }
    }

    /// Appends to the PDU. What does not fit is dropped; [`super::pdu`] stays within the limits.
    pub fn push(&mut self, data: &[u8]) {
        let n = data.len().min(MAX - self.len);
        self.bytes[self.len..self.len + n].copy_from_slice(&data[..n]);
        self.len += n;
    }

    /// The finished frame.
    pub fn finish(&mut self) -> &[u8] {
        let length = (self.len - PREFIX) as u16;
        self.bytes[4..PREFIX].copy_from_slice(&length.to_be_bytes());
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_is_complete_with_its_last_byte() {
        let stream = [0, 7, 0, 0, 0, 2, 9, 7, 0, 8];
        for n in 0..8 {
            assert_eq!(front(&stream[..n]), Front::Incomplete, "{n}");
        }
        for n in 8..=10 {
            let header = [0, 7, 0, 0, 0, 2, 9];
            let pdu = &[7][..];
            assert_eq!(front(&stream[..n]), Front::Adu(Adu { header, pdu }), "{n}");
        }
    }

    #[test]
    fn protocol_and_length_are_checked_early() {
        assert_eq!(front(&[0, 0, 0, 1, 0, 6]), Front::Invalid);
        assert_eq!(front(&[0, 0, 1, 0, 0, 6]), Front::Invalid);
        assert_eq!(front(&[0, 0, 0, 0, 0, 0]), Front::Invalid);
        assert_eq!(front(&[0, 0, 0, 0, 0, 1]), Front::Invalid);
        assert_eq!(front(&[0, 0, 0, 0, 0, 255]), Front::Invalid);
        assert_eq!(front(&[0, 0, 0, 0, 1, 6]), Front::Invalid);
        assert_eq!(front(&[0, 0, 0, 0, 0, 254]), Front::Incomplete);
    }

    #[test]
    fn a_reply_never_outgrows_a_frame() {
        let mut reply = Reply::to([1, 2, 0, 0, 9, 9, 3]);
        reply.push(&[0x83, 2]);
        assert_eq!(reply.finish(), [1, 2, 0, 0, 0, 3, 3, 0x83, 2]);
        reply.push(&[0; 300]);
        assert_eq!(reply.finish().len(), MAX);
        assert_eq!(reply.finish()[4..6], [0, 254]);
    }

    proptest! {
        #[test]
        fn frames_lie_inside_the_stream(stream in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Front::Adu(adu) = front(&stream) {
                prop_assert!(!adu.pdu.is_empty() && adu.len() <= stream.len());
                prop_assert_eq!(&stream[HEADER..adu.len()], adu.pdu);
            }
        }
    }
}
