//! Strings, patterns, numbers, encodings.

use crate::assert_inside;
use mongoose::ffi::mg_str;
use mongoose::net::{addr, mg_addr};
use mongoose::string::ffi::{mg_match, mg_span, mg_str_to_num, mg_to_size_t};
use mongoose::url::ffi::{
    mg_url_decode, mg_url_encode, mg_url_host, mg_url_is_ssl, mg_url_pass, mg_url_port, mg_url_uri,
    mg_url_user,
};
use mongoose::util::base64::ffi::{
    mg_base64_decode, mg_base64_encode, mg_base64_final, mg_base64_update, mg_base64url_decode,
    mg_base64url_encode,
};
use mongoose::util::ffi::{mg_aton, mg_check_ip_acl, mg_path_is_sane};
use std::ffi::CString;

fn view(data: &[u8]) -> mg_str {
    mg_str::from_bytes(data)
}

/// A buffer, and a byte behind it that has to stay as it is.
struct Guarded(Vec<u8>);

impl Guarded {
    fn new(room: usize) -> Guarded {
        Guarded(vec![0xaa; room + 1])
    }

    fn room(&self) -> usize {
        self.0.len() - 1
    }

    /// The first `n` bytes, which a NUL follows.
    fn text(&self, n: usize) -> &[u8] {
        assert_eq!(self.0.last(), Some(&0xaa), "written behind the buffer");
        assert!(n < self.room() && self.0[n] == 0, "not terminated");
        &self.0[..n]
    }
}

/// A pattern up to the first line end, and a text. The pattern's literal bytes occur in the text,
/// and captures lie inside it, in order.
pub fn pattern(data: &[u8]) {
    let at = data.iter().position(|&b| b == b'\n');
    let (pattern, text) = match at {
        Some(i) => (&data[..i], &data[i + 1..]),
        None => (data, &data[..0]),
    };
    let wildcards = pattern.iter().filter(|b| b"?*#".contains(b)).count();
    let mut caps = vec![mg_str::NULL; wildcards + 1];
    // SAFETY: views of the input, and an element more than there are wildcards.
    let (matched, again) = unsafe {
        (
            mg_match(view(text), view(pattern), caps.as_mut_ptr()),
            mg_match(view(text), view(pattern), std::ptr::null_mut()),
        )
    };
    assert_eq!(matched, again);
    if wildcards == 0 {
        assert_eq!(matched, pattern == text);
    }
    if !matched {
        assert!(caps[0].buf.is_null() && caps[0].len == 0);
        return;
    }
    let mut end = text.as_ptr();
    for cap in caps.iter().take_while(|cap| !cap.buf.is_null()) {
        assert_inside(text, *cap);
        let start = cap.buf.cast_const().cast::<u8>();
        assert!(start >= end || cap.len == 0);
        end = start.wrapping_add(cap.len);
    }
}

/// Numbers: what is read, is written in the same digits; and all widths agree.
pub fn number(data: &[u8]) {
    for base in [0, 2, 10, 16, 7] {
        let mut wide = 0x55_u64;
        // SAFETY: a view of the input, and an integer of this size.
        let read = unsafe { mg_str_to_num(view(data), base, (&raw mut wide).cast(), 8) };
        assert!(read || wide == 0x55, "changed without success");
        assert!(!read || base != 7);
        for width in [1, 2, 4] {
            let mut narrow = 0x55_u64;
            // SAFETY: as above.
            let fits = unsafe { mg_str_to_num(view(data), base, (&raw mut narrow).cast(), width) };
            assert_eq!(fits, read && wide >> (8 * width) == 0);
            if fits {
                assert_eq!(narrow.to_le(), wide.to_le(), "{width} bytes");
            }
        }
        if let (true, 10) = (read, base) {
            let plain = String::from_utf8(data.to_vec()).unwrap();
            assert_eq!(plain.parse(), Ok(wide));
        }
    }
    let mut size = 0x55_usize;
    // SAFETY: a view of the input, and an integer.
    let read = unsafe { mg_to_size_t(view(data), &raw mut size) };
    let expected = std::str::from_utf8(data)
        .map(|text| text.trim_matches([' ', '\t']))
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok());
    assert_eq!(read.then_some(size), expected);
    spans(data);
}

/// A list is taken apart completely, and nothing is left out.
fn spans(data: &[u8]) {
    let (mut rest, mut entry, mut length, mut entries) = (view(data), mg_str::NULL, 0, 0);
    // SAFETY: views of the input.
    while unsafe { mg_span(rest, &raw mut entry, &raw mut rest, b',' as _) } {
        assert_inside(data, entry);
        assert_inside(data, rest);
        length += entry.len;
        entries += 1;
    }
    let commas = data.iter().filter(|&&b| b == b',').count();
    assert_eq!(length + commas, data.len());
    assert!(entries == commas || entries == commas + 1);
}

/// Addresses and access lists. The first line is an address.
pub fn address(data: &[u8]) {
    let at = data.iter().position(|&b| b == b'\n').unwrap_or(data.len());
    let (text, acl) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let mut address = mg_addr {
        addr: mongoose::net::ffi::mg_addr_bytes { ip: [0; 16] },
        port: 7,
        scope_id: 0,
        is_ip6: false,
    };
    // SAFETY: a view of the input, and an address.
    let read = unsafe { mg_aton(view(text), &raw mut address) };
    assert_eq!(address.port, 7, "the port is left alone");
    if read {
        let again = addr::parse(address.ip().to_string().as_bytes()).unwrap();
        // SAFETY: every bit pattern is valid.
        assert_eq!(again.bytes, unsafe { address.addr.ip });
        assert_eq!(again.is_ip6, address.is_ip6);
    }
    // SAFETY: views of the input, and an address.
    let verdict = unsafe { mg_check_ip_acl(view(acl), &raw mut address) };
    assert!((-2..=1).contains(&verdict));
    assert!(!address.is_ip6 || verdict == -1);
    if acl.is_empty() && !address.is_ip6 {
        assert_eq!(verdict, 1);
    }
}

/// Parts of URLs lie inside them.
pub fn url(data: &[u8]) {
    let text: Vec<u8> = data.iter().copied().filter(|&b| b != 0).collect();
    let url = CString::new(text).unwrap();
    let bytes = url.as_bytes_with_nul();
    // SAFETY: a terminated string.
    unsafe {
        let p = url.as_ptr();
        for part in [mg_url_host(p), mg_url_user(p), mg_url_pass(p)] {
            assert_inside(bytes, part);
            assert!(!part.as_bytes().contains(&b'/') || !bytes.contains(&b':') || part.len > 0);
        }
        let uri = std::ffi::CStr::from_ptr(mg_url_uri(p)).to_bytes();
        assert!(uri == b"/" || url.as_bytes().ends_with(uri) && uri.starts_with(b"/"));
        mg_url_port(p);
        assert!(!mg_url_is_ssl(p) || bytes.contains(&b':'));
    }
}

/// Percent-encoding: what is encoded decodes to itself; decoding never grows, and works in place.
pub fn percent(data: &[u8]) {
    let mut encoded = Guarded::new(data.len() * 3 + 5);
    let mut decoded = Guarded::new(data.len() + 1);
    // SAFETY: a view of the input, and buffers of these sizes.
    unsafe {
        let (p, n) = (data.as_ptr().cast(), data.len());
        let len = mg_url_encode(p, n, encoded.0.as_mut_ptr().cast(), encoded.room());
        let text = encoded.text(len);
        assert!(
            text.iter()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(b))
        );
        let back = mg_url_decode(
            text.as_ptr().cast(),
            len,
            decoded.0.as_mut_ptr().cast(),
            decoded.room(),
            1,
        );
        assert_eq!(usize::try_from(back), Ok(n));
        assert_eq!(decoded.text(n), data);
        for (form, room) in [(0, n + 1), (1, n + 1), (1, n / 2 + 1)] {
            let mut to = Guarded::new(room);
            let len = mg_url_decode(p, n, to.0.as_mut_ptr().cast(), room, form);
            let mut same = data.to_vec();
            same.resize(room.max(n) + 1, 0xaa);
            let place = same.as_mut_ptr().cast();
            assert_eq!(mg_url_decode(place, n, place, room, form), len);
            if let Ok(len) = usize::try_from(len) {
                assert_eq!(to.text(len), &same[..len]);
            }
            assert_eq!(to.0[room], 0xaa, "written behind the buffer");
        }
    }
}

/// Base64 in both alphabets: what is encoded decodes to itself, byte by byte or at once, and any text
/// decodes within its bounds.
pub fn base64(data: &[u8]) {
    let room = data.len().div_ceil(3) * 4 + 1;
    // SAFETY: a view of the input, and buffers of the sizes that the functions ask for.
    unsafe {
        let (p, n) = (data.as_ptr(), data.len());
        let mut plain = Guarded::new(room);
        let len = mg_base64_encode(p, n, plain.0.as_mut_ptr().cast(), room);
        let text = plain.text(len);
        assert_eq!(len, room - 1);
        let mut steps = Guarded::new(room + 1);
        let buf = steps.0.as_mut_ptr().cast();
        let stepped = data.iter().fold(0, |len, b| mg_base64_update(*b, buf, len));
        let stepped = mg_base64_final(buf, stepped);
        assert_eq!(steps.text(stepped), text);
        let mut back = Guarded::new(len / 4 * 3 + 1);
        let decoded = mg_base64_decode(
            text.as_ptr().cast(),
            len,
            back.0.as_mut_ptr().cast(),
            back.room(),
        );
        assert_eq!(back.text(decoded), data);

        let mut safe = Guarded::new(room);
        let len = mg_base64url_encode(p, n, safe.0.as_mut_ptr().cast(), room);
        let text = safe.text(len).to_vec();
        assert!(!text.iter().any(|b| b"+/=".contains(b)));
        let decoded = mg_base64url_decode(
            text.as_ptr().cast(),
            len,
            back.0.as_mut_ptr().cast(),
            back.room(),
        );
        assert_eq!(back.text(decoded), data);

        for decode in [mg_base64_decode, mg_base64url_decode] {
            for room in [1, n / 2 + 1, n + 1] {
                let mut to = Guarded::new(room);
                let len = decode(p.cast(), n, to.0.as_mut_ptr().cast(), room);
                to.text(len);
                let mut same = [data, &[0xaa; 2]].concat();
                let place = same.as_mut_ptr().cast();
                assert_eq!(decode(place, n, place.cast(), room), len, "in place");
                assert_eq!(&same[..len], to.text(len));
            }
        }
    }
}

/// Paths that are called sane do not climb, however a file system reads them.
pub fn path(data: &[u8]) {
    // SAFETY: a view of the input.
    if unsafe { mg_path_is_sane(view(data)) } && data.first() != Some(&0) {
        assert!(!data.contains(&0) && !data.starts_with(b"~"));
        let mut depth = 0;
        for part in data.split(|b| matches!(b, b'/' | b'\\')) {
            depth += match part {
                b"" | b"." => 0,
                b".." => -1,
                _ => 1,
            };
            assert!(depth >= 0);
        }
    }
}
