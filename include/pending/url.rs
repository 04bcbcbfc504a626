//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Host of a URL, with the brackets of an IPv6 literal. Empty when there is none.
    pub fn mg_url_host(url: *const c_char) -> mg_str;

    /// Port of a URL; without one the scheme's default: 80 for http and ws, 443 for https and wss,
    /// 1883 for mqtt, 8883 for mqtts, else 0.
    pub fn mg_url_port(url: *const c_char) -> c_ushort;

    /// Whether the scheme is one with TLS: https, wss, mqtts, ssl, tls, tcps.
    pub fn mg_url_is_ssl(url: *const c_char) -> bool;

    /// Path of a URL with all that follows, as a part of `url`; "/" when there is none.
    pub fn mg_url_uri(url: *const c_char) -> *const c_char;

    /// User name in a URL, not decoded. Empty when there is none.
    pub fn mg_url_user(url: *const c_char) -> mg_str;

    /// Password in a URL, not decoded. Empty when there is none.
    pub fn mg_url_pass(url: *const c_char) -> mg_str;

    /// Decodes %XX escapes of `n` bytes at `s` into `to`, which has room for `to_len` bytes
    /// including a NUL; `form` nonzero also turns "+" into a space. Returns the length, or -1 on a
    /// bad escape or too little room.
    pub fn mg_url_decode(s: *const c_char, n: usize, to: *mut c_char, to_len: usize, form: c_int) -> c_int;

    /// Percent-encodes all bytes but A-Z a-z 0-9 - . _ ~ (RFC 3986, section 2.3). `buf` has room
    /// for `len` bytes including a NUL. Returns the length, 0 when the room does not suffice.
    pub fn mg_url_encode(s: *const c_char, n: usize, buf: *mut c_char, len: usize) -> usize;
}
