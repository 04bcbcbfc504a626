//! Panics on demand, for the test of what a panic costs. Without the feature `panic-injection`,
//! nothing.

/// A place where a test may have a panic.
#[cfg(not(feature = "panic-injection"))]
#[inline(always)]
pub fn inject(_point: &str) {}

#[cfg(feature = "panic-injection")]
pub use armed::inject;

#[cfg(feature = "panic-injection")]
#[allow(unsafe_code)]
mod armed {
    use crate::ffi::str::cstr;
    use std::ffi::c_char;
    use std::sync::{Mutex, PoisonError};

    static ARMED: Mutex<String> = Mutex::new(String::new());

    /// Has the next execution of `point` panic; true when the one asked for before did. The header
    /// does not have it.
    #[unsafe(export_name = "mongoose_inject_panic")]
    unsafe extern "C" fn mongoose_inject_panic(point: *const c_char) -> bool {
        // SAFETY: a C string.
        let point = String::from_utf8_lossy(unsafe { cstr(point) }).into_owned();
        let before = std::mem::replace(&mut *lock(), point);
        before.is_empty()
    }

    fn lock() -> std::sync::MutexGuard<'static, String> {
        ARMED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn inject(point: &str) {
        let hit = {
            let mut armed = lock();
            let hit = *armed == point;
            if hit {
                armed.clear();
            }
            hit
        };
        assert!(!hit, "injected at {point}");
    }
}
