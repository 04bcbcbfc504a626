#![allow(unsafe_code)]

use super::acl::{self, Verdict};
use super::random::alphanumeric;
use crate::ffi::alloc::wipe;
use crate::ffi::str::bytes;
use crate::ffi::{guard, mg_str};
use crate::net::{addr, mg_addr};
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::slice;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Milliseconds to add to mg_millis() to get mg_now(): the wall-clock time, in milliseconds since
/// 1970-01-01 UTC, at which mg_millis() was 0.
///
/// 0 until it is set, by a reply of an SNTP server or by the program; meanwhile mg_now() uses the
/// system's clock.
#[unsafe(no_mangle)]
pub static mut mg_boot_timestamp_ms: u64 = 0;

/// Returns a time in milliseconds that only moves forward, at the pace of the hardware clock
/// (CLOCK_MONOTONIC_RAW on Linux). Where it begins is not specified. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_millis() -> u64 {
    #[cfg(target_os = "linux")]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC_RAW;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    clock_ms(CLOCK)
        .or_else(|| clock_ms(libc::CLOCK_MONOTONIC))
        .unwrap_or(0)
}

fn clock_ms(clock: libc::clockid_t) -> Option<u64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes a timespec, or fails for a clock that does not exist.
    let failed = unsafe { libc::clock_gettime(clock, &mut time) } != 0;
    (!failed).then(|| time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000)
}

/// `mg_boot_timestamp_ms`.
pub(crate) fn boot_timestamp() -> &'static AtomicU64 {
    // SAFETY: programs write this integer at any time, from any thread; relaxed atomic access makes the best of it.
    unsafe { &*(&raw const mg_boot_timestamp_ms).cast::<AtomicU64>() }
}

/// Returns the milliseconds since 1970-01-01 UTC: mg_millis() plus `mg_boot_timestamp_ms` once a time
/// server or the program has set that, before that what the system's clock says. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_now() -> u64 {
    match boot_timestamp().load(Ordering::Relaxed) {
        0 => clock_ms(libc::CLOCK_REALTIME).unwrap_or(0),
        boot => mg_millis().wrapping_add(boot),
    }
}

/// Returns the seconds from 1970-01-01 00:00:00 UTC to a date in UTC. `month` and `day` begin
/// with 1.
///
/// Days, hours, minutes and seconds beyond their range lead that much further. Returns 0 for
/// years before 1970 and for months other than 1 to 12. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_timegm(
    year: c_uint,
    month: c_uint,
    day: c_uint,
    hour: c_uint,
    min: c_uint,
    sec: c_uint,
) -> u64 {
    guard(0, || {
        super::unix_seconds(year, month, day, hour, min, sec).unwrap_or(0)
    })
}

/// Sleeps for more than `ms` milliseconds as mg_millis() counts them, at most for about 1 longer.
/// Nothing else runs meanwhile: in a handler, this stops the event loop.
#[unsafe(no_mangle)]
pub extern "C" fn mg_delayms(ms: c_uint) {
    guard((), || {
        let until = mg_millis().saturating_add(u64::from(ms) + 1);
        while let Some(left @ 1..) = until.checked_sub(mg_millis()) {
            std::thread::sleep(Duration::from_millis(left));
        }
    });
}

/// Fills `len` bytes at `buf` with random bytes of the operating system, fit for keys.
/// Thread-safe.
///
/// Returns true. Should the system have none, logs an error, uses the predictable rand() instead,
/// and returns false; do not make keys from them. A program may define a function of this name for
/// itself; the library does not get its random bytes from there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_random(buf: *mut c_void, len: usize) -> bool {
    guard(false, || {
        if buf.is_null() {
            return len == 0;
        }
        // SAFETY: pointer contract; uninitialised bytes are only written.
        random(unsafe { slice::from_raw_parts_mut(buf.cast(), len.min(isize::MAX as usize)) })
    })
}

static FORKS: AtomicU32 = AtomicU32::new(0);

/// How many forks led to this process since the first call of [`count_forks`].
#[inline]
pub fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Counts forks from now on.
pub fn count_forks() {
    static ONCE: Once = Once::new();
    extern "C" fn child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler only changes an atomic number.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(child));
    });
}

/// Random bytes for the library itself.
pub fn random_bytes(buf: &mut [u8]) {
    // SAFETY: random() only writes initialised bytes.
    random(unsafe { slice::from_raw_parts_mut(buf.as_mut_ptr().cast(), buf.len()) });
}

fn random(buf: &mut [MaybeUninit<u8>]) -> bool {
    if getrandom::fill_uninit(buf).is_ok() {
        return true;
    }
    crate::log::error(format_args!("Weak RNG: using rand()"));
    for byte in buf {
        // SAFETY: no preconditions.
        byte.write(unsafe { libc::rand() } as u8);
    }
    false
}

/// Fills `buf` with `len` - 1 random letters and digits and a NUL, and returns it. With `len` 0
/// nothing is written. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_random_str(buf: *mut c_char, len: usize) -> *mut c_char {
    guard(buf, || {
        let Some(wanted) = len.checked_sub(1).filter(|_| !buf.is_null()) else {
            return buf;
        };
        let mut have = 0;
        while have < wanted {
            let mut pool = [MaybeUninit::uninit(); 64];
            random(&mut pool);
            // SAFETY: random() initialises all of it.
            let characters = pool
                .iter()
                .filter_map(|b| alphanumeric(unsafe { b.assume_init() }));
            for character in characters.take(wanted - have) {
                // SAFETY: pointer contract; have < len.
                unsafe { buf.add(have).write(character as c_char) };
                have += 1;
            }
        }
        // SAFETY: pointer contract.
        unsafe { buf.add(wanted).write(0) };
        buf
    })
}

/// Returns the CRC-32 (as in zip and Ethernet) of `len` bytes at `buf`. `crc` is 0, or the value
/// of the bytes before, to go on from. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_crc32(crc: u32, buf: *const c_char, len: usize) -> u32 {
    // SAFETY: pointer contract.
    guard(crc, || super::crc32(crc, unsafe { bytes(buf.cast(), len) }))
}

/// Returns the CRC-16/X-25 (as in HDLC) of `len` bytes at `buf`. `crc` is 0, or the value of the
/// bytes before, to go on from. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_crc16(crc: u16, buf: *const c_char, len: usize) -> u16 {
    // SAFETY: pointer contract.
    guard(crc, || super::crc16(crc, unsafe { bytes(buf.cast(), len) }))
}

/// Converts a 16-bit number from network to host byte order, or back.
#[unsafe(no_mangle)]
pub extern "C" fn mg_ntohs(net: u16) -> u16 {
    u16::from_be(net)
}

/// Converts a 32-bit number from network to host byte order, or back.
#[unsafe(no_mangle)]
pub extern "C" fn mg_ntohl(net: u32) -> u32 {
    u32::from_be(net)
}

/// Converts a 64-bit number from network to host byte order, or back.
#[unsafe(no_mangle)]
pub extern "C" fn mg_ntohll(net: u64) -> u64 {
    u64::from_be(net)
}

/// A byte that C declares `volatile`.
/// cbindgen:ignore
pub type volatile_uchar = c_uchar;

/// Sets `len` bytes at `buf` to zero, and no compiler leaves it out: for secrets that are not
/// needed any more. `buf` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_bzero(buf: *mut volatile_uchar, len: usize) {
    // SAFETY: pointer contract.
    guard((), || unsafe { wipe(buf, len) });
}

/// Whether the `n` bytes at `a` and `b` are equal, in a time that does not depend on where they
/// differ: for secrets. True for `n` 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_memeq(a: *const c_void, b: *const c_void, n: usize) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let (a, b) = unsafe { (bytes(a.cast(), n), bytes(b.cast(), n)) };
        let difference = a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y));
        a.len() == b.len() && black_box(difference) == 0
    })
}

/// Whether a file name that comes from a peer can be used below a directory: false if it begins
/// with `~` or `..`, contains `/..` or `\..`, or a NUL byte that is not its first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_path_is_sane(path: mg_str) -> bool {
    // SAFETY: pointer contract.
    guard(false, || super::is_sane(unsafe { path.as_bytes() }))
}

/// What an access list says about the IPv4 address `remote_ip`: 1 allowed, 0 denied, -1 an entry
/// does not begin with `+` or `-`, or the address is not IPv4, -2 an entry's network cannot be
/// read.
///
/// The list consists of comma-separated entries `+a.b.c.d/bits` (allow) and `-a.b.c.d/bits`
/// (deny); without `/bits` an entry is a single address. The last entry that matches wins;
/// addresses that none matches are denied. An empty list allows all. Host bits of an entry must
/// be 0, or it matches nothing. For example, "-0.0.0.0/0,+192.168.0.0/16" allows one network.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_check_ip_acl(acl: mg_str, remote_ip: *mut mg_addr) -> c_int {
    guard(-1, || {
        // SAFETY: pointer contract.
        let Some(remote) = (unsafe { remote_ip.as_ref() }).filter(|remote| !remote.is_ip6) else {
            return -1;
        };
        // SAFETY: pointer contract; an IPv4 address is the first 4 bytes.
        let (acl, address) = unsafe { (acl.as_bytes(), remote.addr.ip4.to_ne_bytes()) };
        match acl::check(acl, address) {
            Verdict::Allowed => 1,
            Verdict::Denied => 0,
            Verdict::BadEntry => -1,
            Verdict::BadNetwork => -2,
        }
    })
}

/// Reads a literal address into `addr`: a dotted quad, an IPv6 address, with or without brackets
/// and with or without a numeric `%scope`, or `localhost`. An empty string is 0.0.0.0.
///
/// Sets the address bytes (4 of them for IPv4) and `is_ip6`, for IPv6 also `scope_id`; never the
/// port. False, with `addr` unchanged, for anything else. No names are looked up. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_aton(str: mg_str, addr: *mut mg_addr) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let text = unsafe { str.as_bytes() };
        let Some(parsed) = addr::parse(text).filter(|_| !addr.is_null()) else {
            return false;
        };
        // SAFETY: pointer contract; the members are written one by one because the others may be
        // uninitialised.
        unsafe {
            let to = (&raw mut (*addr).addr).cast::<[u8; 16]>();
            match parsed.bytes {
                [a, b, c, d, ..] if !parsed.is_ip6 && !text.is_empty() => {
                    to.cast::<[u8; 4]>().write([a, b, c, d]);
                }
                bytes => to.write(bytes),
            }
            (&raw mut (*addr).is_ip6).write(parsed.is_ip6);
            if parsed.is_ip6 {
                (&raw mut (*addr).scope_id).write(parsed.scope_id);
            }
        }
        true
    })
}
