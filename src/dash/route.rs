//! What a request asks a dashboard for.
#![forbid(unsafe_code)]

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    Hi,
    Logout,
    Login,
    Firmware,
    WebSocket,
    /// All sets.
    GetAll,
    /// A set, or elements of it from an index, to an index.
    Get(&'a [u8], &'a [u8], &'a [u8]),
    /// Change an element.
    Modify(&'a [u8], &'a [u8]),
    Set,
    Add(&'a [u8]),
    /// Elements from an index, to an index.
    Delete(&'a [u8], &'a [u8], Option<&'a [u8]>),
    Upload(&'a [u8], &'a [u8]),
    Download(&'a [u8], &'a [u8]),
    RemoveFile(&'a [u8], &'a [u8]),
    Page,
    /// Up to the program.
    Other,
}

/// The parts between the slashes, up to four.
fn split(path: &[u8]) -> ([&[u8]; 4], usize) {
    let mut parts = [&b""[..]; 4];
    let mut n = 0;
    for part in path.split(|&b| b == b'/') {
        if n < parts.len() {
            parts[n] = part;
        }
        n += 1;
    }
    (parts, n)
}

impl<'a> Route<'a> {
    pub fn new(method: &[u8], uri: &'a [u8]) -> Route<'a> {
        if let Some(path) = uri.strip_prefix(b"/api/") {
            return Route::api(method, path);
        }
        if let Some(path) = uri.strip_prefix(b"/fs/")
            && let ([set, name, ..], 2) = split(path)
        {
            return match method {
                b"POST" | b"PUT" => Route::Upload(set, name),
                b"DELETE" => Route::RemoveFile(set, name),
                _ => Route::Download(set, name),
            };
        }
        match uri {
            b"/" => Route::Page,
            _ => Route::Other,
        }
    }

    fn api(method: &[u8], path: &'a [u8]) -> Route<'a> {
        let ([verb, set, a, b], n) = split(path);
        match (verb, n) {
            (b"hi", 1) => Route::Hi,
            (b"logout", 1) => Route::Logout,
            (b"login", 1) => Route::Login,
            (b"ota", 1) => Route::Firmware,
            (b"websocket", 1) => Route::WebSocket,
            (b"get", 3) if method == b"POST" => Route::Modify(set, a),
            (b"get", 1..=4) if set.is_empty() => Route::GetAll,
            (b"get", 2..=4) => Route::Get(set, a, b),
            (b"set", 1) => Route::Set,
            (b"add", 2) => Route::Add(set),
            (b"del", 3) => Route::Delete(set, a, None),
            (b"del", 4) => Route::Delete(set, a, Some(b)),
            _ => Route::Other,
        }
    }

    /// Whether the request does something, or opens a channel that lets its sender read.
    pub fn acts(self, method: &[u8]) -> bool {
        match self {
            Route::Firmware
            | Route::WebSocket
            | Route::Modify(..)
            | Route::Set
            | Route::Add(_)
            | Route::Delete(..)
            | Route::Upload(..)
            | Route::RemoveFile(..)
            | Route::Logout => true,
            Route::Other => !matches!(method, b"GET" | b"HEAD"),
            Route::Hi
            | Route::Login
            | Route::GetAll
            | Route::Get(..)
            | Route::Download(..)
            | Route::Page => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes() {
        for (method, uri, expected) in [
            ("GET", "/api/hi", Route::Hi),
            ("GET", "/api/hi/", Route::Other),
            ("GET", "/API/hi", Route::Other),
            ("GET", "/api", Route::Other),
            ("GET", "/api/", Route::Other),
            ("POST", "/api/ota", Route::Firmware),
            ("GET", "/api/get", Route::GetAll),
            ("GET", "/api/get/", Route::GetAll),
            ("POST", "/api/get/", Route::GetAll),
            ("GET", "/api/get/a", Route::Get(b"a", b"", b"")),
            ("POST", "/api/get/a", Route::Get(b"a", b"", b"")),
            ("GET", "/api/get/a/1", Route::Get(b"a", b"1", b"")),
            ("POST", "/api/get/a/1", Route::Modify(b"a", b"1")),
            ("POST", "/api/get/a/1/2", Route::Get(b"a", b"1", b"2")),
            ("GET", "/api/get/a/1/2/3", Route::Other),
            ("GET", "/api/set", Route::Set),
            ("GET", "/api/set/a", Route::Other),
            ("GET", "/api/add/a", Route::Add(b"a")),
            ("GET", "/api/add/", Route::Add(b"")),
            ("GET", "/api/add", Route::Other),
            ("GET", "/api/del/a", Route::Other),
            ("GET", "/api/del/a/", Route::Delete(b"a", b"", None)),
            (
                "GET",
                "/api/del/a/1/2",
                Route::Delete(b"a", b"1", Some(b"2")),
            ),
            ("PUT", "/fs/a/b", Route::Upload(b"a", b"b")),
            ("GET", "/fs/a/", Route::Download(b"a", b"")),
            ("DELETE", "/fs/a/b", Route::RemoveFile(b"a", b"b")),
            ("GET", "/fs/a/b/c", Route::Other),
            ("GET", "/", Route::Page),
            ("GET", "//", Route::Other),
            ("GET", "", Route::Other),
        ] {
            let found = Route::new(method.as_bytes(), uri.as_bytes());
            assert_eq!(found, expected, "{method} {uri}");
        }
    }
}
