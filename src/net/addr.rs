//! Literal addresses.
#![forbid(unsafe_code)]

use std::net::Ipv6Addr;

/// An address without a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Network order; an IPv4 address uses the first 4.
    pub bytes: [u8; 16],
    /// Interface index of an IPv6 address, 0 for none.
    pub scope_id: u8,
    pub is_ip6: bool,
}

/// The address that `text` spells: a dotted quad, an IPv6 address in or without brackets and with
/// or without a numeric `%scope`, `localhost`, or nothing at all, which is 0.0.0.0. `None` for
/// anything else, such as a host name.
#[inline]
pub fn parse(text: &[u8]) -> Option<Address> {
    if text.is_empty() {
        return Some(Address::default());
    }
    if text.eq_ignore_ascii_case(b"localhost") {
        return Some(ip4([127, 0, 0, 1]));
    }
    quad(text).map(ip4).or_else(|| ip6(text))
}

fn ip4(quad: [u8; 4]) -> Address {
    let mut address = Address::default();
    address.bytes[..4].copy_from_slice(&quad);
    address
}

/// Four decimal numbers. Unlike std, leading zeros are accepted; they do not mean octal.
fn quad(text: &[u8]) -> Option<[u8; 4]> {
    let mut quad = [0; 4];
    let (mut part, mut digits, mut value) = (0, 0, 0u32);
    for &b in text {
        match b {
            b'0'..=b'9' => {
                value = value * 10 + u32::from(b - b'0');
                digits += 1;
                if value > 255 {
                    return None;
                }
            }
            b'.' if digits > 0 && part < 3 => {
                quad[part] = value as u8;
                (part, digits, value) = (part + 1, 0, 0);
            }
            _ => return None,
        }
    }
    quad[3] = value as u8;
    (part == 3 && digits > 0).then_some(quad)
}

/// Decimal digits, at least one, of a value up to 255.
fn decimal(text: &[u8]) -> Option<u8> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u8, |value, b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// RFC 4291 section 2.2, but a dotted quad only after `::ffff:` (mapped IPv4).
fn ip6(text: &[u8]) -> Option<Address> {
    const MAPPED: &[u8] = b"::ffff:";
    let text = match text.strip_prefix(b"[") {
        Some(rest) => rest.strip_suffix(b"]")?,
        None => text,
    };
    if let Some((prefix, mapped_quad)) = text.split_at_checked(MAPPED.len())
        && prefix.eq_ignore_ascii_case(MAPPED)
        && let Some(quad) = quad(mapped_quad)
    {
        return Some(Address {
            bytes: mapped(quad),
            scope_id: 0,
            is_ip6: true,
        });
    }
    let (bytes, scope_id) = match groups(text)? {
        (bytes, []) => (bytes, 0),
        (bytes, [b'%', scope @ ..]) => (bytes, decimal(scope)?),
        _ => return None,
    };
    Some(Address {
        bytes,
        scope_id,
        is_ip6: true,
    })
}

/// Takes eight groups of hexadecimal digits, of which `::` stands for at least one. Returns them
/// and what is behind.
fn groups(text: &[u8]) -> Option<([u8; 16], &[u8])> {
    let mut groups = [0u16; 8];
    let (mut count, mut gap, mut rest) = (0, None, text);
    if let Some(behind) = rest.strip_prefix(b"::") {
        (gap, rest) = (Some(0), behind);
    }
    loop {
        let (mut value, mut digits) = (0, 0);
        while let Some((&b, behind)) = rest.split_first()
            && let Some(digit) = char::from(b).to_digit(16)
        {
            value = value << 4 | digit as u16;
            (digits, rest) = (digits + 1, behind);
        }
        match digits {
            // Nothing has to follow a gap.
            0 if gap == Some(count) => break,
            1..=4 if count < groups.len() => groups[count] = value,
            _ => return None,
        }
        count += 1;
        match rest {
            [b':', b':', behind @ ..] if gap.is_none() => (gap, rest) = (Some(count), behind),
            [b':', behind @ ..] => rest = behind,
            _ => break,
        }
    }
    match gap {
        Some(gap) if count < groups.len() => {
            let missing = groups.len() - count;
            groups[gap..].rotate_right(missing);
        }
        None if count == groups.len() => {}
        _ => return None,
    }
    Some((Ipv6Addr::from_segments(groups).octets(), rest))
}

fn mapped(quad: [u8; 4]) -> [u8; 16] {
    let [a, b, c, d] = quad;
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v4(text: &str) -> Option<[u8; 4]> {
        let a = parse(text.as_bytes())?;
        assert!(
            !a.is_ip6 && a.scope_id == 0 && a.bytes[4..] == [0; 12],
            "{text}"
        );
        Some([a.bytes[0], a.bytes[1], a.bytes[2], a.bytes[3]])
    }

    fn v6(text: &str) -> Option<(String, u8)> {
        let a = parse(text.as_bytes())?;
        assert!(a.is_ip6, "{text}");
        Some((Ipv6Addr::from(a.bytes).to_string(), a.scope_id))
    }

    #[test]
    fn ipv4() {
        assert_eq!(v4(""), Some([0; 4]));
        assert_eq!(v4("localhost"), Some([127, 0, 0, 1]));
        assert_eq!(v4("LOCALhost"), Some([127, 0, 0, 1]));
        assert_eq!(v4("1.2.3.4"), Some([1, 2, 3, 4]));
        assert_eq!(v4("01.002.0003.4"), Some([1, 2, 3, 4]));
        assert_eq!(v4("255.255.255.255"), Some([255; 4]));
    }

    #[test]
    fn not_ipv4() {
        for text in [
            "0",
            "1.2.3",
            "127.1",
            "256.1.1.1",
            "1.2.3.4.",
            "1..2.3",
            "1.2.3.4 ",
            " 1.2.3.4",
            "0.0.0.-1",
            "0x7f.0.0.1",
            "*",
            "[1.2.3.4]",
            "1.2.3.4.5",
            "localhost.",
            ".",
            "...",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn ipv6() {
        for (text, expected) in [
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("1:2::3", "1:2::3"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("0000:0000::0001", "::1"),
            ("[::1]", "::1"),
            ("[1::2]", "1::2"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
            ("::FFFF:1.2.3.04", "::ffff:1.2.3.4"),
            ("[::ffff:1.2.3.4]", "::ffff:1.2.3.4"),
            ("::ffff:102:304", "::ffff:1.2.3.4"),
        ] {
            assert_eq!(v6(text), Some((expected.into(), 0)), "{text}");
        }
        for text in ["fe80::1%5", "[fe80::1%5]", "fe80::1%005"] {
            assert_eq!(v6(text), Some(("fe80::1".into(), 5)), "{text}");
        }
        assert_eq!(
            v6("1:2:3:4:5:6:7:8%255"),
            Some(("1:2:3:4:5:6:7:8".into(), 255))
        );
    }

    #[test]
    fn not_ipv6() {
        for text in [
            "::1.2.3.4",
            "64:ff9b::1.2.3.4",
            "12345::1",
            "1:::2",
            "1::2::3",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:g",
            ":",
            ":1",
            "1:",
            "a",
            "abcd",
            "[]",
            "[",
            "[[::1]]",
            "::1/64",
            "[::1",
            "::1]",
            "::1:",
            "::1%",
            "::1%256",
            "::1%eth0",
            "::1%+1",
            "::1%1%2",
            "%1",
            "[::1]:80",
            "::ffff:1.2.3",
            "::ffff:1.2.3.4%5",
            "1::1:2:3:4:5:6:7:8",
            "::\u{e9}",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn ipv6_as_std_reads_it(text in "[0-9a-fA-F:]{0,12}|(:|[0-9a-f]{1,5}|::){0,12}") {
            let expected = text.parse::<Ipv6Addr>().ok().map(|ip| ip.octets());
            let found = groups(text.as_bytes()).filter(|(_, rest)| rest.is_empty());
            prop_assert_eq!(found.map(|(bytes, _)| bytes), expected);
        }

        #[test]
        fn ipv6_as_std_writes_it(octets: [u8; 16], zeros in 0usize..16, n in 0usize..16) {
            let mut octets = octets;
            octets[zeros..].iter_mut().take(n).for_each(|byte| *byte = 0);
            let ip = Ipv6Addr::from_octets(octets);
            prop_assume!(ip.to_ipv4().is_none());
            let text = ip.to_string();
            prop_assert_eq!(groups(text.as_bytes()), Some((octets, &[][..])));
        }
    }
}
