#![allow(unsafe_code)]

use super::schedule;
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::leave::call_out;
use crate::ffi::{guard, inject};
use crate::net::mg_mgr;
use crate::stats::Counter;
use std::cell::Cell;
use std::ffi::{c_uint, c_void};
use std::ptr::{self, null, null_mut};

/// A timer in a timer list.
///
/// A timer is made by mg_timer_add(), or is memory of the program that mg_timer_init() put into a
/// list. All functions on one list belong to one thread at a time.
#[repr(C)]
pub struct mg_timer {
    /// Period in milliseconds. May be changed at any time; takes effect after the current one.
    pub period_ms: Cell<u64>,
    /// Next due moment in milliseconds, 0 before the first poll.
    pub expire: Cell<u64>,
    /// MG_TIMER_* bits. May be changed at any time, also by the timer's own function.
    pub flags: Cell<c_uint>,
    /// Called when due.
    pub r#fn: Cell<Option<unsafe extern "C" fn(*mut c_void)>>,
    /// Argument of `fn`.
    pub arg: Cell<*mut c_void>,
    /// Next timer of the list, or NULL.
    pub next: Cell<*mut mg_timer>,
}

/// Where a running poll() stands. A timer's function may free any timer, so whoever takes one out
/// of a list corrects the walks of this thread.
struct Walk {
    outer: *const Walk,
    /// The timer whose function runs; NULL once it left the list.
    current: Cell<*mut mg_timer>,
    /// The timer to look at next.
    next: Cell<*mut mg_timer>,
}

thread_local! {
    /// The innermost walk of this thread.
    static WALKS: Cell<*const Walk> = const { Cell::new(null()) };
}

/// Looks at all timers of a list once, from the head, and calls the functions of those that are
/// due. Timers added meanwhile stand before the head and have to wait for the next time.
pub(crate) fn poll(head: &Cell<*mut mg_timer>, now: u64, calls: Option<&Counter>) {
    let mut t = head.get();
    // SAFETY: members of a list are live, and no function runs here.
    while let Some(timer) = unsafe { t.as_ref() } {
        let (due, expire) = look(timer, now);
        if due {
            return poll_from(head, t, now, calls);
        }
        timer.expire.set(expire);
        t = timer.next.get();
    }
}

/// Whether a timer is due, and when it is next.
fn look(timer: &mg_timer, now: u64) -> (bool, u64) {
    let (flags, expire) = (timer.flags.get(), timer.expire.get());
    schedule::due(flags, expire, timer.period_ms.get(), now)
}

/// When the first timer of a list is due, or 0 when one has to be looked at so that its period begins.
pub(crate) fn next(head: &Cell<*mut mg_timer>, now: u64) -> Option<u64> {
    let mut earliest = None;
    let mut t = head.get();
    // SAFETY: members of a list are live, and no function runs here.
    while let Some(timer) = unsafe { t.as_ref() } {
        let (flags, expire) = (timer.flags.get(), timer.expire.get());
        let next = schedule::next(flags, expire, timer.period_ms.get(), now);
        earliest = earliest.into_iter().chain(next).min();
        t = timer.next.get();
    }
    earliest
}

/// Polls the timers from `first` on, and calls functions, which may do anything to the list.
fn poll_from(head: &Cell<*mut mg_timer>, first: *mut mg_timer, now: u64, calls: Option<&Counter>) {
    let walk = Walk {
        outer: WALKS.get(),
        current: Cell::new(null_mut()),
        next: Cell::new(first),
    };
    WALKS.set(&walk);
    while !walk.next.get().is_null() {
        let t = walk.next.get();
        // SAFETY: members of a list are live until they leave it, and then no walk names them.
        let timer = unsafe { &*t };
        walk.current.set(t);
        walk.next.set(timer.next.get());
        let (due, expire) = look(timer, now);
        timer.expire.set(expire);
        if !due || timer.flags.get() & schedule::REPEAT == 0 && is_running(t, walk.outer) {
            continue;
        }
        inject("timer");
        if let Some(f) = timer
            .r#fn
            .get()
            .filter(|_| schedule::fires(timer.flags.get()))
        {
            if let Some(calls) = calls {
                calls.increment();
            }
            // SAFETY: the same function, of which more is expected.
            let f: unsafe extern "C-unwind" fn(*mut c_void) = unsafe { std::mem::transmute(f) };
            // SAFETY: the program set `fn` and `arg` for each other.
            call_out(|| unsafe { f(timer.arg.get()) });
        }
        if walk.current.get() != t {
            continue; // It left the list: the memory may be gone.
        }
        timer.flags.set(timer.flags.get() | schedule::CALLED);
        if schedule::finished(timer.flags.get()) {
            unlink(head, t);
            // SAFETY: the library owns AUTODELETE timers, and this one left the list.
            unsafe { mg_free(t.cast()) };
        }
    }
}

/// True when a timer's function, which runs the loop, has not returned yet.
fn is_running(t: *mut mg_timer, mut walk: *const Walk) -> bool {
    // SAFETY: as in unlink().
    while let Some(w) = unsafe { walk.as_ref() } {
        if w.current.get() == t {
            return true;
        }
        walk = w.outer;
    }
    false
}

impl Drop for Walk {
    fn drop(&mut self) {
        WALKS.set(self.outer);
    }
}

/// Takes all timers out of a list and releases those that mg_timer_add() made.
pub(crate) fn free_all(head: &Cell<*mut mg_timer>) {
    while !head.get().is_null() {
        let t = head.get();
        unlink(head, t);
        // SAFETY: it was a member of the list, so it is live; the library owns AUTODELETE timers.
        unsafe {
            if (*t).flags.get() & schedule::AUTODELETE != 0 {
                mg_free(t.cast());
            }
        }
    }
}

/// Takes `t` out of a list. It is not looked at unless it is a member.
fn unlink(head: &Cell<*mut mg_timer>, t: *mut mg_timer) {
    let mut link = head;
    while link.get() != t {
        if link.get().is_null() {
            return;
        }
        // SAFETY: members of a list are live.
        link = unsafe { &(*link.get()).next };
    }
    // SAFETY: it is a member.
    let next = unsafe { (*t).next.get() };
    link.set(next);
    let mut walk = WALKS.get();
    // SAFETY: each walk is a local of a poll() further up on this stack, which takes it off the
    // chain before it returns.
    while let Some(w) = unsafe { walk.as_ref() } {
        if w.current.get() == t {
            w.current.set(null_mut());
        }
        if w.next.get() == t {
            w.next.set(next);
        }
        walk = w.outer;
    }
}

/// Puts a timer into a list.
///
/// `head` points to the head of the list, for example `&mgr->timers`, and `timer` to memory of
/// the program, which stays the program's and has to live until mg_timer_free() took it out of
/// the list. All its members are set. A timer that is a member already starts anew. `flags` is a
/// combination of MG_TIMER_ONCE, MG_TIMER_REPEAT and MG_TIMER_RUN_NOW; `fn` is called with `arg`.
///
/// The period begins with the first poll of the list. The newest timer runs first. A function may run the loop,
/// in which a periodic timer is due again, but not one that runs once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_timer_init(
    head: *mut *mut mg_timer,
    timer: *mut mg_timer,
    milliseconds: u64,
    flags: c_uint,
    r#fn: Option<unsafe extern "C" fn(*mut c_void)>,
    arg: *mut c_void,
) {
    guard((), || {
        if timer.is_null() {
            return;
        }
        // SAFETY: pointer contract.
        let Some(head) = (unsafe { list(head) }) else {
            return;
        };
        unlink(head, timer);
        // SAFETY: pointer contract; the old content is overwritten without being read.
        unsafe { push(head, timer, milliseconds, flags, r#fn, arg) };
    });
}

/// # Safety
/// `timer` points to writable memory for a timer that is no member of a list.
unsafe fn push(
    head: &Cell<*mut mg_timer>,
    timer: *mut mg_timer,
    period_ms: u64,
    flags: c_uint,
    f: Option<unsafe extern "C" fn(*mut c_void)>,
    arg: *mut c_void,
) {
    let value = mg_timer {
        period_ms: Cell::new(period_ms),
        expire: Cell::new(0),
        flags: Cell::new(flags),
        r#fn: Cell::new(f),
        arg: Cell::new(arg),
        next: Cell::new(head.get()),
    };
    // SAFETY: forwarded from the caller.
    unsafe { timer.write(value) };
    head.set(timer);
}

/// A list's head as it is seen here.
///
/// # Safety
/// `head` is NULL or points to the head of a timer list.
unsafe fn list<'a>(head: *mut *mut mg_timer) -> Option<&'a Cell<*mut mg_timer>> {
    // SAFETY: forwarded from the caller; a Cell has the layout of its content.
    unsafe { head.cast::<Cell<*mut mg_timer>>().as_ref() }
}

/// Makes a timer in the list of `mgr`, which runs it in mg_mgr_poll().
///
/// `flags` is a combination of MG_TIMER_ONCE, MG_TIMER_REPEAT and MG_TIMER_RUN_NOW; `fn` is
/// called with `arg`. Timers do not shorten the time that mg_mgr_poll() waits.
///
/// Returns the timer, or NULL when memory is exhausted. It belongs to the library: a one-shot
/// timer is released after its function returned, the others by mg_mgr_free(). To stop it
/// earlier, call mg_timer_free() and then mg_free() on it; both are allowed in any timer's
/// function, its own included.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_timer_add(
    mgr: *mut mg_mgr,
    milliseconds: u64,
    flags: c_uint,
    r#fn: Option<unsafe extern "C" fn(*mut c_void)>,
    arg: *mut c_void,
) -> *mut mg_timer {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let Some(mgr) = (unsafe { mgr.as_ref() }) else {
            return null_mut();
        };
        let timer = mg_calloc(1, size_of::<mg_timer>()).cast::<mg_timer>();
        if !timer.is_null() {
            let flags = flags | schedule::AUTODELETE;
            // SAFETY: fresh memory of that size.
            unsafe { push(&mgr.timers, timer, milliseconds, flags, r#fn, arg) };
        }
        timer
    })
}

/// Takes a timer out of the list at `head`. Nothing happens if it is no member.
///
/// The memory is not released: a timer of mg_timer_add() still needs mg_free(). May be called
/// from any timer's function, also for the timer that is running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_timer_free(head: *mut *mut mg_timer, timer: *mut mg_timer) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(head) = unsafe { list(head) }.filter(|_| !timer.is_null()) {
            unlink(head, timer);
        }
    });
}

/// Looks at all timers of the list at `head` once and calls the functions of those that are due
/// at `now_ms`, a time in milliseconds such as mg_millis(). mg_mgr_poll() does this for
/// `mgr->timers`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_timer_poll(head: *mut *mut mg_timer, now_ms: u64) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(head) = unsafe { list(head) } {
            poll(head, now_ms, None);
        }
    });
}

/// A periodic deadline without a timer: true when `*expiration` has passed at `now`, and then
/// sets the next one.
///
/// `*expiration` starts as 0, which the first call turns into `now + period`. All in
/// milliseconds. A deadline that is noticed at most one `period` late keeps its phase; after a
/// longer delay, or when the clock went back, the next one counts from `now`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_timer_expired(expiration: *mut u64, period: u64, now: u64) -> bool {
    guard(false, || {
        if expiration.is_null() {
            return false;
        }
        // SAFETY: pointer contract.
        unsafe {
            let (passed, next) = schedule::advance(ptr::read(expiration), period, now);
            ptr::write(expiration, next);
            passed
        }
    })
}
