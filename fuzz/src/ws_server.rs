//! A WebSocket server and what a client sends it.

use crate::live::{Cuts, Loop};
use mongoose::http::ffi::conn::http_handler;
use mongoose::http::ffi::mg_http_message;
use mongoose::net::{Flag, ev, mg_connection};
use mongoose::ws::ffi::{
    mg_ws_deflate_opts, mg_ws_message, mg_ws_send, mg_ws_set_deflate, mg_ws_wrap,
};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::from_mut;

unsafe extern "C" {
    fn mg_ws_upgrade(c: *mut mg_connection, hm: *mut mg_http_message, fmt: *const c_char, ...);
    fn mg_ws_printf(c: *mut mg_connection, op: c_int, fmt: *const c_char, ...) -> usize;
    fn mg_printf(c: *mut mg_connection, fmt: *const c_char, ...) -> usize;
}

const REQUEST: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The same, of a client that compresses.
const DEFLATES_REQUEST: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

const SENDS_REQUEST: u8 = 1;
const SLOW: u8 = 2;
const HALF_CLOSES: u8 = 4;
const DEFLATES: u8 = 8;
/// Messages do not refer to those before.
const NO_CONTEXT: u8 = 16;

/// Longest message that the server inflates.
const MESSAGE_SIZE: usize = 32 * 1024;

/// What the handler of a connection was told and did.
#[derive(Debug, Default, PartialEq)]
struct Program {
    heard: Vec<(c_int, u8, Vec<u8>)>,
    /// What comes behind is only heard if it came together, and with `is_closing` what was queued may be lost.
    broke_off: bool,
    /// Sends something at times that the protocol does not care for.
    speaks_up: bool,
    paused: u8,
    pings: u8,
    mode: u8,
}

/// Lets the connection compress, if that is the mode.
unsafe fn set_deflate(c: *mut mg_connection, mode: u8) {
    let no_context = c_int::from(mode & NO_CONTEXT != 0);
    let opts = mg_ws_deflate_opts {
        size: size_of::<mg_ws_deflate_opts>(),
        send_no_context: no_context,
        recv_no_context: no_context,
        min_size: 8,
        message_size: MESSAGE_SIZE,
        ..Default::default()
    };
    if mode & DEFLATES != 0 {
        // SAFETY: a live connection.
        assert!(unsafe { mg_ws_set_deflate(c, &raw const opts) });
    }
}

unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: events bring a live connection and what they document; fn_data is a Program, which
    // no other reference is to while handlers run.
    unsafe {
        let p = &mut *(*c).fn_data.get().cast::<Program>();
        match event {
            ev::ACCEPT => set_deflate(c, p.mode),
            ev::POLL => {
                if p.paused == 1 {
                    (*c).set(Flag::Full, false);
                }
                p.paused = p.paused.saturating_sub(1);
                if p.pings > 0 {
                    p.pings -= 1;
                    mg_ws_send(c, c"tick".as_ptr().cast(), 4, 9);
                }
            }
            ev::HTTP_MSG => mg_ws_upgrade(c, data.cast(), c"X-A: %d\r\n".as_ptr(), 1 as c_int),
            ev::WS_MSG => {
                let m = &*data.cast::<mg_ws_message>();
                crate::assert_inside((*c).recv.as_bytes(), m.data);
                assert_eq!(m.flags & 0x70, 0, "reserved bits");
                p.heard.push((event, m.flags, m.data.as_bytes().to_vec()));
                answer(c, m, p);
            }
            ev::WS_CTL => {
                let m = &*data.cast::<mg_ws_message>();
                p.heard.push((event, m.flags, m.data.as_bytes().to_vec()));
            }
            ev::WS_OPEN | ev::ERROR => p.heard.push((event, 0, Vec::new())),
            _ => {}
        }
    }
}

/// The first byte of a message says what to do with it; most come back as they are.
unsafe fn answer(c: *mut mg_connection, m: &mg_ws_message, p: &mut Program) {
    let (data, n) = (m.data.buf, m.data.len);
    let op = c_int::from(m.flags & 15);
    let first = if n > 0 {
        // SAFETY: the message is `n` bytes long.
        unsafe { *data as u8 }
    } else {
        0
    };
    // SAFETY: as for the handler; formats fit their arguments.
    unsafe {
        match first {
            b'P' => {
                p.speaks_up = true;
                p.pings = 3;
            }
            b'F' => {
                (*c).set(Flag::Full, true);
                p.paused = 3;
                mg_ws_send(c, data.cast(), n, op);
            }
            b'D' => {
                p.broke_off = true;
                (*c).set(Flag::Draining, true);
            }
            b'C' => {
                p.broke_off = true;
                (*c).set(Flag::Closing, true);
            }
            b'B' => {
                p.speaks_up = true;
                mg_ws_send(c, c"\x03\xe8".as_ptr().cast(), 2, 8);
            }
            b'T' => {
                mg_ws_printf(c, 1, c"%d bytes".as_ptr(), n as c_int);
            }
            b'W' => {
                let n = mg_printf(c, c"wrapped %d".as_ptr(), n as c_int);
                mg_ws_wrap(c, n, 2);
            }
            _ => {
                mg_ws_send(c, data.cast(), n, op);
            }
        }
    }
}

/// First byte and payload of each frame; the frames of a server are whole, short, and not masked. `rsv1` is
/// what may be set at the first frame of a message.
fn frames(mut text: &[u8], rsv1: u8) -> (Vec<(u8, Vec<u8>)>, bool) {
    let mut found = Vec::new();
    let mut within = false;
    while let [first, second, rest @ ..] = text {
        let allowed = if matches!(first & 15, 1 | 2) { rsv1 } else { 0 };
        assert_eq!(first & 0x70 & !allowed, 0, "reserved bits");
        assert_eq!(second & 0x80, 0, "masked");
        let (len, rest) = match second {
            126 => match rest {
                [a, b, rest @ ..] => (usize::from(u16::from_be_bytes([*a, *b])), rest),
                _ => return (found, true),
            },
            127 => panic!("longer than all that was sent"),
            n => (usize::from(*n), rest),
        };
        assert!(*second < 126 || len > 125, "not the shortest length");
        let Some((payload, rest)) = rest.split_at_checked(len) else {
            return (found, true);
        };
        match (first & 0x80 != 0, first & 15) {
            (fin, 0) => {
                assert!(within, "continues nothing");
                within = !fin;
            }
            (fin, 1 | 2) => {
                assert!(!within, "a message within another");
                within = !fin;
            }
            (fin, 8..=10) => assert!(fin && len <= 125, "a control frame that is none"),
            (_, op) => panic!("no such frame: {op}"),
        }
        if first & 15 == 8 {
            assert_ne!(len, 1, "half a status code");
        }
        found.push((*first, payload.to_vec()));
        text = rest;
    }
    (found, !text.is_empty())
}

struct Outcome {
    program: Program,
    head: Vec<u8>,
    frames: Vec<(u8, Vec<u8>)>,
    gone: bool,
}

fn converse(input: &[u8], mode: u8, cuts: Cuts) -> Outcome {
    let mut program = Program {
        mode,
        ..Program::default()
    };
    let around = Loop::new();
    let mut peer = around.accept(
        Some(http_handler),
        Some(handler),
        from_mut(&mut program).cast(),
    );
    if mode & SENDS_REQUEST != 0 {
        let request = if mode & DEFLATES != 0 {
            DEFLATES_REQUEST
        } else {
            REQUEST
        };
        peer.send(request, Cuts::WHOLE);
        peer.settle();
    }
    peer.reads = mode & SLOW == 0;
    peer.send(input, cuts);
    peer.settle();
    if let Some(c) = peer.connection() {
        assert!(c.recv.len.get() <= input.len());
    }
    let (received, gone) = (std::mem::take(&mut peer.received), peer.gone);
    peer.close(mode & HALF_CLOSES != 0);
    still_serves(&around);
    drop(around);
    let (mut head, mut rest) = (Vec::new(), &received[..]);
    // Requests that ask for nothing of the kind are answered before.
    while !head.starts_with(b"HTTP/1.1 101") && !rest.is_empty() {
        let end = rest.windows(4).position(|w| w == b"\r\n\r\n");
        let mut end = end.expect("an answer to the request") + 4;
        head = rest[..end].to_vec();
        assert!(head.starts_with(b"HTTP/1.1 101 ") || head.starts_with(b"HTTP/1.1 4"));
        if !head.starts_with(b"HTTP/1.1 101 ") {
            let length = head
                .windows(16)
                .position(|w| w == b"Content-Length: ")
                .expect("a length")
                + 16;
            let digits = head[length..].iter().take_while(|b| b.is_ascii_digit());
            end += digits.fold(0, |n, b| n * 10 + usize::from(b - b'0'));
        }
        rest = &rest[end.min(rest.len())..];
    }
    let field = b"Sec-WebSocket-Extensions: permessage-deflate";
    let agreed = head.windows(field.len()).any(|w| w == field);
    assert!(!agreed || mode & DEFLATES != 0, "not asked for");
    let (frames, cut) = frames(rest, if agreed { 0x40 } else { 0 });
    assert!(!cut || gone, "a frame does not end");
    Outcome {
        program,
        head,
        frames,
        gone,
    }
}

/// Another client gets its answer.
fn still_serves(around: &Loop) {
    let mut program = Program::default();
    let mut peer = around.accept(
        Some(http_handler),
        Some(handler),
        from_mut(&mut program).cast(),
    );
    peer.send(REQUEST, Cuts::WHOLE);
    peer.send(b"\x81\x82\0\0\0\0hi", Cuts::WHOLE);
    peer.settle();
    assert!(peer.received.starts_with(b"HTTP/1.1 101 ") && peer.received.ends_with(b"\x81\x02hi"));
    peer.close(false);
}

/// Frames to a server: what it hears and sends is well-formed and does not depend on how the bytes are
/// cut. The first byte says how to cut, the second what the client is like.
pub fn server(data: &[u8]) {
    let [seed, mode, input @ ..] = data else {
        return;
    };
    let input = &input[..input.len().min(8192)];
    let one = converse(input, *mode & !SLOW, Cuts::WHOLE);
    let other = converse(input, *mode, Cuts::new(*seed | 1));
    let ticks = |frame: &&(u8, Vec<u8>)| frame.0 & 15 == 9;
    let rest = |frames: &[(u8, Vec<u8>)]| -> Vec<_> {
        frames.iter().filter(|f| !ticks(f)).cloned().collect()
    };
    let (a, b) = (rest(&one.frames), rest(&other.frames));
    assert_eq!(one.head, other.head);
    let (heard, heard2) = (&one.program.heard, &other.program.heard);
    if one.program.broke_off {
        let n = a.len().min(b.len());
        assert_eq!(a[..n], b[..n]);
        let n = heard.len().min(heard2.len());
        assert_eq!(heard[..n], heard2[..n]);
    } else {
        assert_eq!(heard, heard2);
        // Pings go out as time passes, wherever that is.
        assert_eq!((a, one.gone), (b, other.gone));
    }
    for outcome in [&one, &other] {
        let close = outcome.frames.iter().position(|f| f.0 & 15 == 8);
        let last = close.is_none_or(|close| close + 1 == outcome.frames.len());
        assert!(last || outcome.program.speaks_up, "frames behind Close");
    }
}
