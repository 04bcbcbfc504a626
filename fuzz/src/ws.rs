//! WebSocket connections.

use crate::connection;
use mongoose::http::ffi::{mg_http_message, mg_http_parse};
use mongoose::net::{Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use mongoose::ws::ffi::{mg_ws_deflate_opts, mg_ws_message, mg_ws_send, mg_ws_set_deflate};
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

const PLAIN: &[u8] = b"GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\n\r\n";

/// What a connection hears of a stream of frames, what it sends, and what it leaves in its buffer. The
/// `request` has opened it.
fn converse(
    request: &[u8],
    stream: &[u8],
    piece: usize,
    is_client: bool,
) -> (Heard, Vec<u8>, Vec<u8>) {
    let (mut heard, mut sent, mut left) = (Heard::new(), Vec::new(), Vec::new());
    connection::with(None, Some(listen), &mut heard, |c| {
        open(c, request);
        c.set(Flag::Client, is_client);
        feed_pieces(c, stream, piece);
        // SAFETY: no handler runs meanwhile.
        (sent, left) = unsafe { (c.send.as_bytes().to_vec(), c.recv.as_bytes().to_vec()) };
    });
    if is_client {
        // Masking keys differ.
        sent = vec![0; sent.len()];
    }
    (heard, sent, left)
}

/// Upgrades a connection that may compress.
fn open(c: &mg_connection, request: &[u8]) {
    let opts = mg_ws_deflate_opts {
        size: size_of::<mg_ws_deflate_opts>(),
        min_size: 1,
        ..Default::default()
    };
    // SAFETY: a live connection, and options that are what they say.
    assert!(unsafe { mg_ws_set_deflate(c.as_ptr(), &raw const opts) });
    assert!(upgrade(c, request));
    c.send.len.set(0);
}

/// Frames to a server, or with an odd first byte to a client: events and answers do not depend on how the bytes are cut
/// into pieces.
pub fn frames(data: &[u8]) {
    let Some((&how, stream)) = data.split_first() else {
        return;
    };
    let run = |piece| converse(PLAIN, stream, piece, how & 1 == 1);
    assert_eq!(run(usize::MAX), run(usize::from(how >> 1) + 1));
}

const OFFERS: [&[u8]; 2] = [
    b"GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    b"GET / HTTP/1.1\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Extensions: permessage-deflate; \
      server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9\r\n\r\n",
];

/// Frames to a side that agreed to compress: the same whatever the pieces. With the third bit of the first byte set, what
/// stands behind is a list of messages instead, which arrive as they were sent.
pub fn deflate(data: &[u8]) {
    let [how, size, stream @ ..] = data else {
        return;
    };
    let request = OFFERS[usize::from(how >> 1 & 1)];
    let piece = usize::from(*size) + 1;
    if how & 4 == 0 {
        let run = |piece| converse(request, stream, piece, how & 1 == 1);
        assert_eq!(run(usize::MAX), run(piece));
        return;
    }
    let (mut wanted, mut sent) = (Vec::new(), Vec::new());
    connection::with(None, Some(listen), &mut Heard::new(), |c| {
        open(c, request);
        for how in stream.chunks(40).take(8) {
            wanted.push(send_message(c, how));
        }
        // SAFETY: no handler runs meanwhile.
        sent = unsafe { c.send.as_bytes() }.to_vec();
    });
    let (heard, ..) = converse(request, &sent, piece, true);
    let messages = heard.into_iter().filter(|heard| heard.0 == ev::WS_MSG);
    assert_eq!(messages.map(|heard| heard.2).collect::<Vec<_>>(), wanted);
}

/// Sends a message, in fragments. Its first two bytes say how often the rest comes, and where to cut it.
fn send_message(c: &mg_connection, how: &[u8]) -> Vec<u8> {
    let (times, cut, text) = match how {
        [times, cut, text @ ..] => (usize::from(*times), usize::from(*cut), text),
        _ => return send_message(c, b"\0\0"),
    };
    let message = text.repeat(times % 64 + 1);
    let mut pieces = message.chunks(cut * cut + 1).peekable();
    let mut op = 2;
    if message.is_empty() {
        pieces = [].chunks(1).peekable();
        // SAFETY: a live connection; nothing is read.
        assert!(unsafe { mg_ws_send(c.as_ptr(), null(), 0, op) } > 0);
    }
    while let Some(piece) = pieces.next() {
        // SAFETY: a live connection, and a piece that is as long as it says.
        let n = unsafe { mg_ws_send(c.as_ptr(), piece.as_ptr().cast(), piece.len(), op) };
        assert!(n > 0);
        if pieces.peek().is_some() {
            let at = c.send.len.get() - n;
            // SAFETY: no handler runs meanwhile.
            let first = unsafe { c.send.as_bytes() }[at];
            c.send.overwrite(at, &[first & 0x7f]);
        }
        op = 0;
    }
    message
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
