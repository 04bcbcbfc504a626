//! Environment variables.
#![allow(unsafe_code)]

use std::ffi::CStr;

/// True when a variable is set and the process has no more rights than the user who set it.
pub fn is_set_and_trusted(name: &CStr) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: reads the vector that the kernel gave the process.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        return false;
    }
    // SAFETY: a terminated name; the value is not looked at.
    !unsafe { libc::getenv(name.as_ptr()) }.is_null()
}
