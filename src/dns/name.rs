//! Domain names as the wire has them (RFC 1035, section 3.1).
#![forbid(unsafe_code)]

const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

/// A legal, uncompressed name: labels with their length bytes, and the root. Names that differ only
/// in the case of ASCII letters are equal.
#[derive(Clone)]
pub struct Name {
    wire: [u8; MAX_NAME],
    len: u8,
}

impl Name {
    fn root() -> Name {
        Name {
            wire: [0; MAX_NAME],
            len: 0,
        }
    }

    /// Appends a label, the empty one for the root.
    fn push(&mut self, label: &[u8]) -> Option<()> {
        let start = usize::from(self.len);
        let end = start + 1 + label.len();
        if label.len() > MAX_LABEL || end > MAX_NAME {
            return None;
        }
        self.wire[start] = label.len() as u8;
        self.wire[start + 1..end].copy_from_slice(label);
        self.len = end as u8;
        Some(())
    }

    /// The name that `text` spells with dots. One dot at the end is allowed. `None` for an empty
    /// name, an empty label, or what is too long.
    pub fn from_text(text: &[u8]) -> Option<Name> {
        let text = text.strip_suffix(b".").unwrap_or(text);
        let mut name = Name::root();
        for label in text.split(|&b| b == b'.') {
            if label.is_empty() {
                return None;
            }
            name.push(label)?;
        }
        name.push(b"")?;
        Some(name)
    }

    /// Reads the name at `at`. Returns it with the offset behind it. Pointers have to point
    /// backwards, so that no loop is possible.
    pub fn read(message: &[u8], at: usize) -> Option<(Name, usize)> {
        let mut name = Name::root();
        let mut at = at;
        let mut end = None;
        // No part may reach up to where the jump to it came from.
        let mut limit = message.len();
        let mut part = at;
        loop {
            let length = *message[..limit].get(at)?;
            match length {
                0 => {
                    name.push(b"")?;
                    return Some((name, end.unwrap_or(at + 1)));
                }
                1..=0x3f => {
                    let label = message[..limit].get(at + 1..at + 1 + usize::from(length))?;
                    name.push(label)?;
                    at += 1 + usize::from(length);
                }
                0xc0.. => {
                    let target = usize::from(super::u16_at(message, at)? & 0x3fff);
                    end = end.or(Some(at + 2));
                    if target >= part {
                        return None;
                    }
                    limit = part;
                    part = target;
                    at = target;
                }
                _ => return None,
            }
        }
    }

    /// The bytes on the wire.
    pub fn wire(&self) -> &[u8] {
        &self.wire[..usize::from(self.len)]
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        // A length byte is below the letters.
        self.wire().eq_ignore_ascii_case(other.wire())
    }
}

impl Eq for Name {}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.wire().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_becomes_labels() {
        for (text, wire) in [
            ("x", Some(&b"\x01x\0"[..])),
            ("foo.example", Some(b"\x03foo\x07example\0")),
            ("foo.example.", Some(b"\x03foo\x07example\0")),
            ("Foo", Some(b"\x03Foo\0")),
            ("", None),
            (".", None),
            (".a", None),
            ("a..b", None),
            ("a..", None),
        ] {
            let name = Name::from_text(text.as_bytes());
            assert_eq!(name.as_ref().map(Name::wire), wire, "{text}");
        }
    }

    #[test]
    fn lengths_are_limited() {
        assert!(Name::from_text(&[b'a'; 63]).is_some());
        assert!(Name::from_text(&[b'a'; 64]).is_none());
        // 4 labels of 63 make 256 + 1 bytes on the wire.
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(Name::from_text(longest.as_bytes()).is_some());
        assert!(Name::from_text(format!("{longest}a").as_bytes()).is_none());
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(
            Name::from_text(b"FOO.example"),
            Name::from_text(b"foo.EXAMPLE")
        );
        assert_ne!(Name::from_text(b"foo"), Name::from_text(b"foo.bar"));
    }

    fn read(message: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
        Name::read(message, at).map(|(name, end)| (name.wire().to_vec(), end))
    }

    #[test]
    fn pointers_are_followed_backwards() {
        let message = b"\x03foo\0\x01a\xc0\x00\xc0\x05rest";
        assert_eq!(read(message, 0), Some((b"\x03foo\0".to_vec(), 5)));
        assert_eq!(read(message, 5), Some((b"\x01a\x03foo\0".to_vec(), 9)));
        assert_eq!(read(message, 9), Some((b"\x01a\x03foo\0".to_vec(), 11)));
    }

    #[test]
    fn loops_and_illegal_bytes_are_refused() {
        for message in [
            &b"\xc0\x00"[..],
            b"\x01a\xc0\x00",
            b"\xc0\x02\xc0\x00",
            b"\x01a\xc0\x09",
            b"\x40\x00\x00",
            b"\x80\x00\x00",
            b"\x05foo\0",
            b"\x03foo",
            b"\xc0",
            b"",
        ] {
            assert_eq!(read(message, 0), None, "{message:02x?}");
        }
        // A pointer into the name that contains it.
        assert_eq!(read(b"\x01a\x01b\xc0\x02", 2), None);
        assert_eq!(read(b"\x01a\xc0\x04\xc0\x00", 4), None);
    }

    #[test]
    fn a_chain_of_pointers_stays_within_a_name() {
        let mut message = b"\x01a\0".to_vec();
        let mut previous = 0;
        for _ in 0..200 {
            let start = message.len() as u16;
            message.extend([1, b'b']);
            message.extend((0xc000 | previous as u16).to_be_bytes());
            previous = start;
        }
        assert!(Name::read(&message, usize::from(previous)).is_none());
        assert!(Name::read(&message, 3).is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(message: Vec<u8>, at in 0usize..300) {
            if let Some((name, end)) = Name::read(&message, at) {
                prop_assert!(end > at && end <= message.len());
                prop_assert!(name.wire().len() <= 255);
                prop_assert_eq!(name.wire().last(), Some(&0));
            }
        }

        #[test]
        fn a_legal_text_survives(text in "[a-zA-Z0-9_-]{1,63}(\\.[a-zA-Z0-9_-]{1,60}){0,2}") {
            let name = Name::from_text(text.as_bytes()).unwrap();
            let (again, end) = Name::read(name.wire(), 0).unwrap();
            prop_assert_eq!(end, text.len() + 2);
            prop_assert_eq!(again, name);
        }
    }
}
