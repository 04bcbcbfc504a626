//! The grammar of formats: `%`, then in this order, each optional, one `#`, one `-`, one `0`,
//! width digits, a precision (`.` and `*` or digits), any number of `h`, `l` or `ll`, `z`,
//! and a conversion letter.
#![forbid(unsafe_code)]

use crate::string::words;
use memchr::memchr;

/// What a format consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text to copy.
    Text(&'a [u8]),
    /// Something to convert.
    Directive(Directive),
    /// A directive that ends in a byte that is no conversion. It stands for `%` and that byte.
    Unknown {
        byte: u8,
        /// It has a `*`, which takes an argument even here.
        star: bool,
    },
}

/// A well-formed directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    pub alternate: bool,
    pub left: bool,
    pub zero: bool,
    pub width: usize,
    pub precision: Precision,
    pub size: Size,
    pub conversion: Conversion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    Default,
    /// Comes as an argument.
    Star,
    Digits(usize),
}

/// Width of an integer argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Int,
    Long,
    LongLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    Signed,
    Unsigned,
    Hex,
    Pointer,
    /// `%g`
    General,
    /// `%f`
    Fixed,
    Str,
    Char,
    /// `%M`
    Printer,
    /// `%m`
    QuotedPrinter,
    Percent,
}

impl Directive {
    /// A directive without any of the optional parts.
    #[inline]
    pub const fn plain(conversion: Conversion) -> Directive {
        Directive {
            alternate: false,
            left: false,
            zero: false,
            width: 0,
            precision: Precision::Default,
            size: Size::Int,
            conversion,
        }
    }
}

impl Conversion {
    #[inline]
    fn from_letter(byte: u8) -> Option<Conversion> {
        Some(match byte {
            b'd' => Conversion::Signed,
            b'u' => Conversion::Unsigned,
            b'x' | b'X' => Conversion::Hex,
            b'p' => Conversion::Pointer,
            b'g' => Conversion::General,
            b'f' => Conversion::Fixed,
            b's' => Conversion::Str,
            b'c' => Conversion::Char,
            b'M' => Conversion::Printer,
            b'm' => Conversion::QuotedPrinter,
            b'%' => Conversion::Percent,
            _ => return None,
        })
    }
}

/// Bytes before the next `%`. Most texts are a few bytes long, too short for a call.
#[inline]
fn text_len(format: &[u8]) -> usize {
    // Most texts are short.
    let mut at = 0;
    while at < 32 {
        let Some(word) = format.get(at..).and_then(<[u8]>::first_chunk) else {
            let rest = format[at..].iter();
            return at + rest.take_while(|&&byte| byte != b'%').count();
        };
        let found = words::equal(u64::from_le_bytes(*word), b'%');
        if found != 0 {
            return at + words::first(found);
        }
        at += 8;
    }
    memchr(b'%', &format[at..]).map_or(format.len(), |n| at + n)
}

/// The pieces of a format, in order.
pub struct Format<'a> {
    rest: &'a [u8],
}

impl<'a> Format<'a> {
    pub fn new(format: &'a [u8]) -> Format<'a> {
        Format { rest: format }
    }

    #[inline]
    fn accept(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((&first, rest)) if first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn number(&mut self) -> usize {
        let mut value = 0usize;
        while let Some((digit @ b'0'..=b'9', rest)) = self.rest.split_first() {
            value = value
                .wrapping_mul(10)
                .wrapping_add(usize::from(digit - b'0'));
            self.rest = rest;
        }
        value
    }

    /// Takes the text in front of the next directive.
    #[inline]
    pub fn take_text(&mut self) -> &'a [u8] {
        let (text, rest) = self.rest.split_at(text_len(self.rest));
        self.rest = rest;
        text
    }

    /// Takes a directive as most are: a conversion, maybe with `l` or `.*`.
    #[inline(always)]
    pub fn take_simple(&mut self) -> Option<Directive> {
        let [b'%', rest @ ..] = self.rest else {
            return None;
        };
        let (precision, rest) = match rest {
            [b'.', b'*', rest @ ..] => (Precision::Star, rest),
            _ => (Precision::Default, rest),
        };
        let (size, rest) = match rest {
            [b'l', b'l', rest @ ..] => (Size::LongLong, rest),
            [b'l', rest @ ..] => (Size::Long, rest),
            _ => (Size::Int, rest),
        };
        let (&letter, rest) = rest.split_first()?;
        let conversion = Conversion::from_letter(letter)?;
        self.rest = rest;
        Some(Directive {
            precision,
            size,
            ..Directive::plain(conversion)
        })
    }

    /// What follows a `%`.
    fn directive(&mut self) -> Piece<'a> {
        let alternate = self.accept(b'#');
        let left = self.accept(b'-');
        let zero = self.accept(b'0');
        let width = self.number();
        let precision = if !self.accept(b'.') {
            Precision::Default
        } else if self.accept(b'*') {
            Precision::Star
        } else {
            Precision::Digits(self.number())
        };
        while self.accept(b'h') {}
        let mut size = Size::Int;
        if self.accept(b'l') {
            size = if self.accept(b'l') {
                Size::LongLong
            } else {
                Size::Long
            };
        }
        if self.accept(b'z') {
            size = Size::Long;
        }
        let Some((&byte, rest)) = self.rest.split_first() else {
            // A format that ends in the middle of a directive.
            return Piece::Text(b"%");
        };
        self.rest = rest;
        let Some(conversion) = Conversion::from_letter(byte) else {
            return Piece::Unknown {
                byte,
                star: precision == Precision::Star,
            };
        };
        Piece::Directive(Directive {
            alternate,
            left,
            zero,
            width,
            precision,
            size,
            conversion,
        })
    }
}

impl<'a> Iterator for Format<'a> {
    type Item = Piece<'a>;

    #[inline]
    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        if self.accept(b'%') {
            return Some(self.directive());
        }
        Some(Piece::Text(self.take_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Directive = Directive::plain(Conversion::Signed);

    fn pieces(format: &str) -> Vec<Piece<'_>> {
        Format::new(format.as_bytes()).collect()
    }

    #[test]
    fn text_and_directives_alternate() {
        assert_eq!(
            pieces("a%db"),
            [
                Piece::Text(b"a"),
                Piece::Directive(PLAIN),
                Piece::Text(b"b")
            ]
        );
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn every_part_of_a_directive_is_read() {
        assert_eq!(
            pieces("%#-012.34hhllzx"),
            [Piece::Directive(Directive {
                alternate: true,
                left: true,
                zero: true,
                width: 12,
                precision: Precision::Digits(34),
                size: Size::Long,
                conversion: Conversion::Hex,
            })]
        );
        assert_eq!(
            pieces("%.*lld"),
            [Piece::Directive(Directive {
                precision: Precision::Star,
                size: Size::LongLong,
                ..PLAIN
            })]
        );
        assert_eq!(
            pieces("%.s"),
            [Piece::Directive(Directive {
                precision: Precision::Digits(0),
                conversion: Conversion::Str,
                ..PLAIN
            })]
        );
    }

    #[test]
    fn unknown_conversions_leave_the_rest_literal() {
        let unknown = |byte| Piece::Unknown { byte, star: false };
        assert_eq!(pieces("%+d"), [unknown(b'+'), Piece::Text(b"d")]);
        assert_eq!(pieces("%0-5d"), [unknown(b'-'), Piece::Text(b"5d")]);
        assert_eq!(pieces("%llld"), [unknown(b'l'), Piece::Text(b"d")]);
        assert_eq!(pieces("%*d"), [unknown(b'*'), Piece::Text(b"d")]);
        assert_eq!(
            pieces("%.*q"),
            [Piece::Unknown {
                byte: b'q',
                star: true
            }]
        );
    }

    #[test]
    fn a_format_may_end_inside_a_directive() {
        for format in ["%", "%#", "%-05.3", "%.", "%.*", "%hhl"] {
            assert_eq!(pieces(format), [Piece::Text(b"%")], "{format}");
        }
    }

    proptest! {
        #[test]
        fn simple_directives_are_read_the_same_way(format in "%[.*lhz]{0,3}[dsxqM%5]") {
            let mut simple = Format::new(format.as_bytes());
            if let Some(directive) = simple.take_simple() {
                let mut general = Format::new(format.as_bytes());
                prop_assert_eq!(general.next(), Some(Piece::Directive(directive)));
                prop_assert_eq!(general.rest, simple.rest);
            }
        }

        #[test]
        fn any_format_is_read_to_its_end(format in "[ -~]{0,40}") {
            let mut seen = 0;
            let mut parser = Format::new(format.as_bytes());
            while parser.next().is_some() {
                prop_assert!(format.len() - parser.rest.len() > seen);
                seen = format.len() - parser.rest.len();
            }
            prop_assert_eq!(seen, format.len());
        }
    }
}
