#![forbid(unsafe_code)]

use super::*;
use proptest::prelude::*;

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

fn run(buf: &[u8]) -> (Parsed<'_>, Fields) {
    let mut fields = Fields::new();
    let parsed = parse(buf, &mut |i, name, value| {
        assert_eq!(i, fields.len());
        fields.push((name.to_vec(), value.to_vec()));
    });
    (parsed, fields)
}

fn head(buf: &[u8]) -> Head<'_> {
    match run(buf).0 {
        Parsed::Complete(head) => head,
        other => panic!("{other:?}: {}", buf.escape_ascii()),
    }
}

fn invalid(buf: &[u8]) {
    assert_eq!(run(buf).0, Parsed::Invalid, "{}", buf.escape_ascii());
}

#[test]
fn head_end_table() {
    use HeadEnd::{At, Invalid, NotYet};
    let table: [(&[u8], HeadEnd); 19] = [
        (b"", NotYet),
        (b"\n\n", At(2)),
        (b"\r\n\r\n", NotYet),
        (b"a\n\r\n", NotYet),
        (b"aa\n\r\n", At(5)),
        (b"a\n\n", At(3)),
        (b"x\r\n\n", At(4)),
        (b"x\n\r\n\n", At(5)),
        (b"GET / HTTP/1.1\r\n\r\n", At(18)),
        (b"GET / HTTP/1.1\r\n\r", NotYet),
        (b"a\r\n\r\nbody\n\n", At(5)),
        (b"a\n\nb\0", At(3)),
        (b"a\0", Invalid),
        (b"a\x01\n\n", Invalid),
        (b"a\x0b\n\n", Invalid),
        (b"a\x7f\n\n", At(4)),
        (b"a\xff\n\n", At(4)),
        (b"\x0823", Invalid),
        (b"ab\tc\r\n\r\n", At(8)),
    ];
    for (input, want) in table {
        assert_eq!(head_end(input, 0), want, "{}", input.escape_ascii());
    }
}

#[test]
fn request_line_table() {
    for (input, uri) in [
        ("GET / HTTP/1.1\r\n\r\n", "/"),
        ("GET / HTTP/1.1\n\n", "/"),
        ("GET / HTTP/1.1\r\n\n", "/"),
        ("GET / HTTP/1.1\n\r\n", "/"),
        ("GET  /   HTTP/1.1\r\n\r\n", "/"),
        ("GET / http/1.1\r\n\r\n", "/"),
        ("GET / HTTP/2.0\r\n\r\n", "/"),
        ("GET / HTTP/9.9\r\n\r\n", "/"),
        ("GET /\u{435} HTTP/1.1\r\n\r\n", "/\u{435}"),
        ("OPTIONS * HTTP/1.1\r\n\r\n", "*"),
        ("CONNECT h:443 HTTP/1.1\r\n\r\n", "h:443"),
        ("G@<> /\"<>\\ HTTP/1.1\r\n\r\n", "/\"<>\\"),
        ("HTTP/ /x HTTP/1.1\r\n\r\n", "/x"),
    ] {
        let head = head(input.as_bytes());
        assert_eq!(head.uri, uri.as_bytes());
        assert_eq!(head.len, input.len());
        assert!(!head.is_response);
    }
    for uri in [&b"/\xc0\x80"[..], b"/\xed\xa0\x80", b"/\xf7\xbf\xbf\xbf"] {
        let input = [b"GET ", uri, b" HTTP/1.1\r\n\r\n"].concat();
        assert_eq!(head(&input).uri, uri);
    }
    for input in [
        &b"\r\nGET / HTTP/1.1\r\n\r\n"[..],
        b" GET / HTTP/1.1\r\n\r\n",
        b"GET\t/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1 \r\n\r\n",
        b"GET / HTTP/1.1\t\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / \r\n\r\n",
        b"GET\n\n",
        b"/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.10\r\n\r\n",
        b"GET / HTTP/1\r\n\r\n",
        b"GET / HTTP/\r\n\r\n",
        b"GET / HTTPS/1.1\r\n\r\n",
        b"GET / HTTP/a.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /\x7f HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n\r\n",
        b"GET ?a HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\rX\r\n\r\n",
        b"GE\rT / HTTP/1.1\r\n\r\n",
    ] {
        invalid(input);
    }
    assert_eq!(run(b"GET / \r\n").0, Parsed::Incomplete);
    assert_eq!(run(b"").0, Parsed::Incomplete);
}

#[test]
fn query_is_split_at_the_first_question_mark() {
    let h = head(b"GET /a?b?c#d HTTP/1.1\r\n\r\n");
    assert_eq!((h.uri, h.query), (&b"/a"[..], Some(&b"b?c#d"[..])));
    assert_eq!(head(b"GET /? HTTP/1.1\r\n\r\n").query, Some(&b""[..]));
    assert_eq!(head(b"GET / HTTP/1.1\r\n\r\n").query, None);
    assert_eq!(head(b"HTTP/1.1 20?0 OK\r\n\r\n").query, Some(&b"0"[..]));
}

#[test]
fn responses() {
    for (input, status, reason, body) in [
        ("HTTP/1.1 200 OK\r\n\r\n", 200, "OK", None),
        ("HTTP/1.1 200\r\n\r\n", 200, "", None),
        ("HTTP/1.1 200 \r\n\r\n", 200, "", None),
        ("http/1.1 200 Not so OK\r\n\r\n", 200, "Not so OK", None),
        (
            "HTTP/1.1 204 No Content\r\n\r\n",
            204,
            "No Content",
            Some(0),
        ),
        (
            "HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n",
            204,
            "x",
            Some(5),
        ),
        (
            "HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n",
            304,
            "x",
            Some(0),
        ),
        ("HTTP/1.1 100 Continue\r\n\r\n", 100, "Continue", None),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            200,
            "OK",
            Some(5),
        ),
        ("HTTP/z /x HTTP/1.1\r\n\r\n", 0, "HTTP/1.1", None),
    ] {
        let h = head(input.as_bytes());
        assert!(h.is_response);
        assert_eq!(h.len, input.len());
        assert_eq!((h.status(), h.proto), (status, reason.as_bytes()));
        assert_eq!(h.announced_body(), body, "{input}");
    }
    for input in [
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 \r\n\r\n",
        "HTTP/ 200 OK\r\n\r\n",
    ] {
        invalid(input.as_bytes());
    }
}

#[test]
fn status_is_read_like_atoi() {
    for (text, want) in [
        ("404x", 404),
        ("abc", 0),
        ("-5", -5),
        ("+7", 7),
        ("", 0),
        (" 8", 8),
    ] {
        assert_eq!(status(text.as_bytes()), want);
    }
    assert_eq!(status(b"99999999999"), i32::MAX);
}

fn with_header(line: &[u8]) -> Vec<u8> {
    [b"GET / HTTP/1.1\r\n", line, b"\r\n\r\n"].concat()
}

#[test]
fn header_lines() {
    for (line, name, value) in [
        (&b"A: b"[..], &b"A"[..], &b"b"[..]),
        (b"A:b", b"A", b"b"),
        (b"A:\t b \t", b"A", b"b"),
        (b"A:", b"A", b""),
        (b"A: ", b"A", b""),
        (b"A: \x7f", b"A", b"\x7f"),
        (b"A: \xff\xfe", b"A", b"\xff\xfe"),
        (b"\xd0\xb5: x", b"\xd0\xb5", b"x"),
        (b"A: b: c", b"A", b"b: c"),
        (b"A\"(),/:;<=>?@[\\]{}: x", b"A\"(),/", b";<=>?@[\\]{}: x"),
    ] {
        let input = with_header(line);
        let (parsed, fields) = run(&input);
        assert!(matches!(parsed, Parsed::Complete(h) if h.len == input.len()));
        assert_eq!(fields, [(name.to_vec(), value.to_vec())]);
    }
    for line in [
        &b"A"[..],
        b"A b",
        b"A : b",
        b": b",
        b" A: b",
        b"A: b\r\n c",
        b"A: b\r\n\tc",
        b"A: b\rB: c",
        b"A: x\x01",
        b"\xff: x",
        b"A\x7f: x",
        b"A\tB: x",
    ] {
        invalid(&with_header(line));
    }
}

#[test]
fn fields_that_may_not_repeat() {
    for name in [
        "Content-Length",
        "Transfer-Encoding",
        "Authorization",
        "Cookie",
    ] {
        invalid(&with_header(
            format!("{name}: 5\r\n{}: 5", name.to_lowercase()).as_bytes(),
        ));
    }
    for name in ["Host", "Set-Cookie", "Content-Type", "Connection"] {
        let input = with_header(format!("{name}: 5\r\n{name}: 5").as_bytes());
        assert_eq!(run(&input).1.len(), 2);
    }
    invalid(&with_header(
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    ));
    invalid(&with_header(
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    ));
}

#[test]
fn content_lengths() {
    for (value, want) in [
        ("0", 0),
        ("5", 5),
        (" 5 ", 5),
        ("\t5\t", 5),
        ("05", 5),
        ("9223372036854775807", isize::MAX as usize),
    ] {
        let input = with_header(format!("Content-Length:{value}").as_bytes());
        assert_eq!(head(&input).announced_body(), Some(want));
    }
    for value in [
        "",
        " ",
        "+5",
        "-5",
        "-0",
        "5,5",
        "5, 5",
        "5 5",
        "0x5",
        "5.0",
        "5a",
        "1e3",
        "9223372036854775808",
        "18446744073709551500",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        invalid(&with_header(format!("Content-Length: {value}").as_bytes()));
    }
}

#[test]
fn headers_beyond_the_storage_are_checked_but_not_stored() {
    let many = |n: usize, last: &str| {
        let mut input = b"GET / HTTP/1.1\r\n".to_vec();
        for i in 0..n {
            input.extend_from_slice(format!("h{i}: {i}\r\n").as_bytes());
        }
        input.extend_from_slice(last.as_bytes());
        input.extend_from_slice(b"\r\n");
        input
    };
    for n in [29, 30, 31, 500] {
        let input = many(n, "");
        assert_eq!(run(&input).1.len(), n.min(MAX_HTTP_HEADERS));
        assert_eq!(head(&input).len, input.len());
    }
    for last in [
        "Content-Length: 5\r\n",
        "connection: close\r\n",
        "Host: a\r\n",
        "garbage\r\n",
    ] {
        invalid(&many(MAX_HTTP_HEADERS, last));
    }
}

#[test]
fn versions_before_1_1() {
    for (version, old) in [("0.9", true), ("1.0", true), ("1.1", false), ("2.0", false)] {
        let input = format!("GET / HTTP/{version}\r\n\r\n");
        assert_eq!(head(input.as_bytes()).is_http10, old, "{version}");
    }
}

#[test]
fn connection_options_are_list_members() {
    for (value, closes) in [
        ("close", true),
        ("CLOSE, TE", true),
        ("keep-alive ,\tclose", true),
        ("closed", false),
        ("keep-alive", false),
        ("", false),
        ("TE\r\nConnection: close", true),
        ("close\r\nConnection: keep-alive", true),
        ("clo\r\nConnection: se", false),
    ] {
        let input = with_header(format!("Connection: {value}").as_bytes());
        assert_eq!(head(&input).connection.close, closes, "{value}");
    }
}

/// Bytes that mean something to a parser, and others.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            &b"GET"[..], b" ", b"/", b"?", b"HTTP/1.1", b"HTTP/1.0", b"\r\n", b"\n", b"\r", b":", b": ",
            b"\t", b"a", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
            b"Connection: close\r\n", b"Cookie: a=b\r\n", b"Expect: 100-continue\r\n",
            b"X-Y: z \r\n", b"\xd0\xb5", b"\xff", b"\x7f", b"\0", b"-", b"\"", b"200", b"OK",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    let tail = prop::collection::vec(piece, 0..12).prop_map(|v| v.concat());
    let start = prop::sample::select(vec![
        &b""[..],
        b"GET / HTTP/1.1\r\n",
        b"POST /a?b HTTP/1.0\n",
        b"HTTP/1.1 200 OK\r\n",
        b"\r\n",
    ]);
    (start, tail).prop_map(|(start, tail)| [start, &tail[..], b"\r\n\r\n"].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_fast_path_agrees_with_the_scanner(buf in soup()) {
        let mut fast_fields = vec![];
        let fast = parse_ordinary(&buf, &mut |_, n, v| fast_fields.push((n, v)));
        if let Some(fast) = fast {
            let mut fields = vec![];
            let any = parse_any(&buf, &mut |_, n, v| fields.push((n, v)));
            prop_assert_eq!(&fast, &any);
            if any != Parsed::Invalid {
                prop_assert_eq!(fast_fields, fields);
            }
        }
    }

    #[test]
    fn a_head_that_arrives_in_pieces_ends_at_the_same_place(buf in soup(), cut in 0usize..80) {
        let cut = cut.min(buf.len());
        let whole = head_end(&buf, 0);
        let first = head_end(&buf[..cut], 0);
        match first {
            HeadEnd::NotYet => prop_assert_eq!(head_end(&buf, cut), whole),
            _ => prop_assert_eq!(first, whole),
        }
    }

    #[test]
    fn no_verdict_changes_when_more_bytes_follow(buf in soup(), more in any::<Vec<u8>>()) {
        if let Parsed::Complete(head) = run(&buf).0 {
            let longer = [&buf[..], &more].concat();
            prop_assert_eq!(run(&longer).0, Parsed::Complete(head));
        }
    }
}
