#![allow(unsafe_code)]

pub mod multicast;

use super::lenient::{self, Entry, Summary};
use crate::ffi::guard;
use crate::ffi::str::bytes;
use crate::net::ffi::mg_dns;
use crate::net::{mg_addr, mg_mgr};
use std::ffi::c_char;
use std::net::SocketAddr;

/// A DNS message, as mg_dns_parse() understands it.
#[repr(C)]
pub struct mg_dns_message {
    /// Transaction id.
    pub txnid: u16,
    /// True when `addr` is set.
    pub resolved: bool,
    /// First address among the answers; port 0.
    pub addr: mg_addr,
    /// Name of the question, or of the last answer looked at: labels joined by dots, cut at 255
    /// characters, terminated.
    pub name: [c_char; 256],
}

/// Start of a DNS message (RFC 1035, section 4.1.1), all members in network byte order.
#[repr(C)]
pub struct mg_dns_header {
    /// Transaction id.
    pub txnid: u16,
    /// QR, opcode, flags and response code.
    pub flags: u16,
    /// Entries in the question section.
    pub num_questions: u16,
    /// Entries in the answer section.
    pub num_answers: u16,
    /// Entries in the authority section.
    pub num_authority_prs: u16,
    /// Entries in the additional section.
    pub num_other_prs: u16,
}

/// A question or resource record (RFC 1035, sections 4.1.2 and 4.1.3), host byte order.
#[repr(C)]
pub struct mg_dns_rr {
    /// Size of the encoded name.
    pub nlen: u16,
    /// MG_DNS_RTYPE_* or another type.
    pub atype: u16,
    /// Class. In mDNS the top bit asks for a unicast answer, or says that the record is the only
    /// one.
    pub aclass: u16,
    /// Size of the data; 0 for a question.
    pub alen: u16,
}

impl From<Entry> for mg_dns_rr {
    fn from(entry: Entry) -> mg_dns_rr {
        mg_dns_rr {
            nlen: entry.name_size,
            atype: entry.rtype,
            aclass: entry.class,
            alen: entry.data_size,
        }
    }
}

/// Parses a DNS message (RFC 1035) of at most 512 bytes: transaction id, name, and the first IPv4
/// or IPv6 address among the first 10 answers. Of a query only id and name.
///
/// Returns false when `len` is below 12, when there is more than one question, or when a record
/// that was needed is malformed; `dm` is cleared first in any case. Of the header, only the
/// counts and the QR bit are looked at. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_dns_parse(buf: *const u8, len: usize, dm: *mut mg_dns_message) -> bool {
    guard(false, || {
        if dm.is_null() {
            return false;
        }
        // SAFETY: pointer contract; all-zero bytes are a valid mg_dns_message.
        let (message, dm) = unsafe {
            dm.write_bytes(0, 1);
            (bytes(buf, len), &mut *dm)
        };
        let mut summary = Summary::default();
        let valid = lenient::read(message, &mut summary);
        dm.txnid = summary.id;
        if let Some(ip) = summary.address {
            dm.resolved = true;
            dm.addr = mg_addr::from_socket_addr(SocketAddr::new(ip, 0));
        }
        if let Some(at) = summary.name {
            // SAFETY: characters of C have the size of bytes; a NUL stays behind them.
            let name = unsafe { &mut *(&raw mut dm.name).cast::<[u8; 255]>() };
            lenient::name(message, at, name);
        }
        valid
    })
}

/// Parses the question or record at offset `ofs` of a DNS message of at most 512 bytes. Its data are
/// the last `rr->alen` bytes.
///
/// Returns its size, 0 when it is malformed; `rr` is cleared first, and after a failure may be
/// partly set. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_dns_parse_rr(
    buf: *const u8,
    len: usize,
    ofs: usize,
    is_question: bool,
    rr: *mut mg_dns_rr,
) -> usize {
    guard(0, || {
        if rr.is_null() {
            return 0;
        }
        let mut entry = Entry::default();
        // SAFETY: pointer contract.
        let message = unsafe { bytes(buf, len) };
        let size = lenient::read_entry(message, ofs, is_question, &mut entry);
        // SAFETY: pointer contract.
        unsafe { rr.write(entry.into()) };
        size.unwrap_or(0)
    })
}

/// Makes sure that the connection to a name server exists: `&mgr->dns4` or `&mgr->dns6`, whose `url`
/// has to name the server by its address. The library does this when it is needed. False when the
/// URL is NULL, empty or has a host name, or when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_dnsc_init(mgr: *mut mg_mgr, dnsc: *mut mg_dns) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        match unsafe { (mgr.as_ref(), dnsc.as_ref()) } {
            (Some(mgr), Some(dns)) => crate::net::initialize_dns(mgr, dns),
            _ => false,
        }
    })
}
