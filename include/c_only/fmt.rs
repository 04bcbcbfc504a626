//! Read by cbindgen only.

unsafe extern "C" {
    /// Formats into `buf`, which has room for `len` bytes.
    ///
    /// Writes at most `len` - 1 characters and a NUL; nothing when `len` is 0 (`buf` may be NULL
    /// then). Returns the length of the whole text without the NUL, so a result of at least `len`
    /// means that it was cut.
    ///
    /// Conversions, here and in every function with a `fmt`: %d %u %x %X (with h, hh, l, ll, z),
    /// %p, %g %f, %s, %c, %%, with the flags # - 0, a width in digits and a precision in digits or
    /// `*`. %X prints lower case. %M takes a printer function (mg_print_ip() and the like, or one
    /// of the program) followed by that function's arguments; %m does the same between double
    /// quotes. Anything else is printed as it stands.
    pub fn mg_snprintf(buf: *mut c_char, len: usize, fmt: *const c_char, ...) -> usize;

    /// Formats to new memory; release it with mg_free(). NULL when the text is empty or memory is
    /// exhausted.
    pub fn mg_mprintf(fmt: *const c_char, ...) -> *mut c_char;

    /// Formats and calls `out` for every character, with `arg` as its second argument. Returns the
    /// number of characters.
    pub fn mg_xprintf(out: mg_pfn_t, arg: *mut c_void, fmt: *const c_char, ...) -> usize;

    /// Formats to the end of `c->send`. Returns the number of bytes added. When memory is exhausted
    /// nothing is added, MG_EV_ERROR fires, and the result is 0.
    ///
    /// On UDP the text leaves as a datagram when the handler has returned.
    pub fn mg_printf(c: *mut mg_connection, fmt: *const c_char, ...) -> usize;
}
