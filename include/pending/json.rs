//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Finds the value at `path` in JSON text: "$" is all of it, "$.a" a member, "$[0]" an element,
    /// "$.a[1].b" and so on. Returns its offset and stores its length in `*toklen` (may be NULL);
    /// or MG_JSON_NOT_FOUND, MG_JSON_INVALID or MG_JSON_TOO_DEEP, with length 0. What stands behind
    /// the value is not looked at.
    pub fn mg_json_get(json: mg_str, path: *const c_char, toklen: *mut c_int) -> c_int;

    /// The value at `path` as it stands in the text, strings with their quotes. {NULL, 0} when it
    /// is not there.
    pub fn mg_json_get_tok(json: mg_str, path: *const c_char) -> mg_str;

    /// Stores the number at `path` in `*v`, which may be NULL. False, with `*v` unchanged, when
    /// there is no number.
    pub fn mg_json_get_num(json: mg_str, path: *const c_char, v: *mut c_double) -> bool;

    /// Stores true or false at `path` in `*v`, which may be NULL. False, with `*v` unchanged, when
    /// there is neither.
    pub fn mg_json_get_bool(json: mg_str, path: *const c_char, v: *mut bool) -> bool;

    /// The number at `path`, cut to an integer; `dflt` when there is no number.
    pub fn mg_json_get_long(json: mg_str, path: *const c_char, dflt: c_long) -> c_long;

    /// The string at `path` without quotes and escapes, in new memory; release it with mg_free().
    /// NULL when there is no string, it cannot be decoded, or memory is exhausted.
    pub fn mg_json_get_str(json: mg_str, path: *const c_char) -> *mut c_char;

    /// The bytes that a string of hex digits at `path` stands for, in new memory with a NUL behind;
    /// release it with mg_free(). Stores their number in `*len`. NULL when there is no such string.
    pub fn mg_json_get_hex(json: mg_str, path: *const c_char, len: *mut c_int) -> *mut c_char;

    /// The bytes that a base64 string at `path` stands for, in new memory with a NUL behind;
    /// release it with mg_free(). Stores their number in `*len`, 0 when it is not base64. NULL when
    /// there is no string.
    pub fn mg_json_get_b64(json: mg_str, path: *const c_char, len: *mut c_int) -> *mut c_char;

    /// Stores the string at `path` without quotes and escapes in `to`, which has room for `n` bytes
    /// including a NUL. Returns its length; 0 when there is no string, it cannot be decoded, or the
    /// room does not suffice.
    pub fn mg_json_unescape(json: mg_str, path: *const c_char, to: *mut c_char, n: usize) -> usize;

    /// Walks through an object or array. Start with `ofs` 0 and go on with the result; 0 is the
    /// end. Stores name (with quotes, {NULL, 0} in an array) and value; the pointers may be NULL.
    pub fn mg_json_next(obj: mg_str, ofs: usize, key: *mut mg_str, val: *mut mg_str) -> usize;
}
