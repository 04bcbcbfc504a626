//! How long a message is, and whether the connection outlives it (RFC 9112, 6.3 and 9.3).
#![forbid(unsafe_code)]

use super::parser::Head;

/// Where the body of a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes.
    Length(usize),
    Chunked,
    /// With the stream.
    UntilClose,
    /// No body, and the real response follows (1xx).
    Interim,
}

/// Why a message cannot be delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FramingError {
    /// A transfer coding other than chunked.
    TransferEncoding,
    /// Transfer-Encoding in an HTTP/1.0 request: a proxy in front may or may not have decoded it.
    CodedHttp10,
}

/// The framing of a message; `no_body` when it answers a HEAD request.
pub fn framing(head: &Head, no_body: bool) -> Result<Framing, FramingError> {
    if head.is_response {
        match head.status() {
            101 => return Ok(Framing::UntilClose),
            100..=199 => return Ok(Framing::Interim),
            204 | 304 => return Ok(Framing::Length(0)),
            _ if no_body => return Ok(Framing::Length(0)),
            _ => {}
        }
    }
    match (head.transfer_encoding, head.announced_body()) {
        (Some(_), _) if head.is_http10 => Err(FramingError::CodedHttp10),
        (Some(coding), _) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (Some(_), _) => Err(FramingError::TransferEncoding),
        (None, Some(len)) => Ok(Framing::Length(len)),
        (None, None) => Ok(Framing::UntilClose),
    }
}

/// What happens to the connection after the response to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persistence {
    #[default]
    Keep,
    /// HTTP/1.0: close once no further request has arrived.
    CloseWhenIdle,
    /// HTTP/1.0 with keep-alive: the same, unless the response repeats that option, which tells
    /// the client that it ends before the connection does.
    KeepIfTold,
    /// The client asked for closing; requests behind this one are not answered.
    Close,
}

pub fn persistence(request: &Head) -> Persistence {
    if request.connection.close {
        Persistence::Close
    } else if request.is_http10 && request.connection.keep_alive {
        Persistence::KeepIfTold
    } else if request.is_http10 {
        Persistence::CloseWhenIdle
    } else {
        Persistence::Keep
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::parser::{Parsed, parse};

    fn head(text: &str) -> Head<'_> {
        match parse(text.as_bytes(), &mut |_, _, _| {}) {
            Parsed::Complete(head) => head,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn framing_of_messages() {
        use Framing::{Chunked, Interim, Length, UntilClose};
        for (text, want) in [
            ("GET / HTTP/1.1\r\n\r\n", Ok(Length(0))),
            ("POST / HTTP/1.0\r\n\r\n", Ok(Length(0))),
            (
                "POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n",
                Ok(Length(7)),
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n",
                Ok(Chunked),
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                Err(FramingError::TransferEncoding),
            ),
            (
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                Err(FramingError::CodedHttp10),
            ),
            ("HTTP/1.1 200 OK\r\n\r\n", Ok(UntilClose)),
            (
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                Ok(Chunked),
            ),
            ("HTTP/1.1 204 x\r\n\r\n", Ok(Length(0))),
            ("HTTP/1.1 204 x\r\nContent-Length: 9\r\n\r\n", Ok(Length(0))),
            (
                "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n",
                Ok(Length(0)),
            ),
            ("HTTP/1.1 199 x\r\n\r\n", Ok(Interim)),
            ("HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", Ok(Length(0))),
            ("HTTP/1.1 100 Continue\r\n\r\n", Ok(Interim)),
            ("HTTP/1.1 101 x\r\n\r\n", Ok(UntilClose)),
        ] {
            assert_eq!(framing(&head(text), false), want, "{text}");
        }
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(framing(&head(text), true), Ok(Length(0)));
    }

    #[test]
    fn persistence_of_requests() {
        use Persistence::{Close, CloseWhenIdle, Keep, KeepIfTold};
        for (text, want) in [
            ("GET / HTTP/1.1\r\n\r\n", Keep),
            ("GET / HTTP/1.1\r\nConnection: close, TE\r\n\r\n", Close),
            ("GET / HTTP/1.0\r\n\r\n", CloseWhenIdle),
            (
                "GET / HTTP/1.0\r\nConnection: TE, Keep-Alive\r\n\r\n",
                KeepIfTold,
            ),
            (
                "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
                Close,
            ),
            ("GET / HTTP/1.0\r\nConnection: close\r\n\r\n", Close),
        ] {
            assert_eq!(persistence(&head(text)), want, "{text}");
        }
    }
}
