//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Parses an IPv4 or IPv6 literal, "localhost", or nothing (0.0.0.0), into `addr`; the port is
    /// not touched. False when it is something else.
    pub fn mg_aton(str: mg_str, addr: *mut mg_addr) -> bool;
}
