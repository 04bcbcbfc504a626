//! Payloads of Close frames, and why a connection fails (RFC 6455, 5.5.1 and 7.4).
#![forbid(unsafe_code)]

use std::fmt;

/// The other side ends the connection for reasons of its own (7.4.1).
pub const GOING_AWAY: u16 = 1001;

/// What a peer did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// Bits of extensions that were not agreed on (5.2).
    ReservedBits,
    UnknownOpcode(u8),
    /// A client must mask (5.1).
    Unmasked,
    /// A server must not mask (5.1).
    Masked,
    /// Longer than 125 bytes (5.5).
    LongControl,
    FragmentedControl,
    /// A 64-bit length with the top bit set (5.2).
    NegativeLength,
    /// More than the receive buffer may hold.
    TooBig,
    /// More than a message may have.
    MessageTooBig,
    /// A fragment of no message (5.4).
    StrayContinuation,
    /// A message inside another one (5.4).
    Interleaved,
    BadUtf8,
    /// Does not inflate (RFC 7692, 7.2.2).
    BadDeflate,
    /// A single byte, or a code that is not for use in frames (7.4).
    BadCloseCode,
    BadCloseReason,
}

impl Violation {
    /// The code that tells the peer (7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Violation::BadUtf8 | Violation::BadDeflate | Violation::BadCloseReason => 1007,
            Violation::TooBig | Violation::MessageTooBig => 1009,
            _ => 1002,
        }
    }
}

/// What programs get as the text of MG_EV_ERROR.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Violation::UnknownOpcode(op) => return write!(f, "unknown WS op {op}"),
            Violation::TooBig => "MG_MAX_RECV_SIZE",
            Violation::MessageTooBig => "WS message limit",
            Violation::ReservedBits => "WS reserved bits",
            Violation::Unmasked => "WS frame not masked",
            Violation::Masked => "WS frame masked",
            Violation::LongControl => "WS control frame too long",
            Violation::FragmentedControl => "WS control frame fragmented",
            Violation::NegativeLength => "WS frame length",
            Violation::StrayContinuation => "WS continuation of nothing",
            Violation::Interleaved => "WS message inside a message",
            Violation::BadUtf8 => "WS text is not UTF-8",
            Violation::BadDeflate => "WS message does not inflate",
            Violation::BadCloseCode => "WS close code",
            Violation::BadCloseReason => "WS close reason is not UTF-8",
        })
    }
}

/// True for codes that a Close frame may carry: those of 7.4.1, those registered with IANA since,
/// and the ranges for libraries and applications (7.4.2).
pub fn is_valid_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Checks the payload of a Close frame.
pub fn check(payload: &[u8]) -> Result<(), Violation> {
    match payload {
        [] => Ok(()),
        [a, b, reason @ ..] if is_valid_code(u16::from_be_bytes([*a, *b])) => {
            std::str::from_utf8(reason).map_or(Err(Violation::BadCloseReason), |_| Ok(()))
        }
        _ => Err(Violation::BadCloseCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_close_frames() {
        assert_eq!(check(b""), Ok(()));
        assert_eq!(check(b"\x03\xe8"), Ok(()));
        assert_eq!(
            check("\x03\u{0}bye".as_bytes()),
            Err(Violation::BadCloseCode)
        );
        assert_eq!(check(b"\x03\xe8bye"), Ok(()));
        assert_eq!(check(b"\x03\xe8\xff"), Err(Violation::BadCloseReason));
        assert_eq!(check(b"\x03"), Err(Violation::BadCloseCode));
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert!(!is_valid_code(code), "{code}");
        }
        for code in [1000, 1003, 1007, 1011, 1014, 3000, 4999] {
            assert!(is_valid_code(code), "{code}");
        }
    }
}
