#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_uint, c_void};

/// A timer of a manager's timer list.
#[repr(C)]
pub struct mg_timer {
    /// Period in milliseconds.
    pub period_ms: Cell<u64>,
    /// Next due moment in milliseconds, 0 before the first poll.
    pub expire: Cell<u64>,
    /// MG_TIMER_* bits.
    pub flags: Cell<c_uint>,
    /// Called when due.
    pub r#fn: Cell<Option<unsafe extern "C" fn(*mut c_void)>>,
    /// Argument of `fn`.
    pub arg: Cell<*mut c_void>,
    /// Next timer of the list.
    pub next: Cell<*mut mg_timer>,
}
pub(crate) fn poll(_head: &Cell<*mut mg_timer>, _now: u64) {}
pub(crate) fn free_all(_head: &Cell<*mut mg_timer>) {}
