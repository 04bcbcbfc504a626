//! Modbus and SNTP.

use crate::connection;
use mongoose::modbus::ffi::{mg_modbus_req, modbus_handler};
use mongoose::net::{ev, mg_connection};
use mongoose::sntp::ffi::mg_sntp_parse;
use std::ffi::{c_int, c_void};
use std::fmt::Write;

/// Replies of time servers: those that are too short are refused, the others give a time that is
/// not before 1970.
pub fn sntp(data: &[u8]) {
    // SAFETY: `data` is as long as it says.
    let time = unsafe { mg_sntp_parse(data.as_ptr(), data.len()) };
    assert!(time == -1 || time >= 0 && data.len() >= 48);
}

/// A Modbus stream gives the same requests, answers and errors however it is cut. The first byte says
/// how.
pub fn modbus(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else {
        return;
    };
    let data = &data[..data.len().min(4096)];
    let whole = served(data, data.len().max(1), mode);
    for size in [1, usize::from(mode) % 20 + 2] {
        assert_eq!(served(data, size, mode), whole, "in pieces of {size}");
    }
}

struct Log {
    text: String,
    mode: u8,
}

fn served(data: &[u8], size: usize, mode: u8) -> (String, Vec<u8>) {
    let mut log = Log {
        text: String::new(),
        mode,
    };
    let mut sent = Vec::new();
    connection::with(Some(modbus_handler), Some(serve), &mut log, |c| {
        for piece in data.chunks(size) {
            connection::feed(c, piece);
            // SAFETY: no handler runs.
            sent.extend_from_slice(unsafe { c.send.as_bytes() });
            c.send.len.set(0);
        }
    });
    frames(&sent);
    (log.text, sent)
}

/// Replies are frames one behind the other.
fn frames(mut sent: &[u8]) {
    while !sent.is_empty() {
        let length = usize::from(u16::from_be_bytes([sent[4], sent[5]]));
        assert!((3..=254).contains(&length) && sent[2..4] == [0, 0]);
        sent = &sent[6 + length..];
    }
}

unsafe extern "C" fn serve(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: `fn_data` is the log of `served`; events bring what they document.
    unsafe {
        let log = &mut *(*c).fn_data.get().cast::<Log>();
        if event == ev::ERROR {
            log.text.push_str("error\n");
        }
        if event == ev::MODBUS_REQ {
            let mr = &mut *data.cast::<mg_modbus_req>();
            let values = if matches!(mr.func, 1 | 2 | 5 | 15) {
                std::slice::from_raw_parts(mr.u.bits.cast::<u8>(), usize::from(mr.len))
            } else {
                std::slice::from_raw_parts(mr.u.regs.cast::<u8>(), usize::from(mr.len) * 2)
            };
            let _ = writeln!(log.text, "{} {} {} {values:x?}", mr.func, mr.addr, mr.len);
            match log.mode >> 5 {
                1 => mr.error = 2,
                2 => mr.len = mr.addr,
                3 => mr.func = mr.addr as u8,
                _ => {}
            }
        }
    }
}
