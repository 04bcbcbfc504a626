//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// A slice of a C string, without its NUL; {NULL, 0} for NULL. The macro mg_str() calls this.
    pub fn mg_str_s(s: *const c_char) -> mg_str;

    /// A slice of `n` bytes at `s`.
    pub fn mg_str_n(s: *const c_char, n: usize) -> mg_str;

    /// Compares C strings ignoring the case of ASCII letters. The sign of the result tells the
    /// order, 0 is equality.
    pub fn mg_casecmp(s1: *const c_char, s2: *const c_char) -> c_int;

    /// Compares byte by byte: -1, 0 or 1. A prefix is smaller than the longer string.
    pub fn mg_strcmp(str1: mg_str, str2: mg_str) -> c_int;

    /// Compares like mg_strcmp(), ignoring the case of ASCII letters.
    pub fn mg_strcasecmp(str1: mg_str, str2: mg_str) -> c_int;

    /// Copies a string to new memory, with a NUL behind it; release `buf` with mg_free(). {NULL, 0}
    /// when `s` is empty or memory is exhausted.
    pub fn mg_strdup(s: mg_str) -> mg_str;

    /// Matches a whole string against a glob pattern.
    ///
    /// "?" is any byte, "*" any run of bytes without "/", "#" any run of bytes; all others stand
    /// for themselves. `caps` is NULL or an array with one entry more than the pattern has
    /// wildcards: each wildcard's text is stored there, then {NULL, 0}.
    pub fn mg_match(str: mg_str, pattern: mg_str, caps: *mut mg_str) -> bool;

    /// Splits `s` at the first `sep`: `a` gets what is before it, `b` what is behind it; without
    /// `sep` all and nothing. False, with nothing stored, when `s` is empty. `a` and `b` may be
    /// NULL, and `b` may point to `s` of the caller's loop.
    pub fn mg_span(s: mg_str, a: *mut mg_str, b: *mut mg_str, sep: c_char) -> bool;

    /// Parses an unsigned integer that fills the whole string. `base` is 2, 10, 16, or 0 to look at
    /// a prefix 0b or 0x; `val` points to an unsigned integer of `val_len` bytes (1, 2, 4 or 8).
    /// False, with `*val` unchanged, on anything else and on overflow.
    pub fn mg_str_to_num(str: mg_str, base: c_int, val: *mut c_void, val_len: usize) -> bool;
}
