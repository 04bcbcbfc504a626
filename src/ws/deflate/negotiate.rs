//! What the two sides agree on (RFC 6455, 9.1; RFC 7692, 5 and 7.1).
#![forbid(unsafe_code)]

use std::fmt;

pub const NAME: &[u8] = b"permessage-deflate";
pub const MAX_BITS: u8 = 15;

/// A field that is not a list of extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// RFC 9110, 5.6.2.
fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// Parameters of permessage-deflate.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    pub server_no_takeover: bool,
    pub client_no_takeover: bool,
    pub server_bits: Option<u8>,
    /// In offers it may come without a value.
    pub client_bits: Option<Option<u8>>,
}

/// What one side would like for the messages that it sends and receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub send_bits: u8,
    pub recv_bits: u8,
    pub send_takeover: bool,
    pub recv_takeover: bool,
}

/// What one side has to keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    pub send_bits: u8,
    pub send_takeover: bool,
    pub recv_takeover: bool,
}

/// A value: what matters is whether it is a number of two digits.
type Digits = ([u8; 3], usize);

fn bits((text, len): Digits) -> Option<u8> {
    match text[..len] {
        [ones @ b'8'..=b'9'] => Some(ones - b'0'),
        [b'1', ones @ b'0'..=b'5'] => Some(10 + ones - b'0'),
        _ => None,
    }
}

impl Params {
    /// Adds a parameter. False for unknown, repeated and invalid ones.
    fn add(&mut self, name: &[u8], value: Option<Digits>) -> bool {
        match (name, value) {
            (b"server_no_context_takeover", None) => {
                !std::mem::replace(&mut self.server_no_takeover, true)
            }
            (b"client_no_context_takeover", None) => {
                !std::mem::replace(&mut self.client_no_takeover, true)
            }
            (b"server_max_window_bits", Some(value)) => {
                let bits = bits(value);
                bits.is_some() && self.server_bits.is_none() && {
                    self.server_bits = bits;
                    true
                }
            }
            (b"client_max_window_bits", value) => {
                let bits = value.map(bits);
                bits != Some(None) && self.client_bits.is_none() && {
                    self.client_bits = Some(bits.flatten());
                    true
                }
            }
            _ => false,
        }
    }

    /// A server's answer to an offer.
    pub fn answer(&self, wish: Wish) -> Params {
        let server_bits = wish.send_bits.min(self.server_bits.unwrap_or(MAX_BITS));
        let client_bits = self
            .client_bits
            .map(|bits| wish.recv_bits.min(bits.unwrap_or(MAX_BITS)));
        Params {
            server_no_takeover: self.server_no_takeover || !wish.send_takeover,
            client_no_takeover: self.client_no_takeover || !wish.recv_takeover,
            server_bits: (self.server_bits.is_some() || server_bits < MAX_BITS)
                .then_some(server_bits),
            client_bits: client_bits.filter(|&bits| bits < MAX_BITS).map(Some),
        }
    }

    /// What a server that gives this answer has to keep to.
    pub fn at_server(&self) -> Agreement {
        Agreement {
            send_bits: self.server_bits.unwrap_or(MAX_BITS),
            send_takeover: !self.server_no_takeover,
            recv_takeover: !self.client_no_takeover,
        }
    }

    /// What a client asks for.
    pub fn offer(wish: Wish) -> Params {
        Params {
            server_no_takeover: !wish.recv_takeover,
            client_no_takeover: !wish.send_takeover,
            server_bits: (wish.recv_bits < MAX_BITS).then_some(wish.recv_bits),
            client_bits: Some((wish.send_bits < MAX_BITS).then_some(wish.send_bits)),
        }
    }

    /// What a client that made this offer has to keep to, given the server's answer. `None` when the
    /// answer does not fit the offer.
    pub fn at_client(&self, answer: Params, wish: Wish) -> Option<Agreement> {
        let most = |offered: Option<u8>| offered.unwrap_or(MAX_BITS);
        let server_fits = answer
            .server_bits
            .is_none_or(|bits| bits <= most(self.server_bits));
        let client_bits = match answer.client_bits {
            None => Some(wish.send_bits),
            Some(bits) => bits.filter(|&bits| bits <= wish.send_bits),
        };
        let context_fits = answer.server_no_takeover || !self.server_no_takeover;
        (server_fits && context_fits).then_some(())?;
        Some(Agreement {
            send_bits: client_bits?,
            send_takeover: wish.send_takeover && !answer.client_no_takeover,
            recv_takeover: !answer.server_no_takeover,
        })
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permessage-deflate")?;
        if self.server_no_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        match self.client_bits {
            None => Ok(()),
            Some(None) => f.write_str("; client_max_window_bits"),
            Some(Some(bits)) => write!(f, "; client_max_window_bits={bits}"),
        }
    }
}

/// An item of the list: its name, and its parameters if they are known and valid ones of
/// permessage-deflate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    pub name: &'a [u8],
    pub params: Option<Params>,
}

impl Extension<'_> {
    /// The parameters, if this is an extension that we know.
    pub fn deflate(self) -> Option<Params> {
        self.params.filter(|_| self.name == NAME)
    }
}

/// Reads the value of a Sec-WebSocket-Extensions field.
pub struct List<'a>(pub &'a [u8]);

impl<'a> Iterator for List<'a> {
    type Item = Result<Extension<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        // Empty items are let pass.
        while let Some(b',') = self.peek() {
            self.0 = &self.0[1..];
        }
        self.peek()?;
        let extension = self.extension();
        if extension.is_none() {
            self.0 = &[];
        }
        Some(extension.ok_or(Malformed))
    }
}

impl<'a> List<'a> {
    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
        self.0.first().copied()
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        self.peek();
        let end = self.0.iter().position(|&b| !is_token_byte(b));
        let (token, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    /// A token, or a quoted one.
    fn value(&mut self) -> Option<Digits> {
        let (mut text, mut len) = ([0; 3], 0);
        let mut push = |byte| {
            if len < text.len() {
                text[len] = byte;
                len += 1;
            }
        };
        if self.peek() != Some(b'"') {
            self.token()?.iter().copied().for_each(push);
            return Some((text, len));
        }
        loop {
            self.0 = &self.0[1..];
            match self.0 {
                [b'"', rest @ ..] => {
                    self.0 = rest;
                    return (len > 0).then_some((text, len));
                }
                [b'\\', byte, ..] if is_token_byte(*byte) => {
                    push(*byte);
                    self.0 = &self.0[1..];
                }
                [byte, ..] if is_token_byte(*byte) => push(*byte),
                _ => return None,
            }
        }
    }

    fn extension(&mut self) -> Option<Extension<'a>> {
        let name = self.token()?;
        let mut params = Params::default();
        let mut valid = true;
        loop {
            match self.peek() {
                None | Some(b',') => break,
                Some(b';') => self.0 = &self.0[1..],
                Some(_) => return None,
            }
            let key = self.token()?;
            let value = if self.peek() == Some(b'=') {
                self.0 = &self.0[1..];
                Some(self.value()?)
            } else {
                None
            };
            valid = params.add(key, value) && valid;
        }
        Some(Extension {
            name,
            params: valid.then_some(params),
        })
    }
}

/// The offers of a client that can be accepted, the one it likes most first.
pub fn offers<'a>(fields: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = Params> {
    fields
        .flat_map(List)
        .filter_map(|extension| extension.ok()?.deflate())
}

/// The answer of a server: `None` if it agrees on no extension, an error if it is to something that we do
/// not offer, or not to be understood.
pub fn answer<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Result<Option<Params>, Malformed> {
    let mut found = None;
    for extension in fields.flat_map(List) {
        let params = extension?.deflate().ok_or(Malformed)?;
        if found.replace(params).is_some() {
            return Err(Malformed);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WISH: Wish = Wish {
        send_bits: 12,
        recv_bits: 15,
        send_takeover: true,
        recv_takeover: true,
    };

    fn offers_of(fields: &[&str]) -> Vec<String> {
        offers(fields.iter().map(|field| field.as_bytes()))
            .map(|params| params.to_string())
            .collect()
    }

    #[test]
    fn offers_are_read_in_order() {
        let all = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                   server_max_window_bits=10; client_max_window_bits=8";
        assert_eq!(offers_of(&[all]), [all]);
        assert_eq!(
            offers_of(&[
                "x-webkit-deflate-frame, permessage-deflate;server_max_window_bits = 10 ,permessage-deflate",
                ",, permessage-deflate; client_max_window_bits",
                "",
            ]),
            [
                "permessage-deflate; server_max_window_bits=10",
                "permessage-deflate",
                "permessage-deflate; client_max_window_bits",
            ]
        );
        assert_eq!(
            offers_of(&["a; b=\"c\", permessage-deflate; server_max_window_bits=\"1\\5\""]),
            ["permessage-deflate; server_max_window_bits=15"]
        );
    }

    #[test]
    fn what_is_unknown_repeated_or_invalid_is_declined() {
        for bad in [
            "server_max_window_bits",
            "server_max_window_bits=7",
            "server_max_window_bits=16",
            "server_max_window_bits=010",
            "server_max_window_bits=1a",
            "server_max_window_bits=100",
            "server_max_window_bits=+9",
            "server_max_window_bits=\"\"",
            "client_max_window_bits=0",
            "client_max_window_bits=\"16\"",
            "server_no_context_takeover=1",
            "client_no_context_takeover=\"\"",
            "server_no_context_takeover; server_no_context_takeover",
            "client_no_context_takeover; client_no_context_takeover",
            "client_max_window_bits; client_max_window_bits=9",
            "server_max_window_bits=9; server_max_window_bits=9",
            "mem_level=9",
            "Server_No_Context_Takeover",
        ] {
            let field = format!("permessage-deflate; {bad}, permessage-deflate");
            let after = usize::from(!bad.ends_with("\"\""));
            assert_eq!(
                offers_of(&[&field]),
                vec!["permessage-deflate"; after],
                "{bad}"
            );
        }
        for malformed in [
            ";",
            "=",
            "\"permessage-deflate\"",
            "permessage-deflate;",
            "permessage-deflate; =9",
            "permessage-deflate; server_max_window_bits=",
            "permessage-deflate; a=\"b",
            "permessage-deflate; a=\"b\\",
            "permessage-deflate a",
            "permessage-deflate; a=\"b c\"",
            "permessage-deflate\u{e9}",
        ] {
            assert!(offers_of(&[malformed]).is_empty(), "{malformed}");
            assert_eq!(
                answer([malformed.as_bytes()].into_iter()),
                Err(Malformed),
                "{malformed}"
            );
        }
    }

    fn params(text: &str) -> Params {
        let field = format!("permessage-deflate; {text}");
        let field = field.trim_end_matches([';', ' ']);
        List(field.as_bytes())
            .next()
            .unwrap()
            .unwrap()
            .deflate()
            .unwrap()
    }

    #[test]
    fn answers_of_a_server() {
        let none = Wish {
            send_takeover: false,
            recv_takeover: false,
            ..WISH
        };
        let small = Wish {
            send_bits: 15,
            recv_bits: 9,
            ..WISH
        };
        for (offer, wish, answer) in [
            ("", WISH, "server_max_window_bits=12"),
            (
                "server_max_window_bits=10",
                WISH,
                "server_max_window_bits=10",
            ),
            ("server_max_window_bits=8", WISH, "server_max_window_bits=8"),
            (
                "server_max_window_bits=15",
                small,
                "server_max_window_bits=15",
            ),
            ("", small, ""),
            ("client_max_window_bits", small, "client_max_window_bits=9"),
            (
                "client_max_window_bits=8",
                small,
                "client_max_window_bits=8",
            ),
            ("client_max_window_bits", WISH, "server_max_window_bits=12"),
            (
                "server_no_context_takeover; client_no_context_takeover",
                small,
                "server_no_context_takeover; client_no_context_takeover",
            ),
            (
                "",
                none,
                "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12",
            ),
        ] {
            assert_eq!(params(offer).answer(wish), params(answer), "{offer}");
        }
        let agreement = params("server_max_window_bits=8; client_no_context_takeover").at_server();
        assert_eq!(
            agreement,
            Agreement {
                send_bits: 8,
                send_takeover: true,
                recv_takeover: false
            }
        );
    }

    #[test]
    fn a_client_takes_what_it_offered() {
        let small = Wish {
            recv_bits: 10,
            ..WISH
        };
        let none = Wish {
            send_takeover: false,
            recv_takeover: false,
            ..WISH
        };
        let agreed = |send_bits, send_takeover, recv_takeover| {
            Some(Agreement {
                send_bits,
                send_takeover,
                recv_takeover,
            })
        };
        for (wish, answer, agreement) in [
            (WISH, "", agreed(12, true, true)),
            (WISH, "client_max_window_bits=9", agreed(9, true, true)),
            (WISH, "client_max_window_bits=8", agreed(8, true, true)),
            (WISH, "client_max_window_bits=13", None),
            (WISH, "client_max_window_bits", None),
            (WISH, "server_max_window_bits=8", agreed(12, true, true)),
            (WISH, "client_no_context_takeover", agreed(12, false, true)),
            (WISH, "server_no_context_takeover", agreed(12, true, false)),
            (small, "server_max_window_bits=10", agreed(12, true, true)),
            // It keeps a larger window, which we understand.
            (small, "", agreed(12, true, true)),
            (small, "server_max_window_bits=11", None),
            (none, "server_no_context_takeover", agreed(12, false, false)),
            (none, "", None),
        ] {
            let offer = Params::offer(wish);
            assert_eq!(offer.at_client(params(answer), wish), agreement, "{answer}");
        }
        assert_eq!(Params::offer(WISH), params("client_max_window_bits=12"));
        assert_eq!(
            Params::offer(Wish {
                send_bits: 15,
                ..none
            }),
            params(
                "server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
            )
        );
    }

    #[test]
    fn answers_to_a_client() {
        let read = |fields: &[&str]| answer(fields.iter().map(|field| field.as_bytes()));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["", " , "]), Ok(None));
        assert_eq!(read(&["permessage-deflate"]), Ok(Some(Params::default())));
        for bad in [
            &["permessage-deflate, permessage-deflate"][..],
            &["permessage-deflate", "permessage-deflate"],
            &["permessage-deflate, other"],
            &["permessage-bzip2"],
            &["permessage-deflate; unknown"],
        ] {
            assert_eq!(read(bad), Err(Malformed), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_field_is_read(field in "[a-z\"\\\\;,= \t0-9-]{0,60}|(permessage-deflate[; ,=\"]?(server_max_window_bits|=1|\"9\"|x)?){0,4}") {
            let n = List(field.as_bytes()).count();
            prop_assert!(n <= field.len());
        }

        #[test]
        fn what_is_written_is_read(a: bool, b: bool, c in prop::option::of(8u8..16), d in prop::option::of(prop::option::of(8u8..16))) {
            let params = Params { server_no_takeover: a, client_no_takeover: b, server_bits: c, client_bits: d };
            let text = params.to_string();
            prop_assert_eq!(answer([text.as_bytes()].into_iter()), Ok(Some(params)));
        }

        #[test]
        fn a_server_answers_what_its_client_takes(
            server in (9u8..16, 9u8..16, any::<bool>(), any::<bool>()),
            client in (9u8..16, 9u8..16, any::<bool>(), any::<bool>()),
        ) {
            let wish = |(send_bits, recv_bits, send_takeover, recv_takeover)| Wish { send_bits, recv_bits, send_takeover, recv_takeover };
            let offer = Params::offer(wish(client));
            let answer = offer.answer(wish(server));
            let ours = answer.at_server();
            let theirs = offer.at_client(answer, wish(client));
            prop_assert!(theirs.is_some());
            let theirs = theirs.unwrap();
            prop_assert!(theirs.recv_takeover || !ours.send_takeover);
            prop_assert!(ours.recv_takeover || !theirs.send_takeover);
        }
    }
}
