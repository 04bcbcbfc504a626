//! Properties of MQTT 5 packets (section 2.2.2).
#![forbid(unsafe_code)]

use super::message::{Refusal, put_string, put_varint};
use super::packet::{Varint, varint};
use crate::fmt::Sink;

/// A property. Which members count depends on its identifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Property<'a> {
    pub id: u8,
    /// Value of a number.
    pub number: u32,
    /// Name of a string pair.
    pub name: &'a [u8],
    /// Value of a string, of binary data, of a string pair.
    pub text: &'a [u8],
}

/// How a value is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Byte,
    Short,
    Int,
    Varint,
    /// A string, or binary data.
    Text,
    Pair,
}

fn kind(id: u8) -> Option<Kind> {
    Some(match id {
        0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => Kind::Byte,
        0x13 | 0x21..=0x23 => Kind::Short,
        0x02 | 0x11 | 0x18 | 0x27 => Kind::Int,
        0x0b => Kind::Varint,
        0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c | 0x1f => Kind::Text,
        0x26 => Kind::Pair,
        _ => return None,
    })
}

/// Reads the property at the beginning of `section`; also its size. `None` when its identifier is
/// unknown or its value does not fit.
pub fn read(section: &[u8]) -> Option<(Property<'_>, usize)> {
    let (&id, mut rest) = section.split_first()?;
    let mut property = Property {
        id,
        ..Property::default()
    };
    match kind(id)? {
        Kind::Byte => property.number = number(take(&mut rest, 1)?),
        Kind::Short => property.number = number(take(&mut rest, 2)?),
        Kind::Int => property.number = number(take(&mut rest, 4)?),
        Kind::Varint => match varint(rest) {
            Varint::Value { value, size } => {
                property.number = value;
                take(&mut rest, size)?;
            }
            Varint::Incomplete | Varint::Malformed => return None,
        },
        Kind::Text => property.text = take_string(&mut rest)?,
        Kind::Pair => {
            property.name = take_string(&mut rest)?;
            property.text = take_string(&mut rest)?;
        }
    }
    Some((property, section.len() - rest.len()))
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, &b| n << 8 | u32::from(b))
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    rest.split_off(..n)
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let n = number(take(rest, 2)?);
    take(rest, n as usize)
}

/// Writes a section: its length, then the properties.
pub fn write_section<'a>(
    out: &mut dyn Sink,
    properties: impl Iterator<Item = Property<'a>> + Clone,
) -> Result<(), Refusal> {
    let mut size = Size(0);
    for property in properties.clone() {
        write(&mut size, &property)?;
    }
    put_varint(out, size.0)?;
    for property in properties {
        write(out, &property)?;
    }
    Ok(())
}

fn write(out: &mut dyn Sink, p: &Property<'_>) -> Result<(), Refusal> {
    let kind = kind(p.id).ok_or(Refusal::Property(p.id))?;
    out.put(&[p.id]);
    let bytes = p.number.to_be_bytes();
    match kind {
        Kind::Byte => out.put(&bytes[3..]),
        Kind::Short => out.put(&bytes[2..]),
        Kind::Int => out.put(&bytes),
        Kind::Varint => put_varint(out, p.number as usize)?,
        Kind::Text => put_string(out, p.text)?,
        Kind::Pair => {
            put_string(out, p.name)?;
            put_string(out, p.text)?;
        }
    }
    Ok(())
}

/// Counts what is put into it.
pub(super) struct Size(pub usize);

impl Sink for Size {
    fn put(&mut self, bytes: &[u8]) {
        self.0 = self.0.saturating_add(bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn section(properties: &[Property<'_>]) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        write_section(&mut out, properties.iter().copied())?;
        Ok(out)
    }

    fn all(mut section: &[u8]) -> Vec<Property<'_>> {
        let mut found = Vec::new();
        while let Some((property, size)) = read(section) {
            found.push(property);
            section = &section[size..];
        }
        found
    }

    #[test]
    fn one_of_each_type() {
        let text = b"\x01\x01\x02\x01\x02\x03\x04\x23\x02\x03\x0b\xac\x02\x09\x00\x02\x00\x01\x08\x00\x03r/t\x26\x00\x01k\x00\x01v";
        let properties = all(text);
        assert_eq!(properties.len(), 7);
        assert_eq!(
            properties.iter().map(|p| p.number).collect::<Vec<_>>(),
            [1, 0x0102_0304, 0x0203, 300, 0, 0, 0]
        );
        assert_eq!(properties[4].text, [0, 1]);
        assert_eq!(properties[5].text, b"r/t");
        assert_eq!(
            (properties[6].name, properties[6].text),
            (&b"k"[..], &b"v"[..])
        );
        let written = section(&properties).unwrap();
        assert_eq!(written[0] as usize, text.len());
        assert_eq!(&written[1..], text);
    }

    #[test]
    fn every_truncation_is_the_end() {
        for text in [
            &b"\x01\x01"[..],
            b"\x13\x01\x02",
            b"\x02\x01\x02\x03\x04",
            b"\x0b\x80\x01",
            b"\x1f\x00\x02ab",
            b"\x26\x00\x01k\x00\x02vv",
        ] {
            assert_eq!(read(text).map(|(_, size)| size), Some(text.len()));
            for n in 0..text.len() {
                assert_eq!(read(&text[..n]), None, "{n} bytes of {text:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_encoded_is_refused() {
        let property = |id, number| Property {
            id,
            number,
            ..Property::default()
        };
        assert_eq!(section(&[property(0x7f, 0)]), Err(Refusal::Property(0x7f)));
        assert_eq!(section(&[property(0, 0)]), Err(Refusal::Property(0)));
        assert_eq!(section(&[property(0x0b, 1 << 28)]), Err(Refusal::TooLarge));
        let long = vec![0; 65536];
        let text = Property {
            id: 3,
            text: &long,
            ..Property::default()
        };
        assert_eq!(section(&[text]), Err(Refusal::LongString));
    }

    proptest! {
        #[test]
        fn what_was_written_can_be_read(id in 0u8..0x30, number in 0u32..1 << 28, name in any::<Vec<u8>>(), text in any::<Vec<u8>>()) {
            let property = Property { id, number, name: &name, text: &text };
            if let Ok(bytes) = section(&[property]) {
                let found = all(&bytes[1 + usize::from(bytes.len() > 128)..]);
                prop_assert_eq!(found.len(), 1);
                prop_assert_eq!(found[0].id, id);
                prop_assert_eq!(section(&found), Ok(bytes));
            }
        }

        #[test]
        fn reading_never_leaves_the_section(section in any::<Vec<u8>>()) {
            if let Some((_, size)) = read(&section) {
                prop_assert!((2..=section.len()).contains(&size));
            }
        }
    }
}
