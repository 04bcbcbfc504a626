//! Read by cbindgen only.

/// Expanded AES key. No function of this library takes it.
#[repr(C)]
pub struct aes_context {
    /// Direction.
    pub mode: c_int,
    /// Number of rounds.
    pub rounds: c_int,
    /// Current round key, inside `buf`.
    pub rk: *mut u32,
    /// Round keys.
    pub buf: [u32; 68],
}
