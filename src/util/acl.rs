//! Access lists of IPv4 networks.
#![forbid(unsafe_code)]

use crate::string::{split, take_integer};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Denied,
    /// An entry does not begin with `+` or `-`.
    BadEntry,
    /// An entry's network cannot be read.
    BadNetwork,
}

/// What an access list says about an address: the last entry that matches wins. Without entries
/// every address is allowed, else those that no entry matches are denied.
pub fn check(mut acl: &[u8], address: [u8; 4]) -> Verdict {
    let address = u32::from_be_bytes(address);
    let mut verdict = if acl.is_empty() {
        Verdict::Allowed
    } else {
        Verdict::Denied
    };
    while let Some((entry, rest)) = split(acl, b',') {
        let meaning = match entry.first() {
            Some(b'+') => Verdict::Allowed,
            Some(b'-') => Verdict::Denied,
            _ => return Verdict::BadEntry,
        };
        let Some((network, bits)) = network(&entry[1..]) else {
            return Verdict::BadNetwork;
        };
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        if address & mask == network {
            verdict = meaning;
        }
        acl = rest;
    }
    verdict
}

/// Reads `a.b.c.d` and maybe `/bits`, as scanf() with `%d` does; what follows is ignored.
fn network(mut text: &[u8]) -> Option<(u32, u32)> {
    let mut quad = [0; 4];
    for (i, byte) in quad.iter_mut().enumerate() {
        if i > 0 {
            text = text.strip_prefix(b".")?;
        }
        *byte = u8::try_from(take_integer(&mut text)? as i32).ok()?;
    }
    let written = text
        .strip_prefix(b"/")
        .and_then(|mut rest| take_integer(&mut rest));
    let bits = u32::try_from(written.unwrap_or(32) as i32)
        .ok()
        .filter(|&bits| bits <= 32)?;
    Some((u32::from_be_bytes(quad), bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        use Verdict::*;
        for (acl, expected) in [
            ("", Allowed),
            ("+1.2.3.4", Allowed),
            ("-1.2.3.4", Denied),
            ("+1.2.3.0/24", Allowed),
            ("+1.2.3.4/24", Denied),
            ("+0.0.0.0/0", Allowed),
            ("-0.0.0.0/0,+1.2.0.0/16", Allowed),
            ("+1.2.0.0/16,-1.2.3.4", Denied),
            ("-0.0.0.0/0,+1.0.0.0/16", Denied),
            ("+9.9.9.9", Denied),
            ("invalid", BadEntry),
            (",+1.2.3.4", BadEntry),
            ("+1.2.3.4,bad", BadEntry),
            ("+1.2.3.4, +1.2.3.5", BadEntry),
            ("+hi", BadNetwork),
            ("+1.2.3", BadNetwork),
            ("+256.1.1.1", BadNetwork),
            ("+-1.2.3.4", BadNetwork),
            ("+1 .2.3.4", BadNetwork),
            ("+1.2.3.4/33", BadNetwork),
            ("+1.2.3.4/-1", BadNetwork),
            ("+", BadNetwork),
            ("+1.2.3.4,", Allowed),
            ("+1.2.3.4/", Allowed),
            ("+1.2.3.4x", Allowed),
            ("+1.2.3.4/32x", Allowed),
            ("+1.2.3.4/ +32", Allowed),
            ("+ 1.2.3.4", Allowed),
            ("++1.2.3.4", Allowed),
            ("+01.2.3.4", Allowed),
            ("+4294967297.2.3.4", Allowed),
            ("+18446744073709551617.2.3.4", BadNetwork),
        ] {
            assert_eq!(check(acl.as_bytes(), [1, 2, 3, 4]), expected, "{acl}");
        }
    }
}
