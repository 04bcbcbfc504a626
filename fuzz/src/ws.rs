//! WebSocket connections.

use crate::connection;
use mongoose::http::ffi::{mg_http_message, mg_http_parse};
use mongoose::net::{Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use mongoose::ws::ffi::mg_ws_message;
use mongoose::ws::handshake;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::{from_mut, null};

unsafe extern "C" {
    fn mg_ws_upgrade(c: *mut mg_connection, hm: *mut mg_http_message, fmt: *const c_char, ...);
    fn mg_ws_connect(
        mgr: *mut mg_mgr,
        url: *const c_char,
        f: mg_event_handler_t,
        fn_data: *mut c_void,
        fmt: *const c_char,
        ...
    ) -> *mut mg_connection;
}

/// What a handler was told: event, first byte, payload.
type Heard = Vec<(c_int, u8, Vec<u8>)>;

unsafe extern "C" fn listen(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: the events come with a connection whose fn_data is a Heard, and with what they document.
    unsafe {
        let heard = &mut *(*c).fn_data.get().cast::<Heard>();
        match event {
            ev::WS_MSG | ev::WS_CTL => {
                let message = &*data.cast::<mg_ws_message>();
                crate::assert_inside((*c).recv.as_bytes(), message.data);
                heard.push((event, message.flags, message.data.as_bytes().to_vec()));
            }
            ev::ERROR | ev::WS_OPEN => heard.push((event, 0, Vec::new())),
            _ => {}
        }
    }
}

fn parse(text: &[u8]) -> Option<mg_http_message> {
    let mut hm = mg_http_message::EMPTY;
    // SAFETY: the text is as long as it says.
    let n = unsafe { mg_http_parse(text.as_ptr().cast(), text.len(), &raw mut hm) };
    (n > 0).then_some(hm)
}

/// Answers a request on `c`; false when it is none.
fn upgrade(c: &mg_connection, request: &[u8]) -> bool {
    let Some(mut hm) = parse(request) else {
        return false;
    };
    // SAFETY: a live connection, and a message whose strings are readable.
    unsafe { mg_ws_upgrade(c.as_ptr(), &raw mut hm, null()) };
    true
}

fn feed_pieces(c: &mg_connection, bytes: &[u8], piece: usize) {
    for piece in bytes.chunks(piece.max(1)) {
        if !c.is(Flag::Closing) {
            connection::feed(c, piece);
        }
    }
}

/// Frames to a server, or with an odd first byte to a client: events and answers do not depend on how the bytes are cut
/// into pieces.
pub fn frames(data: &[u8]) {
    let Some((&how, stream)) = data.split_first() else {
        return;
    };
    let is_client = how & 1 == 1;
    let run = |piece| {
        let (mut heard, mut sent, mut left) = (Heard::new(), Vec::new(), Vec::new());
        connection::with(None, Some(listen), &mut heard, |c| {
            assert!(upgrade(
                c,
                b"GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n"
            ));
            c.set(Flag::Client, is_client);
            c.send.len.set(0);
            feed_pieces(c, stream, piece);
            // SAFETY: no handler runs meanwhile.
            (sent, left) = unsafe { (c.send.as_bytes().to_vec(), c.recv.as_bytes().to_vec()) };
        });
        if is_client {
            // Masking keys differ.
            sent = vec![0; sent.len()];
        }
        (heard, sent, left)
    };
    assert_eq!(run(usize::MAX), run(usize::from(how >> 1) + 1));
}

/// A server's answer to a client, in which the text ACCEPT becomes the right one: only that opens the connection.
pub fn answer(data: &[u8]) {
    const MARK: &[u8] = b"ACCEPT";
    let at = data.windows(MARK.len()).position(|text| text == MARK);
    let run = |piece| {
        let mut heard = Heard::new();
        let fn_data = from_mut(&mut heard).cast::<c_void>();
        connection::with(None, None, &mut (), |c| {
            // SAFETY: all arguments are as documented, and `heard` outlives the manager.
            let client = unsafe {
                let url = c"ws://127.0.0.1:1/".as_ptr();
                &*mg_ws_connect(c.mgr.get(), url, Some(listen), fn_data, null())
            };
            // SAFETY: no handler runs meanwhile.
            let request = parse(unsafe { client.send.as_bytes() }).expect("a request");
            // SAFETY: the strings of the message are readable.
            let key = unsafe {
                request
                    .header(b"Sec-WebSocket-Key")
                    .map(|key| key.as_bytes())
            };
            let accept = handshake::accept(key.expect("a key"));
            let input = match at {
                Some(at) => [&data[..at], &accept, &data[at + MARK.len()..]].concat(),
                None => data.to_vec(),
            };
            feed_pieces(client, &input, piece);
        });
        let opened = heard.iter().any(|(event, ..)| *event == ev::WS_OPEN);
        assert!(at.is_some() || !opened);
        heard
    };
    assert_eq!(run(usize::MAX), run(1));
}

/// A client's request: there is one answer, and nothing in the request makes it two.
pub fn request(data: &[u8]) {
    connection::with(None, Some(listen), &mut Heard::new(), |c| {
        if !upgrade(c, data) {
            return;
        }
        // SAFETY: no handler runs meanwhile.
        let sent = unsafe { c.send.as_bytes() };
        let end = sent.windows(4).position(|text| text == b"\r\n\r\n");
        let end = end.expect("the end of the head") + 4;
        if c.is(Flag::Websocket) {
            assert!(sent.starts_with(b"HTTP/1.1 101 ") && end == sent.len());
        } else {
            assert!(sent.starts_with(b"HTTP/1.1 426 ") && c.is(Flag::Draining));
        }
    });
}
