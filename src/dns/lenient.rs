//! The message reader of the C API. Programs and their tests know which malformed messages it takes,
//! so its rules are its own: see the tests.
#![forbid(unsafe_code)]

use super::{CLASS_IN, HEADER, address, u16_at};
use std::net::IpAddr;

/// Longest message it looks at.
const MAX_MESSAGE: usize = 512;
/// Pointers followed within one name.
const MAX_JUMPS: u32 = 5;
/// Answers looked at for an address.
const MAX_ANSWERS: u16 = 10;
/// A byte with one of these bits is a pointer.
const POINTER: u8 = 0xc0;

/// A name as text: labels joined by dots, cut at 255 bytes. What is in a label is not escaped.
#[derive(Clone)]
pub struct Text {
    bytes: [u8; 255],
    len: usize,
}

impl Text {
    pub const fn new() -> Text {
        Text {
            bytes: [0; 255],
            len: 0,
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn add_label(&mut self, label: &[u8]) {
        add_label(&mut self.bytes, &mut self.len, label);
    }
}

/// Adds a label to a name of `len` bytes, as far as there is room.
fn add_label(name: &mut [u8], len: &mut usize, label: &[u8]) {
    let dot: &[u8] = if *len > 0 { b"." } else { b"" };
    for bytes in [dot, label] {
        let room = &mut name[*len..];
        let n = bytes.len().min(room.len());
        room[..n].copy_from_slice(&bytes[..n]);
        *len += n;
    }
}

/// Stores the name at `at`, as far as it is valid and there is room; returns its length.
pub fn name(message: &[u8], at: usize, to: &mut [u8]) -> usize {
    let mut len = 0;
    read_name(message, at, |label| add_label(to, &mut len, label));
    len
}

/// Reads the name at `start`, label by label; the number of bytes it takes there, `None` when it is
/// invalid.
///
/// The last byte of a message is not looked at. A pointer that leads nowhere, or to a pointer, ends the
/// name.
fn read_name<'a>(
    message: &'a [u8],
    start: usize,
    mut label: impl FnMut(&'a [u8]),
) -> Option<usize> {
    let mut at = start;
    let mut jumps = 0;
    let mut size = None;
    while at + 1 < message.len() {
        let length = message[at];
        if length & POINTER != 0 {
            size = size.or_else(|| Some(at + 2 - start));
            let target = usize::from(u16_at(message, at)? & 0x3fff);
            match message.get(target..) {
                Some([first, _, ..]) if first & POINTER == 0 => {}
                _ => break,
            }
            jumps += 1;
            if jumps > MAX_JUMPS {
                return None;
            }
            at = target;
            continue;
        }
        at += 1;
        if length == 0 {
            break;
        }
        let end = at + usize::from(length);
        if end >= message.len() {
            return None;
        }
        label(&message[at..end]);
        at = end;
    }
    size.or_else(|| at.checked_sub(start)).filter(|&n| n > 0)
}

/// A question or the head of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Size of the name.
    pub name_size: u16,
    pub rtype: u16,
    pub class: u16,
    /// Size of the data.
    pub data_size: u16,
}

/// Reads the question or record at `at`. Returns its size, `None` when it is malformed; `entry` has
/// got what could be read.
pub fn read_entry(message: &[u8], at: usize, question: bool, entry: &mut Entry) -> Option<usize> {
    *entry = Entry::default();
    if message.len() > MAX_MESSAGE {
        return None;
    }
    read_named_entry(message, at, question, entry, |_| ())
}

/// [`read_entry`] for multicast, whose messages are larger (RFC 6762, section 17), with the name as
/// text.
pub(super) fn read_entry_of_any_size(
    message: &[u8],
    at: usize,
    question: bool,
    entry: &mut Entry,
    text: &mut Text,
) -> Option<usize> {
    *entry = Entry::default();
    *text = Text::new();
    read_named_entry(message, at, question, entry, |label| text.add_label(label))
}

fn read_named_entry<'a>(
    message: &'a [u8],
    at: usize,
    question: bool,
    entry: &mut Entry,
    label: impl FnMut(&'a [u8]),
) -> Option<usize> {
    if message.len() < HEADER || at >= message.len() {
        return None;
    }
    let name_size = read_name(message, at, label)?;
    entry.name_size = name_size as u16;
    let fields = at + name_size;
    if fields + 4 > message.len() {
        return None;
    }
    entry.rtype = u16_at(message, fields)?;
    entry.class = u16_at(message, fields + 2)?;
    if question {
        return Some(name_size + 4);
    }
    let data_size = u16_at(message, fields + 8)?;
    if fields + 10 + usize::from(data_size) > message.len() {
        return None;
    }
    entry.data_size = data_size;
    Some(name_size + 10 + usize::from(data_size))
}

/// What a message says.
#[derive(Default)]
pub struct Summary {
    pub id: u16,
    /// First address among the answers.
    pub address: Option<IpAddr>,
    /// Where the name of the question is, or of the last answer looked at.
    pub name: Option<usize>,
}

/// Reads a message into `summary`; false when it is malformed.
pub fn read(message: &[u8], summary: &mut Summary) -> bool {
    *summary = Summary::default();
    read_counted(message, summary).is_some()
}

fn read_counted(message: &[u8], summary: &mut Summary) -> Option<()> {
    let questions = u16_at(message, 4)?;
    let answers = u16_at(message, 6)?;
    if message.len() < HEADER || questions > 1 {
        return None;
    }
    summary.id = u16_at(message, 0)?;
    let mut at = HEADER;
    let mut entry = Entry::default();
    for _ in 0..questions {
        let size = read_entry(message, at, true, &mut entry)?;
        summary.name = Some(at);
        at += size;
    }
    if message[2] & 0x80 == 0 {
        return Some(());
    }
    for _ in 0..answers.min(MAX_ANSWERS) {
        let size = read_entry(message, at, false, &mut entry)?;
        summary.name = Some(at);
        at += size;
        let data = &message[at - usize::from(entry.data_size)..at];
        if entry.class == CLASS_IN {
            summary.address = address(entry.rtype, data);
        }
        if summary.address.is_some() {
            break;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &[u8] = b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x03foo\0\0\x01\0\x01";

    fn parse(message: &[u8]) -> (bool, Option<IpAddr>, String) {
        let mut summary = Summary::default();
        let valid = read(message, &mut summary);
        let mut text = [0; 255];
        let len = summary.name.map_or(0, |at| name(message, at, &mut text));
        let name = String::from_utf8_lossy(&text[..len]).into_owned();
        (valid, summary.address, name)
    }

    fn with_owner(owner: &[u8]) -> (bool, Option<IpAddr>, String) {
        let record = b"\0\x01\0\x01\0\0\0\x3c\0\x04\x01\x02\x03\x04";
        parse(&[HEAD, owner, record].concat())
    }

    #[test]
    fn owners_of_all_kinds() {
        let ip = Some(IpAddr::from([1, 2, 3, 4]));
        for (owner, name) in [
            (&b"\xc0\x0c"[..], "foo"),
            (b"\x40\x0c", "foo"),
            (b"\0", ""),
            (b"\xcf\xff", ""),
            (b"\xc0\x15", ""),
            (b"\x01a\xc0\x0c", "a.foo"),
        ] {
            assert_eq!(
                with_owner(owner),
                (true, ip, name.to_owned()),
                "{owner:02x?}"
            );
        }
        // A label and a pointer back to it.
        assert_eq!(
            with_owner(b"\x01a\xc0\x15"),
            (false, None, "foo".to_owned())
        );
    }

    #[test]
    fn long_names_are_cut() {
        let mut message = [[63; 64]; 5].concat();
        message.extend([0, 0]);
        assert_eq!(read_name(&message, 0, |_| ()), Some(321));
        assert_eq!(name(&message, 0, &mut [0; 255]), 255);
    }

    proptest! {
        #[test]
        fn sizes_stay_inside(message in prop::collection::vec(any::<u8>(), 0..600), at in 0usize..600, question: bool) {
            let mut entry = Entry::default();
            if let Some(size) = read_entry(&message, at, question, &mut entry) {
                prop_assert!(size > 0 && at + size <= message.len());
                prop_assert!(usize::from(entry.name_size) + usize::from(entry.data_size) <= size);
            }
            parse(&message);
        }
    }
}
