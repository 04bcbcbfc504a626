//! Read by cbindgen only.

/// Integer type of elliptic-curve code; no function of this library takes it.
pub type wordcount_t = i8;
/// Integer type of elliptic-curve code; no function of this library takes it.
pub type bitcount_t = i16;
/// Integer type of elliptic-curve code; no function of this library takes it.
pub type cmpresult_t = i8;
/// Integer type of elliptic-curve code; no function of this library takes it.
pub type mg_uecc_word_t = u64;
