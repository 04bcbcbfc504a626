//! No panic crosses into C.

use super::leave::{Uncancelled, call_out};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an `extern "C"` function. A panic is logged and becomes
/// `fallback`, the failure value that the function documents.
#[inline]
pub fn guard<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(|| call_out(body))) {
        Ok(value) => value,
        Err(panic) => {
            report(panic.as_ref());
            fallback
        }
    }
}

/// [`guard`] for functions that call what a thread can be cancelled in (pthreads(7)).
#[inline]
pub fn guard_uncancelled<R>(fallback: R, body: impl FnOnce() -> R) -> R {
    let _uncancelled = Uncancelled::hold();
    guard(fallback, body)
}

#[cold]
fn report(panic: &(dyn std::any::Any + Send)) {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown cause");
    crate::log::error(format_args!("internal error: {text}"));
}
