#![allow(unsafe_code)]

use super::mg_dns_rr;
use crate::dns::discovery::{self, Kind, Question, Service};
use crate::dns::{Name, query};
use crate::ffi::str::{cstr, mg_str};
use crate::ffi::{guard, inject};
use crate::net::ffi::{mg_getlocaddr, mg_listen, mg_multicast_add, mg_send};
use crate::net::resolve::multicast;
use crate::net::{Flag, call, contain, ev, mg_addr, mg_connection, mg_event_handler_t, mg_mgr};
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ptr::null_mut;

const URL: &std::ffi::CStr = c"udp://224.0.0.251:5353";
const GROUP: &std::ffi::CStr = c"224.0.0.251";

/// A service for DNS service discovery (RFC 6763).
#[repr(C)]
pub struct mg_dnssd_record {
    /// Service and protocol, such as "_http._tcp".
    pub srvcproto: mg_str,
    /// Content of the TXT record: strings with a length byte each.
    pub txt: mg_str,
    /// Port, host byte order.
    pub port: u16,
}

/// A multicast DNS question, for MG_EV_MDNS_REQ. To answer, set `is_resp` and what the type
/// needs. What it points to is valid until the handler returns.
#[repr(C)]
pub struct mg_mdns_req {
    /// The question, with the unicast bit of the class removed.
    pub rr: *mut mg_dns_rr,
    /// Set by the program: the service; needed for PTR, SRV and TXT answers.
    pub r: *mut mg_dnssd_record,
    /// Name asked for, without ".local". For SRV and TXT to a named responder only the service.
    pub reqname: mg_str,
    /// Set by the program: host name for the answer, one label; `fn_data` of the listener when
    /// empty.
    pub respname: mg_str,
    /// Set by the program: address for the answer; the local one when NULL.
    pub addr: *mut mg_addr,
    /// The question asks for the list of services. It cannot be answered.
    pub is_listing: bool,
    /// Set by the program: send an answer. Already set for an address question that names the
    /// responder.
    pub is_resp: bool,
    /// The question asks for an answer to the asker alone.
    pub is_unicast: bool,
}

/// A multicast DNS answer, for MG_EV_MDNS_RESP. Valid until the handler returns.
#[repr(C)]
pub struct mg_mdns_resp {
    /// The record that decides the kind of answer: A, PTR, SRV or TXT.
    pub rr: *mut mg_dns_rr,
    /// Host name, with ".local"; without a host record the first label of the service instance.
    pub name: mg_str,
    /// Address and port, when the answer contains them.
    pub addr: mg_addr,
    /// The service, when the answer contains one.
    pub sd: mg_dnssd_record,
}

/// Joins multicast DNS (RFC 6762) on the default interface.
///
/// `fn` gets MG_EV_MDNS_REQ for each question about a ".local" name and MG_EV_MDNS_RESP for each
/// answer, in addition to what a UDP listener gets. `fn_data` is NULL, or the host name to answer
/// for, a C string without dots that stays valid; then only questions that concern it arrive.
/// Connections to ".local" names need this listener, which is kept in `mgr->mdns` until it
/// closes. NULL on failure (see mg_listen()).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mdns_listen(
    mgr: *mut mg_mgr,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let c = unsafe { mg_listen(mgr, URL.as_ptr(), r#fn, fn_data) };
        // SAFETY: NULL or a new connection.
        if let Some(connection) = unsafe { c.as_ref() } {
            connection.pfn.set(Some(event));
            // SAFETY: a live connection, a C string that is only read, and the manager, which is
            // there when a listener is.
            unsafe {
                mg_multicast_add(c, GROUP.as_ptr().cast_mut());
                (*mgr).mdns.set(c);
            }
        }
        c
    })
}

/// Asks multicast DNS for a name, complete with ".local", and an MG_DNS_RTYPE_*. `c` is the
/// connection that mg_mdns_listen() returned; the question goes out at once, and answers come as
/// MG_EV_MDNS_RESP. False when the name is not legal or the question cannot be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mdns_query(
    c: *mut mg_connection,
    name: *const c_char,
    rtype: c_uint,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let (c, name) = unsafe { (c.as_ref(), cstr(name)) };
        c.is_some_and(|c| ask(c, name, (rtype & 0xff) as u16))
    })
}

/// Sends a question to the group.
pub(crate) fn ask(c: &mg_connection, name: &[u8], rtype: u16) -> bool {
    let Some(name) = Name::from_text(name) else {
        return false;
    };
    c.rem.set(c.loc.get());
    send(c, &query::build(0, 0, name.wire(), rtype))
}

fn send(c: &mg_connection, message: &[u8]) -> bool {
    // SAFETY: a live connection and a slice.
    unsafe { mg_send(c.as_ptr(), message.as_ptr().cast(), message.len()) }
}

/// The protocol handler of the listener.
pub unsafe extern "C" fn event(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers get live connections of a manager.
    let (c, mgr) = unsafe { (&*c, &*(*c).mgr.get()) };
    contain(c, (), || match event {
        // SAFETY: the data of this event is the time.
        ev::POLL => multicast::tick(mgr, unsafe { *data.cast::<u64>() }),
        ev::READ => datagram(mgr, c),
        ev::CLOSE => multicast::closed(mgr),
        _ => {}
    });
}

fn datagram(mgr: &mg_mgr, c: &mg_connection) {
    // A copy, since handlers may do anything to the buffer.
    // SAFETY: no handler runs while the slice lives.
    let message = unsafe { c.recv.as_bytes() }.to_vec();
    c.recv.len.set(0);
    inject("mdns");
    match discovery::kind(&message) {
        Some(Kind::Query) => requests(c, &message),
        Some(Kind::Response) => response(mgr, c, &message),
        None => {}
    }
}

fn requests(c: &mg_connection, message: &[u8]) {
    let sender = c.rem.get();
    let responder = c.fn_data.get().cast::<c_char>();
    // SAFETY: NULL or a C string that stays valid, by contract of mg_mdns_listen().
    let name = (!responder.is_null()).then(|| unsafe { cstr(responder) });
    for question in discovery::questions(message, name) {
        request(c, message, &sender, &question, name);
        if c.is_dead() || c.is(Flag::Closing) {
            return;
        }
    }
}

/// Asks the program, and answers.
fn request(
    c: &mg_connection,
    message: &[u8],
    sender: &mg_addr,
    question: &Question,
    responder: Option<&[u8]>,
) {
    let mut rr = mg_dns_rr::from(question.entry);
    let mut req = mg_mdns_req {
        rr: &raw mut rr,
        r: null_mut(),
        reqname: mg_str::from_bytes(question.about()),
        respname: mg_str::NULL,
        addr: null_mut(),
        is_listing: question.listing,
        is_resp: responder.is_some() && question.entry.rtype == crate::dns::rtype::A,
        is_unicast: question.unicast,
    };
    c.rem.set(*sender);
    call(c, ev::MDNS_REQ, (&raw mut req).cast());
    if c.is_dead() || !req.is_resp {
        return;
    }
    // SAFETY: what the handler set is valid, by contract of the event.
    let ip = unsafe { req.addr.as_ref() }.map_or_else(|| own_ip(c), mg_addr::ip);
    if c.is(Flag::Closing) {
        return;
    }
    // SAFETY: as before.
    let (record, respname) = unsafe { (req.r.as_ref(), req.respname.as_bytes()) };
    // SAFETY: as before.
    let service = record.map(|r| unsafe {
        Service {
            kind: r.srvcproto.as_bytes(),
            txt: r.txt.as_bytes(),
            port: r.port,
        }
    });
    let host = if respname.is_empty() {
        responder.unwrap_or_default()
    } else {
        respname
    };
    // RFC 6762, section 6.7: from another port asks somebody who does not listen to the group.
    let plain = !req.is_unicast && sender.port != c.loc.get().port;
    let direct = req.is_unicast || plain;
    let id = crate::dns::u16_at(message, 0).filter(|_| direct);
    let answer = discovery::answer(id.unwrap_or(0), plain, question, host, ip, service.as_ref());
    let Some(answer) = answer else { return };
    c.rem.set(if direct { *sender } else { c.loc.get() });
    send(c, &answer);
}

/// The address that others on the link know this host by.
fn own_ip(c: &mg_connection) -> IpAddr {
    let mut group =
        mg_addr::from_socket_addr(SocketAddr::from((Ipv4Addr::new(224, 0, 0, 251), 5353)));
    let mut own = mg_addr::from_socket_addr(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    // SAFETY: a live connection and two addresses.
    unsafe { mg_getlocaddr(c.as_ptr(), &raw mut group, &raw mut own) };
    own.ip()
}

fn response(mgr: &mg_mgr, c: &mg_connection, message: &[u8]) {
    if crate::dns::u16_at(message, 6) == Some(0) {
        return;
    }
    let records = discovery::records(message);
    let finding = discovery::finding(message, &records);
    let mut port = finding.as_ref().map_or(0, |f| f.port);
    for record in &records.list {
        if let Some(ip) = record.ip4(message) {
            let asked = multicast::heard(mgr, record.owner.as_bytes(), ip);
            port = asked.unwrap_or(port);
            if c.is_dead() {
                return;
            }
        }
    }
    let Some(finding) = finding else { return };
    let mut rr = mg_dns_rr::from(finding.entry);
    let ip = finding.ip.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let mut resp = mg_mdns_resp {
        rr: &raw mut rr,
        name: mg_str::from_bytes(&finding.name),
        addr: mg_addr::from_socket_addr(SocketAddr::new(ip, port)),
        sd: mg_dnssd_record {
            srvcproto: mg_str::from_bytes(&finding.kind),
            txt: mg_str::from_bytes(&message[finding.txt.clone()]),
            port: finding.port,
        },
    };
    call(c, ev::MDNS_RESP, (&raw mut resp).cast());
}
