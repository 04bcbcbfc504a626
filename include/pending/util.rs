//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Waits, busily, for at least `ms` milliseconds.
    pub fn mg_delayms(ms: c_uint);

    /// Seconds since 1970 of a UTC date: `month` 1 to 12, `day` 1 to 31. 0 for years before 1970.
    pub fn mg_timegm(year: c_uint, month: c_uint, day: c_uint, hour: c_uint, min: c_uint, sec: c_uint) -> u64;

    /// Fills `buf` with `len` random bytes fit for keys. False when the system's generator fails.
    /// Thread-safe.
    pub fn mg_random(buf: *mut c_void, len: usize) -> bool;

    /// Fills `buf` with `len` - 1 random letters and digits and a NUL; returns `buf`. Thread-safe.
    pub fn mg_random_str(buf: *mut c_char, len: usize) -> *mut c_char;

    /// CRC-16/X-25 of `len` bytes. `crc` is 0, or the result for the bytes before, to go on.
    pub fn mg_crc16(crc: u16, buf: *const c_char, len: usize) -> u16;

    /// CRC-32 (as in zlib, IEEE 802.3) of `len` bytes. `crc` is 0, or the result for the bytes
    /// before, to go on.
    pub fn mg_crc32(crc: u32, buf: *const c_char, len: usize) -> u32;

    /// Network to host byte order, and back.
    pub fn mg_ntohs(net: u16) -> u16;

    /// Network to host byte order, and back.
    pub fn mg_ntohl(net: u32) -> u32;

    /// Network to host byte order, and back.
    pub fn mg_ntohll(net: u64) -> u64;

    /// Zeroes memory in a way that the compiler does not optimise away; for secrets.
    pub fn mg_bzero(buf: *mut volatile_uchar, len: usize);

    /// Whether two regions of `n` bytes are equal. Takes the same time whatever the content; for
    /// secrets.
    pub fn mg_memeq(a: *const c_void, b: *const c_void, n: usize) -> bool;

    /// Whether a path stays below its starting point: false when a part of it starts with "..",
    /// when it starts with "~", or contains a NUL.
    pub fn mg_path_is_sane(path: mg_str) -> bool;

    /// Checks an IPv4 address against an access list: "+1.2.3.0/24,-1.2.3.4,..."; the last entry
    /// that matches decides.
    ///
    /// Returns 1 for allowed (also when `acl` is empty), 0 for denied, -1 for a bad entry or an
    /// IPv6 address, -2 for a bad network. With any entry in the list the default is "denied".
    pub fn mg_check_ip_acl(acl: mg_str, remote_ip: *mut mg_addr) -> c_int;

    /// Encodes `n` bytes as base64 (RFC 4648) with padding and a NUL. `buf` has room for `dl`
    /// bytes; ceil(n / 3) * 4 + 1 are needed. Returns the length, 0 when the room does not suffice.
    pub fn mg_base64_encode(p: *const c_uchar, n: usize, buf: *mut c_char, dl: usize) -> usize;

    /// Decodes base64 (RFC 4648) and puts a NUL behind the result. `dst` has room for `dl` bytes;
    /// (n / 4) * 3 + 1 are needed. An incomplete group at the end is ignored. Returns the length, 0
    /// on a foreign character or too little room.
    pub fn mg_base64_decode(src: *const c_char, n: usize, dst: *mut c_char, dl: usize) -> usize;

    /// Encodes one more byte: `buf` holds `len` characters so far and needs room for 4 more.
    /// Returns the new number of characters. Ends with mg_base64_final().
    pub fn mg_base64_update(input_byte: c_uchar, buf: *mut c_char, len: usize) -> usize;

    /// Ends mg_base64_update(): adds the last characters, padding and a NUL. Returns the number of
    /// characters.
    pub fn mg_base64_final(buf: *mut c_char, len: usize) -> usize;

    /// Encodes like mg_base64_encode(), with the URL-safe alphabet and without padding (RFC 4648,
    /// section 5).
    pub fn mg_base64url_encode(p: *const c_uchar, n: usize, buf: *mut c_char, dl: usize) -> usize;

    /// Decodes URL-safe base64 without padding (RFC 4648, section 5) and puts a NUL behind the
    /// result. Returns the length, 0 on a foreign character or when `dl` is not larger than the
    /// result.
    pub fn mg_base64url_decode(src: *const c_char, n: usize, dst: *mut c_char, dl: usize) -> usize;
}
