//! Which form of a file a client gets when the program asked for content codings: as it is, coded
//! beforehand, or compressed on the way.
#![forbid(unsafe_code)]

use crate::http::coding::accept::Accepted;
use crate::http::coding::{Coding, Settings, media};
use crate::http::reply;

/// What there is to choose from, for whom.
#[derive(Debug, Clone, Copy)]
pub struct Negotiation {
    pub settings: Settings,
    pub accepted: Accepted,
    /// The client understands chunks.
    pub is_http11: bool,
    /// The client wants a part of the file.
    pub wants_part: bool,
}

/// How a file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Of what is sent.
    pub coding: Coding,
    /// The effort with which it is compressed on the way, if it is.
    pub level: Option<u8>,
    /// Another client might get another form.
    pub varies: bool,
    /// It was chosen among several, and its entity tag tells it from the others.
    pub is_negotiated: bool,
}

impl Form {
    /// Without negotiation, the form in which the file was found.
    pub fn found(coding: Coding) -> Form {
        Form {
            coding,
            level: None,
            varies: coding != Coding::Identity,
            is_negotiated: false,
        }
    }

    /// The form of a file that was found in one; `headers` are the program's.
    pub fn negotiated(
        n: &Negotiation,
        coding: Coding,
        size: usize,
        name: &[u8],
        content_type: &[u8],
        headers: &[u8],
    ) -> Form {
        let compressible = n.settings.level > 0
            && media::is_compressible(content_type)
            && !media::is_compressed(name)
            && reply::may_compress(headers);
        let compressed = compressible
            && coding == Coding::Identity
            && size >= n.settings.min_size as usize
            && n.is_http11
            && !n.wants_part
            && n.accepted.prefers_gzip();
        Form {
            coding: if compressed { Coding::Gzip } else { coding },
            level: compressed.then_some(n.settings.level),
            varies: n.settings.siblings || compressible || coding != Coding::Identity,
            is_negotiated: true,
        }
    }

    /// The file is sent as it is, after all.
    pub fn give_up_compression(&mut self) {
        if self.level.take().is_some() {
            self.coding = Coding::Identity;
        }
    }

    /// The entity tag of a file in this form, given that of the file.
    pub fn tag(&self, plain: &[u8]) -> Tag<TAG_MAX> {
        let Some((b'"', opaque)) = plain.split_last() else {
            return Tag::new(plain);
        };
        if !self.is_negotiated || self.coding == Coding::Identity {
            return Tag::new(plain);
        }
        // What is compressed on the way may come out differently the next time.
        let weak: &[u8] = if self.level.is_some() { b"W/" } else { b"" };
        let mut tag = Tag::new(weak);
        for part in [opaque, b"-", self.coding.name(), b"\""] {
            tag.push(part);
        }
        tag
    }
}

/// Most bytes of an entity tag.
pub const TAG_MAX: usize = 64;

/// An entity tag, or a header value that is compared with one.
#[derive(Debug, Clone, Copy)]
pub struct Tag<const N: usize> {
    len: usize,
    text: [u8; N],
}

impl<const N: usize> Tag<N> {
    /// What is too long equals none and is empty.
    pub fn new(value: &[u8]) -> Tag<N> {
        let mut tag = Tag {
            len: 0,
            text: [0; N],
        };
        tag.push(value);
        tag
    }

    fn push(&mut self, part: &[u8]) {
        if let Some(room) = self.text.get_mut(self.len..self.len + part.len()) {
            room.copy_from_slice(part);
            self.len += part.len();
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }
}

/// True when a list of entity tags stands for all, or has one that equals `tag` but for its strength
/// (RFC 9110, 13.1.2).
pub fn lists(list: &[u8], tag: &[u8]) -> bool {
    list == b"*"
        || list
            .split(|&b| b == b',')
            .any(|one| weakly_equal(one.trim_ascii(), tag))
}

fn weakly_equal(a: &[u8], b: &[u8]) -> bool {
    a.strip_prefix(b"W/").unwrap_or(a) == b.strip_prefix(b"W/").unwrap_or(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: Negotiation = Negotiation {
        settings: Settings {
            min_size: 100,
            level: 6,
            siblings: false,
        },
        accepted: Accepted::NONE,
        is_http11: true,
        wants_part: false,
    };

    fn gzip() -> Accepted {
        let mut accepted = Accepted::NONE;
        accepted.add(b"gzip");
        accepted
    }

    fn form(n: Negotiation, coding: Coding, size: usize) -> Form {
        Form::negotiated(&n, coding, size, b"a.txt", b"text/plain", b"")
    }

    #[test]
    fn text_is_compressed_for_those_who_like_it() {
        let n = Negotiation {
            accepted: gzip(),
            ..N
        };
        let compressed = form(n, Coding::Identity, 100);
        assert_eq!(compressed.level, Some(6));
        assert_eq!(compressed.coding, Coding::Gzip);
        for (n, coding, size) in [
            (N, Coding::Identity, 100),
            (n, Coding::Identity, 99),
            (n, Coding::Brotli, 100),
            (n, Coding::Gzip, 100),
            (
                Negotiation {
                    is_http11: false,
                    ..n
                },
                Coding::Identity,
                100,
            ),
            (
                Negotiation {
                    wants_part: true,
                    ..n
                },
                Coding::Identity,
                100,
            ),
        ] {
            let form = form(n, coding, size);
            assert_eq!((form.coding, form.level), (coding, None));
            assert!(form.varies);
        }
        for (name, content_type, headers) in [
            ("a.png", "image/png", ""),
            ("a.woff2", "text/plain", ""),
            ("a.txt", "text/plain", "Cache-Control: no-transform\r\n"),
        ] {
            let [name, content_type, headers] = [name, content_type, headers].map(str::as_bytes);
            let form = Form::negotiated(&n, Coding::Identity, 1000, name, content_type, headers);
            assert_eq!((form.level, form.varies), (None, false));
        }
    }

    #[test]
    fn forms_have_different_tags() {
        let n = Negotiation {
            accepted: gzip(),
            ..N
        };
        let tag =
            |form: Form| String::from_utf8(form.tag(b"\"12.34\"").as_bytes().to_vec()).unwrap();
        assert_eq!(tag(form(N, Coding::Identity, 1)), "\"12.34\"");
        assert_eq!(tag(form(N, Coding::Brotli, 1)), "\"12.34-br\"");
        assert_eq!(tag(form(N, Coding::Gzip, 1)), "\"12.34-gzip\"");
        let mut compressed = form(n, Coding::Identity, 100);
        assert_eq!(tag(compressed), "W/\"12.34-gzip\"");
        compressed.give_up_compression();
        assert_eq!(tag(compressed), "\"12.34\"");
        assert_eq!(tag(Form::found(Coding::Gzip)), "\"12.34\"");
    }

    #[test]
    fn lists_of_tags() {
        for (list, want) in [
            ("*", true),
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", W/\"a\" ,\"c\"", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
            ("\"a\"x", false),
            ("w/\"a\"", false),
        ] {
            assert_eq!(lists(list.as_bytes(), b"\"a\""), want, "{list}");
            assert_eq!(lists(list.as_bytes(), b"W/\"a\""), want, "{list}");
        }
    }
}
