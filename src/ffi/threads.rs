//! In debug builds: no two threads use a manager at the same time.
//!
//! `packaging/checked_library` puts a check in front of each exported function that takes a manager, a
//! connection, a list of timers or an MQTT session. It calls [`mongoose_enter`] before the function and
//! [`mongoose_leave`] after it.
#![allow(unsafe_code)]

use crate::mqtt::ffi::client;
use crate::net::{mg_connection, mg_mgr};
use parking_lot::Mutex;
use std::backtrace::Backtrace;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt::Write;
use std::path::PathBuf;
use std::ptr::null;

/// A manager in use.
struct Use {
    mgr: usize,
    thread: libc::pid_t,
    /// The outermost function, and how many are running.
    function: &'static CStr,
    depth: usize,
    /// Where mg_mgr_poll() was called.
    stack: Option<Backtrace>,
}

static USES: Mutex<Vec<Use>> = Mutex::new(Vec::new());

/// The most callers that a report lists.
const FRAMES: usize = 12;

/// What a function takes.
const CONNECTION: c_int = 1;
/// A member of a manager.
const MEMBER: c_int = 2;
const SESSION: c_int = 3;

/// Notes that `function`, called from the address `caller`, uses a manager. Reports and aborts when another
/// thread does, too. Returns what to give to [`mongoose_leave`].
#[unsafe(export_name = "mongoose_enter")]
unsafe extern "C" fn mongoose_enter(
    subject: *const c_void,
    kind: c_int,
    function: *const c_char,
    caller: *const c_void,
) -> *const c_void {
    if subject.is_null() {
        return null();
    }
    // SAFETY: a literal.
    let function = unsafe { CStr::from_ptr(function) };
    let subject = match kind {
        // SAFETY: pointer contract.
        CONNECTION => unsafe { (*subject.cast::<mg_connection>()).mgr.get() as usize },
        // SAFETY: pointer contract.
        SESSION => unsafe { client::manager(subject) as usize },
        _ => subject as usize,
    };
    let mut uses = USES.lock();
    // One that ended inside of the library, or that of the process this one was forked from, is no user.
    uses.retain(|u| u.thread == current() || task(u.thread).exists());
    let member = if kind == MEMBER {
        size_of::<mg_mgr>()
    } else {
        1
    };
    let found = uses
        .iter_mut()
        .find(|u| (u.mgr..u.mgr + member).contains(&subject));
    match found {
        Some(found) if found.thread == current() => {
            found.depth += 1;
            found.mgr as *const c_void
        }
        Some(found) => {
            report(found, function, caller);
            std::process::abort();
        }
        None if kind == MEMBER || subject == 0 => null(),
        None => {
            let polls = function == c"mg_mgr_poll" && wants_stacks();
            uses.push(Use {
                mgr: subject,
                thread: current(),
                function,
                depth: 1,
                stack: polls.then(Backtrace::force_capture),
            });
            subject as *const c_void
        }
    }
}

#[unsafe(export_name = "mongoose_leave")]
unsafe extern "C" fn mongoose_leave(mgr: *const c_void) {
    let mut uses = USES.lock();
    uses.retain_mut(|u| {
        if u.mgr == mgr as usize {
            u.depth -= 1;
        }
        u.depth > 0
    });
}

fn report(other: &Use, function: &CStr, caller: *const c_void) {
    let mut text = String::new();
    let name = function.to_string_lossy();
    let _ = writeln!(
        text,
        "mongoose: {name}() was called by {}, while {} is in {}() of the same manager.\n  \
         Other threads may call mg_wakeup() and mg_mgr_call() only.\n  {name}() was called from {}",
        describe(current()),
        describe(other.thread),
        other.function.to_string_lossy(),
        module_of(caller),
    );
    if wants_stacks() {
        list_callers(&mut text, &Backtrace::force_capture(), function);
    }
    if let Some(stack) = &other.stack {
        let _ = writeln!(text, "  mg_mgr_poll() was called from");
        list_callers(&mut text, stack, other.function);
    }
    // SAFETY: the text is as long as stated. One call, so that reports of several threads do not mix.
    unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}

fn wants_stacks() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_none_or(|value| value != "0")
}

/// Who called `function`, innermost first.
fn list_callers(text: &mut String, stack: &Backtrace, function: &CStr) {
    let stack = stack.to_string();
    let mut lines = stack.lines().map(str::trim);
    // Each frame is a line "number: symbol", and one "at file:line:column" behind it if that is known.
    let callee = |line: &str| {
        line.split_once(": ")
            .is_some_and(|(_, symbol)| symbol.as_bytes() == function.to_bytes())
    };
    lines.find(|line| callee(line));
    let frames = lines.skip_while(|line| line.starts_with("at "));
    let mut count = 0;
    for line in frames {
        count += usize::from(!line.starts_with("at "));
        if count > FRAMES {
            break;
        }
        match line.split_once(": ") {
            Some((_, symbol)) if !line.starts_with("at ") => {
                let _ = writeln!(text, "    {symbol}");
            }
            _ => {
                let _ = writeln!(text, "      {line}");
            }
        }
    }
}

/// "function of the program (file+offset)" as far as the dynamic linker knows.
fn module_of(address: *const c_void) -> String {
    // SAFETY: all-zero bytes are a valid Dl_info.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: any address will do.
    if unsafe { libc::dladdr(address, &mut info) } == 0 || info.dli_fname.is_null() {
        return format!("{address:p}");
    }
    let offset = address as usize - info.dli_fbase as usize;
    // SAFETY: a C string of the linker's.
    let file = unsafe { CStr::from_ptr(info.dli_fname) }.to_string_lossy();
    if info.dli_sname.is_null() {
        return format!("{file}+{offset:#x}");
    }
    // SAFETY: as above.
    let symbol = unsafe { CStr::from_ptr(info.dli_sname) }.to_string_lossy();
    format!("{symbol}() in {file}+{offset:#x}")
}

fn current() -> libc::pid_t {
    // SAFETY: cannot fail.
    unsafe { libc::syscall(libc::SYS_gettid) as libc::pid_t }
}

fn task(thread: libc::pid_t) -> PathBuf {
    PathBuf::from(format!("/proc/self/task/{thread}"))
}

fn describe(thread: libc::pid_t) -> String {
    let name = std::fs::read_to_string(task(thread).join("comm")).unwrap_or_default();
    format!("thread {thread} \"{}\"", name.trim_end())
}
