//! DNS messages, multicast DNS, and the files of the host.

use crate::connection;
use mongoose::dns::ffi::multicast::{event, mg_mdns_req, mg_mdns_resp};
use mongoose::dns::ffi::{mg_dns_message, mg_dns_parse, mg_dns_parse_rr, mg_dns_rr};
use mongoose::dns::response::{self, MAX_ADDRESSES, Outcome, Question};
use mongoose::dns::{Name, hosts, resolv_conf, rtype};
use mongoose::net::{ev, mg_connection};
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

/// A message: what the parser of the C API says is terminated and consistent.
pub fn message(data: &[u8]) {
    let mut dm = MaybeUninit::<mg_dns_message>::uninit();
    // SAFETY: `data` is as long as it says; the message is written in any case.
    let (valid, dm) = unsafe {
        let valid = mg_dns_parse(data.as_ptr(), data.len(), dm.as_mut_ptr());
        (valid, dm.assume_init())
    };
    assert_eq!(dm.name[255], 0);
    assert!(valid || !dm.resolved);
    assert!(!valid || data.len() >= 12);
}

/// Questions and records at any offset, which is the first byte.
pub fn record(data: &[u8]) {
    let Some((&ofs, message)) = data.split_first() else {
        return;
    };
    for question in [false, true] {
        let mut rr = MaybeUninit::<mg_dns_rr>::uninit();
        let ofs = usize::from(ofs);
        // SAFETY: as in `message`.
        let (n, rr) = unsafe {
            let p = rr.as_mut_ptr();
            let n = mg_dns_parse_rr(message.as_ptr(), message.len(), ofs, question, p);
            (n, rr.assume_init())
        };
        if n > 0 {
            assert!(ofs + n <= message.len());
            let rest = if question { 4 } else { 10 };
            assert_eq!(n, usize::from(rr.nlen) + rest + usize::from(rr.alen));
        }
    }
}

/// Answers to the question of the corpus, as the resolver reads them.
pub fn answer(data: &[u8]) {
    let name = Name::from_text(b"foo.example").unwrap();
    for rtype in [rtype::A, rtype::AAAA] {
        let asked = Question {
            id: 0x1234,
            name: &name,
            rtype,
        };
        if let Some(Outcome::Addresses(list, _)) = response::read(data, &asked) {
            assert!(!list.is_empty() && list.len() <= MAX_ADDRESSES);
            assert!(list.iter().all(|ip| ip.is_ipv6() == (rtype == rtype::AAAA)));
        }
    }
    for at in 0..data.len().min(600) {
        if let Some((name, end)) = Name::read(data, at) {
            assert!(end > at && end <= data.len());
            assert_eq!(Name::read(name.wire(), 0).unwrap().0, name);
        }
    }
}

/// A datagram at the multicast listener. The first byte says whether the listener has a name.
pub fn multicast(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else {
        return;
    };
    let mut name = *b"mydev\0";
    let mut nothing = ();
    connection::with(Some(event), Some(look), &mut nothing, |c| {
        c.fn_data.set(if mode & 1 == 0 {
            std::ptr::null_mut()
        } else {
            name.as_mut_ptr().cast()
        });
        connection::feed(c, data);
        assert_eq!(c.recv.len.get(), 0);
    });
}

/// Reads all that an event gives.
unsafe extern "C" fn look(_c: *mut mg_connection, event: c_int, data: *mut c_void) {
    let mut sum = 0;
    let mut add = |s: mongoose::ffi::mg_str| {
        // SAFETY: a string of the event.
        sum += unsafe { s.as_bytes() }
            .iter()
            .map(|b| usize::from(*b))
            .sum::<usize>();
    };
    // SAFETY: events bring what they document.
    unsafe {
        match event {
            ev::MDNS_REQ => {
                let req = &*data.cast::<mg_mdns_req>();
                assert!((*req.rr).aclass & 0x8000 == 0);
                add(req.reqname);
            }
            ev::MDNS_RESP => {
                let resp = &*data.cast::<mg_mdns_resp>();
                assert!((*resp.rr).nlen > 0);
                add(resp.name);
                add(resp.sd.srvcproto);
                add(resp.sd.txt);
            }
            _ => {}
        }
    }
    std::hint::black_box(sum);
}

/// The table of hosts, and the configuration of the resolver. The first line is a name.
pub fn host_files(data: &[u8]) {
    let (name, file) = data.split_at(data.iter().position(|&b| b == b'\n').unwrap_or(0));
    assert!(hosts::lookup(file, name).len() <= MAX_ADDRESSES);
    let config = resolv_conf::parse(file);
    assert!(config.servers.len() <= 3 && config.search.len() <= 6);
    let names = config.candidates(name);
    assert!((1..=7).contains(&names.len()) && names.contains(&name.to_vec()));
}
