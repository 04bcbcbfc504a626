//! Accept-Encoding (RFC 9110, 12.5.3).
#![forbid(unsafe_code)]

use super::Coding;

/// The content codings that a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Weights in thousandths of the codings that are named, in the order of [`Coding::ALL`].
    named: [Option<u16>; 4],
    /// The weight of all others, if "*" stands for them.
    others: Option<u16>,
}

impl Accepted {
    /// Of a client that says nothing about it.
    pub const NONE: Accepted = Accepted {
        named: [None; 4],
        others: None,
    };

    /// Takes in the value of a field; a request may have several. Members that are malformed or name
    /// codings that nobody here speaks do not count. Of several weights for a coding the least does.
    pub fn add(&mut self, value: &[u8]) {
        for member in value.split(|&b| b == b',') {
            let Some((coding, weight)) = member_of(member.trim_ascii()) else {
                continue;
            };
            let slot = match coding {
                b"*" => &mut self.others,
                _ => match index(coding) {
                    Some(i) => &mut self.named[i],
                    None => continue,
                },
            };
            *slot = Some(slot.map_or(weight, |before| before.min(weight)));
        }
    }

    /// The codings to try, the best first: the one with the greatest weight, and among equals our
    /// favourite. Identity is always among them: last when the client refuses it, because an answer
    /// that a client may not like is better than none, and when it says nothing about it.
    pub fn ranked(self) -> impl Iterator<Item = Coding> {
        let weight = move |i: usize| self.named[i].or(self.others).unwrap_or(0);
        let mut order = [0, 1, 2, 3];
        order.sort_by_key(|&i| std::cmp::Reverse(weight(i)));
        order
            .into_iter()
            .filter(move |&i| weight(i) > 0 || Coding::ALL[i] == Coding::Identity)
            .map(|i| Coding::ALL[i])
    }

    /// True when the client would rather have gzip than what is not coded at all.
    pub fn prefers_gzip(self) -> bool {
        self.ranked()
            .find(|coding| matches!(coding, Coding::Gzip | Coding::Identity))
            == Some(Coding::Gzip)
    }
}

/// Where a coding stands in [`Coding::ALL`]. Names have no case, and gzip has two of them (RFC 9110,
/// 8.4.1.3).
fn index(name: &[u8]) -> Option<usize> {
    let name: &[u8] = if name.eq_ignore_ascii_case(b"x-gzip") {
        b"gzip"
    } else {
        name
    };
    Coding::ALL
        .iter()
        .position(|coding| coding.name().eq_ignore_ascii_case(name))
}

/// A coding and its weight, from a member such as `gzip;q=0.5`.
fn member_of(member: &[u8]) -> Option<(&[u8], u16)> {
    let Some(semicolon) = memchr::memchr(b';', member) else {
        return Some((member, 1000));
    };
    let coding = member[..semicolon].trim_ascii_end();
    let weight = member[semicolon + 1..].trim_ascii_start();
    match weight {
        [b'q' | b'Q', b'=', value @ ..] => Some((coding, thousandths(value)?)),
        _ => None,
    }
}

/// A weight: 0 to 1 with up to three decimals (RFC 9110, 12.4.2).
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let mut weight = u16::from(whole - b'0');
    for i in 0..3 {
        let digit = decimals.get(i).copied().unwrap_or(b'0');
        weight = weight * 10 + u16::try_from(char::from(digit).to_digit(10)?).ok()?;
    }
    (weight <= 1000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepted(fields: &[&str]) -> Accepted {
        let mut accepted = Accepted::NONE;
        for field in fields {
            accepted.add(field.as_bytes());
        }
        accepted
    }

    fn ranked(fields: &[&str]) -> String {
        let names = accepted(fields).ranked().map(Coding::name);
        let names = names.map(|name| std::str::from_utf8(name).unwrap());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_best_coding_comes_first() {
        for (fields, want) in [
            (&[][..], "identity"),
            (&[""], "identity"),
            (&[",, ,"], "identity"),
            (&["gzip"], "gzip identity"),
            (&["GZip"], "gzip identity"),
            (&["x-gzip"], "gzip identity"),
            (&["gzip, br, zstd"], "br zstd gzip identity"),
            (&["gzip", "zstd", "br"], "br zstd gzip identity"),
            (&["gzip, deflate, br, zstd"], "br zstd gzip identity"),
            (
                &["gzip;q=1.0, br;q=0.8, zstd;q=0.9"],
                "gzip zstd br identity",
            ),
            (&["gzip;q=0.001"], "gzip identity"),
            (&["gzip;q=0"], "identity"),
            (&["gzip;q=0."], "identity"),
            (&["gzip;q=0.000, br"], "br identity"),
            (&["*"], "br zstd gzip identity"),
            (&["*;q=0"], "identity"),
            (&["*;q=0, gzip"], "gzip identity"),
            (&["br;q=0, *"], "zstd gzip identity"),
            (&["gzip;q=0.5, *;q=0.9"], "br zstd identity gzip"),
            (&["identity"], "identity"),
            (&["identity, gzip"], "gzip identity"),
            (&["identity;q=0.5, gzip;q=0.4"], "identity gzip"),
            (&["identity;q=0.5, gzip;q=0.4, br"], "br identity gzip"),
            (&["identity;q=0, gzip;q=0.1"], "gzip identity"),
            (&["identity;q=0"], "identity"),
            (&["compress, deflate, bzip2"], "identity"),
            (&["gzip;q=0, x-gzip"], "identity"),
            (&["gzip", "gzip;q=0"], "identity"),
            (&["gzip ; q=0.5,\tbr;Q=0.6"], "br gzip identity"),
        ] {
            assert_eq!(ranked(fields), want, "{fields:?}");
        }
    }

    #[test]
    fn malformed_members_do_not_count() {
        for member in [
            "gzip;q",
            "gzip;q=",
            "gzip;q=2",
            "gzip;q=1.001",
            "gzip;q=0.1234",
            "gzip;q=00.1",
            "gzip;q=-1",
            "gzip;q=+1",
            "gzip;q=.5",
            "gzip;q=1e0",
            "gzip;q = 1",
            "gzip;level=1",
            "gzip;",
            "gzip gzip",
            "gzip\0",
            "gzipped",
            "gzip/1",
            "\"gzip\"",
            ";q=1",
        ] {
            assert_eq!(ranked(&[member]), "identity", "{member}");
            let both = format!("{member}, br;q=0.3");
            assert_eq!(ranked(&[&both]), "br identity", "{member}");
        }
    }

    #[test]
    fn gzip_or_nothing() {
        for (field, want) in [
            ("", false),
            ("br", false),
            ("gzip", true),
            ("gzip, br", true),
            ("gzip;q=0", false),
            ("*", true),
            ("gzip;q=0.5, identity", false),
            ("gzip;q=0.5, identity;q=0.5", true),
            ("identity;q=0, *;q=0.1", true),
        ] {
            assert_eq!(accepted(&[field]).prefers_gzip(), want, "{field}");
        }
    }

    proptest! {
        #[test]
        fn any_field_is_survived(fields: Vec<Vec<u8>>) {
            let mut accepted = Accepted::NONE;
            fields.iter().for_each(|field| accepted.add(field));
            let ranked: Vec<_> = accepted.ranked().collect();
            prop_assert!(ranked.contains(&Coding::Identity));
        }

        #[test]
        fn weights_decide(weights: [Option<u16>; 4], upper: bool) {
            let weights = weights.map(|w| w.map(|w| w % 1001));
            let mut field = String::new();
            for (coding, weight) in Coding::ALL.iter().zip(weights) {
                if let Some(weight) = weight {
                    let name = std::str::from_utf8(coding.name()).unwrap();
                    let q = f64::from(weight) / 1000.0;
                    field += &format!("{name};q={q:.3}, ");
                }
            }
            if upper {
                field.make_ascii_uppercase();
            }
            let ranked: Vec<_> = accepted(&[&field]).ranked().collect();
            let weight = |coding: Coding| weights[coding as usize].unwrap_or(0);
            for pair in ranked.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                prop_assert!(weight(a) > weight(b) || weight(a) == weight(b) && (a as u8) < b as u8);
            }
            for coding in Coding::ALL {
                let wanted = weight(coding) > 0 || coding == Coding::Identity;
                prop_assert_eq!(ranked.contains(&coding), wanted);
            }
        }

        #[test]
        fn several_fields_are_one_list(a in "[a-z*;=q01., -]{0,20}", b in "[a-z*;=q01., -]{0,20}") {
            let joined = format!("{a},{b}");
            prop_assert_eq!(accepted(&[&a, &b]), accepted(&[&joined]));
        }
    }
}
