use super::*;
use crate::ws::frame::{MAX_HEADER, RSV1};
use proptest::prelude::*;

const ROOM: Room = room(1 << 20);

const fn room(frame: usize) -> Room {
    Room {
        frame,
        payload: usize::MAX,
    }
}

fn encode(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mut header = [0; MAX_HEADER];
    let len = Header::write(&mut header, first, payload.len(), key);
    let mut bytes = header[..len].to_vec();
    bytes.extend_from_slice(payload);
    mask::apply(&mut bytes[len..], key.unwrap_or_default(), 0);
    bytes
}

/// The first frame of what a server sends.
fn receive(bytes: &[u8], pending: Option<u8>) -> Result<Option<Frame>, Violation> {
    Receiver::default().next(&mut bytes.to_vec(), pending, false, ROOM)
}

#[test]
fn violations_show_at_their_first_byte() {
    use Violation::*;
    for (bytes, pending, violation) in [
        (&b"\xc1"[..], None, ReservedBits),
        (b"\x90", None, ReservedBits),
        (b"\x83", None, UnknownOpcode(3)),
        (b"\x8b", None, UnknownOpcode(11)),
        (b"\x09", None, FragmentedControl),
        (b"\x08", None, FragmentedControl),
        (b"\x81", Some(1), Interleaved),
        (b"\x02", Some(1), Interleaved),
        (b"\x81\x80", None, Masked),
        (b"\x89\x7e", None, LongControl),
        (b"\x88\x7f", None, LongControl),
        (b"\x80\x01", None, StrayContinuation),
        (b"\x00\x7e", None, StrayContinuation),
        (b"\x82\x7f\x80\0\0\0\0\0\0\0", None, NegativeLength),
        (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", None, TooBig),
        (b"\x81\x05a\xff", None, BadUtf8),
        (b"\x81\x02a\xc3", None, BadUtf8),
        (b"\x80\x01\xff", Some(1), BadUtf8),
        (b"\x88\x01\x03", None, BadCloseCode),
        (b"\x88\x02\x03\xee", None, BadCloseCode),
        (b"\x88\x03\x03\xe8\xff", None, BadCloseReason),
    ] {
        assert_eq!(receive(bytes, pending), Err(violation), "{bytes:x?}");
        let before = &bytes[..bytes.len() - 1];
        assert_eq!(receive(before, pending), Ok(None), "{before:x?}");
    }
    let masked = Receiver::default().next(&mut [0x81, 0], None, true, ROOM);
    assert_eq!(masked, Err(Unmasked));
}

#[test]
fn what_programs_rely_on_is_let_pass() {
    let empty = Frame {
        first: 0x80,
        header: 2,
        payload: 0,
    };
    assert_eq!(receive(b"\x80\0", None), Ok(Some(empty)));
    // The length in more bytes than it takes.
    let long = Frame {
        first: 0x81,
        header: 10,
        payload: 2,
    };
    assert_eq!(
        receive(b"\x81\x7f\0\0\0\0\0\0\0\x02hi", None),
        Ok(Some(long))
    );
}

#[test]
fn control_frames_are_no_part_of_a_message() {
    let room = |payload| Room { payload, ..ROOM };
    for (first, payload, room, fits) in [
        (0x82, 5, room(5), true),
        (0x82, 6, room(5), false),
        (0x02, 6, room(5), false),
        (0x00, 1, room(0), false),
        (0x89, 6, room(0), true),
    ] {
        let mut bytes = encode(first, &vec![0; payload], None);
        let pending = (first == 0).then_some(2);
        let result = Receiver::default().next(&mut bytes, pending, false, room);
        let wanted = if fits {
            Ok(true)
        } else {
            Err(Violation::MessageTooBig)
        };
        assert_eq!(
            result.map(|frame| frame.is_some()),
            wanted,
            "{first:x} {payload}"
        );
    }
}

#[test]
fn compressed_messages() {
    const COMPRESSED: u8 = RSV1 | 1;
    let receive = |bytes: &[u8], pending| {
        Receiver::new(true)
            .next(&mut bytes.to_vec(), pending, false, ROOM)
            .map(|frame| frame.is_some())
    };
    // What is not inflated is neither text nor too long.
    assert_eq!(receive(b"\xc1\x02a\xff", None), Ok(true));
    assert_eq!(receive(b"\x41\x02a\xff", None), Ok(true));
    assert_eq!(receive(b"\x80\x01\xff", Some(COMPRESSED)), Ok(true));
    assert_eq!(receive(b"\x81\x01\xff", None), Err(Violation::BadUtf8));
    assert_eq!(receive(b"\x80\x01\xff", Some(1)), Err(Violation::BadUtf8));
    let mut bytes = encode(0xc2, &[0; 6], None);
    let room = Room { payload: 5, ..ROOM };
    let result = Receiver::new(true).next(&mut bytes, None, false, room);
    assert!(matches!(result, Ok(Some(frame)) if frame.first == 0xc2));
    // Only the first frame of a message says that it is compressed (RFC 7692, 6.1).
    for (first, pending) in [
        (0xc0, Some(COMPRESSED)),
        (0xc0, Some(2)),
        (0xc0, None),
        (0xc9, None),
        (0xc8, None),
        (0xca, None),
        (0xe1, None),
        (0xd2, None),
        (0xc3, None),
    ] {
        assert_eq!(
            receive(&[first, 0], pending),
            Err(Violation::ReservedBits),
            "{first:x}"
        );
    }
}

#[test]
fn frames_fill_the_room_and_no_more() {
    let bytes = encode(0x82, &[7; 200], None);
    for (room, fits) in [(bytes.len(), true), (bytes.len() - 1, false)] {
        let result = Receiver::default().next(&mut bytes.clone(), None, false, self::room(room));
        assert_eq!(result.is_ok(), fits, "{room}");
    }
    assert_eq!(
        Receiver::default().next(&mut [0x82, 1], None, false, room(0)),
        Err(Violation::TooBig)
    );
}

#[test]
fn text_is_checked_across_fragments_and_around_control_frames() {
    let mut receiver = Receiver::default();
    let mut next = |bytes: &[u8], pending| {
        receiver
            .next(&mut bytes.to_vec(), pending, false, ROOM)
            .map(|frame| frame.is_some())
    };
    assert_eq!(next(b"\x01\x02a\xe2", None), Ok(true));
    assert_eq!(next(b"\x89\x01\xff", Some(1)), Ok(true));
    assert_eq!(next(b"\x00\x01\x82", Some(1)), Ok(true));
    assert_eq!(next(b"\x80\x01\xac", Some(1)), Ok(true));
    assert_eq!(next(b"\x01\x01\xe2", None), Ok(true));
    assert_eq!(next(b"\x80\x00", Some(1)), Err(Violation::BadUtf8));
    // Binary messages may hold anything.
    assert_eq!(next(b"\x02\x01\xff", None), Ok(true));
    assert_eq!(next(b"\x80\x01\xff", Some(2)), Ok(true));
}

proptest! {
    #[test]
    fn frames_are_the_same_however_they_arrive(
        text in "\\PC{0,40}",
        key: Option<[u8; 4]>,
        op in prop::sample::select(vec![1u8, 2, 9, 10]),
        sizes in prop::collection::vec(1usize..9, 1..200),
    ) {
        let payload = &text.as_bytes()[..text.len().min(if op > 2 { MAX_CONTROL } else { 1000 })];
        let op = if op == 1 && std::str::from_utf8(payload).is_err() { 2 } else { op };
        let bytes = encode(FIN | op, payload, key);
        let mut receiver = Receiver::default();
        let mut buf = Vec::new();
        let mut rest = &bytes[..];
        for size in sizes.iter().cycle() {
            let (piece, tail) = rest.split_at(rest.len().min(*size));
            rest = tail;
            buf.extend_from_slice(piece);
            let result = receiver.next(&mut buf, None, key.is_some(), ROOM);
            if rest.is_empty() {
                let header = bytes.len() - payload.len();
                let frame = Frame { first: FIN | op, header, payload: payload.len() };
                prop_assert_eq!(result, Ok(Some(frame)));
                prop_assert_eq!(&buf[header..], payload);
                break;
            }
            prop_assert_eq!(result, Ok(None));
        }
        prop_assert!(receiver.done == 0 && receiver.utf8.is_complete());
    }

    #[test]
    fn nothing_panics(mut bytes: Vec<u8>, pending: Option<u8>, from_client: bool, room: usize) {
        let mut receiver = Receiver::default();
        let len = bytes.len();
        if let Ok(Some(frame)) = receiver.next(&mut bytes, pending, from_client, self::room(room)) {
            prop_assert!(frame.total() <= len && frame.total() <= room);
        }
    }
}
