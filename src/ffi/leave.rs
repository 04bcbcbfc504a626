//! Threads that end inside of the library.
//!
//! pthread_exit() and pthread_cancel() unwind the stack without a panic, and nothing that catches panics may be
//! in the way (the C library ends the process then). CPython before 3.14 calls pthread_exit() in every daemon thread
//! that wants to run Python code while the interpreter ends: inside of a handler, that is.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::c_int;

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
}

unsafe extern "C-unwind" {
    fn pthread_testcancel();
}

#[cfg(not(target_vendor = "apple"))]
const DISABLE: c_int = 1; // PTHREAD_CANCEL_DISABLE
#[cfg(target_vendor = "apple")]
const DISABLE: c_int = 0;

/// Calls a function of the program, or one of ours. Should it end its thread, that happens here, before somebody catches
/// what unwinds; what the library knows of this thread is lost with it.
#[inline]
pub fn call_out<R>(f: impl FnOnce() -> R) -> R {
    let stays = Stays;
    let result = f();
    std::mem::forget(stays);
    result
}

struct Stays;

impl Drop for Stays {
    #[cold]
    fn drop(&mut self) {
        // A panic, or an exception of C++ as far as that can be told, has to find somebody who catches it.
        if !std::thread::panicking() && !is_cpp_exception() && !is_main_thread() {
            end_thread();
        }
    }
}

fn is_cpp_exception() -> bool {
    #[repr(C)]
    struct Exceptions {
        caught: *const std::ffi::c_void,
        uncaught: std::ffi::c_uint,
    }
    // SAFETY: where there is a shared C++ library, this is its function, as the C++ ABI for Itanium defines it (2.2.2).
    unsafe {
        let function = libc::dlsym(libc::RTLD_DEFAULT, c"__cxa_get_globals".as_ptr());
        if function.is_null() {
            return false;
        }
        let function: unsafe extern "C" fn() -> *const Exceptions = std::mem::transmute(function);
        (*function()).uncaught > 0
    }
}

fn is_main_thread() -> bool {
    thread_local! {
        static ANSWER: Cell<Option<bool>> = const { Cell::new(None) };
    }
    // SAFETY: these cannot fail.
    let ask = || unsafe {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        return libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid());
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        return libc::pthread_main_np() != 0;
    };
    let answer = ANSWER.get().unwrap_or_else(ask);
    ANSWER.set(Some(answer));
    answer
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn end_thread() -> ! {
    /// PTHREAD_KEYS_MAX
    const KEYS: libc::pthread_key_t = 1024;
    // The next thread on this stack must not find what this one has stored.
    for key in 0..KEYS {
        // SAFETY: a key that does not exist is refused.
        unsafe { libc::pthread_setspecific(key, std::ptr::null()) };
    }
    loop {
        // The kernel tells who waits in pthread_join().
        // SAFETY: nothing of this thread is used any more.
        unsafe { libc::syscall(libc::SYS_exit, 0) };
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn end_thread() -> ! {
    loop {
        // SAFETY: waits for a signal.
        unsafe { libc::pause() };
    }
}

/// How long a thread that may be cancelled sleeps at most, in milliseconds, so that it notices.
const NOTICE_MS: c_int = 1000;

/// Keeps a thread from being cancelled.
pub struct Uncancelled {
    before: c_int,
}

impl Uncancelled {
    #[inline]
    pub fn begin() -> Uncancelled {
        let mut before = DISABLE;
        // SAFETY: a legal state, and an int for the one before.
        unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
        Uncancelled { before }
    }

    /// `ms`, or less when this thread must wake to notice that it is cancelled.
    #[inline]
    pub fn cut(&self, ms: c_int) -> c_int {
        let long = !(0..=NOTICE_MS).contains(&ms);
        if long && self.before != DISABLE && !is_main_thread() {
            NOTICE_MS
        } else {
            ms
        }
    }

    /// The same until the result is dropped. Who wants the thread cancelled has to wait for what it does next.
    #[inline]
    pub fn hold() -> impl Drop {
        struct Hold(Uncancelled);
        impl Drop for Hold {
            fn drop(&mut self) {
                // SAFETY: the state of before.
                unsafe { pthread_setcancelstate(self.0.before, std::ptr::null_mut()) };
            }
        }
        Hold(Uncancelled::begin())
    }

    /// Lets the thread be cancelled again, if it could be before, and does it when somebody wants it.
    ///
    /// # Safety
    /// Then the stack is unwound, so nothing of the library may be on it but the function that C called.
    #[inline]
    pub unsafe fn end(self) {
        if self.before != DISABLE {
            // SAFETY: the state of before; unwinding is the caller's concern.
            unsafe {
                pthread_setcancelstate(self.before, std::ptr::null_mut());
                pthread_testcancel();
            }
        }
    }
}
