//! DNS (RFC 1035, RFC 3596), multicast DNS (RFC 6762) and service discovery (RFC 6763).
//!
//! Messages are read by two readers. [`lenient`] is what the C API offers, with the leniency that
//! programs know. [`response`] is what the resolver trusts: strict, and tied to a question.

pub mod cache;
pub mod discovery;
pub mod ffi;
pub mod hosts;
pub mod lenient;
pub mod name;
pub mod query;
pub mod resolv_conf;
pub mod response;

pub use name::Name;

use std::net::IpAddr;

/// Size of a message header (RFC 1035, section 4.1.1).
pub const HEADER: usize = 12;
/// The Internet class.
pub const CLASS_IN: u16 = 1;
/// In multicast DNS, the top bit of a class asks for a unicast answer, or says that a record is the
/// only one (RFC 6762, sections 5.4 and 10.2).
pub const CLASS_FLAG: u16 = 0x8000;

/// Record types.
pub mod rtype {
    pub const A: u16 = 1;
    pub const CNAME: u16 = 5;
    pub const PTR: u16 = 12;
    pub const TXT: u16 = 16;
    pub const AAAA: u16 = 28;
    pub const SRV: u16 = 33;
}

/// The big-endian number at `at`.
pub(crate) fn u16_at(message: &[u8], at: usize) -> Option<u16> {
    let bytes = message.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

/// The big-endian number at `at`.
pub(crate) fn u32_at(message: &[u8], at: usize) -> Option<u32> {
    let bytes = message.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// The address in the data of a record; `None` for other types, or data of the wrong size.
pub(crate) fn address(rtype: u16, data: &[u8]) -> Option<IpAddr> {
    match rtype {
        rtype::A => Some(IpAddr::from(<[u8; 4]>::try_from(data).ok()?)),
        rtype::AAAA => Some(IpAddr::from(<[u8; 16]>::try_from(data).ok()?)),
        _ => None,
    }
}
