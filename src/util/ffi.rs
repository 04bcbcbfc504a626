#![allow(unsafe_code)]

use crate::ffi::{guard, mg_str};
use crate::net::{addr, mg_addr};

/// Milliseconds to add to mg_millis() to get mg_now(): the wall-clock time, in milliseconds since
/// 1970-01-01 UTC, at which mg_millis() was 0.
///
/// 0 until it is set: by a reply of an SNTP server, or by the program.
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

/// Returns mg_millis() plus `mg_boot_timestamp_ms`: milliseconds since 1970-01-01 UTC once the latter is
/// set, before that the same as mg_millis(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_now() -> u64 {
    // SAFETY: a plain integer that programs write, as in C.
    mg_millis().wrapping_add(unsafe { mg_boot_timestamp_ms })
}

/// The time in milliseconds since 1970-01-01 UTC for the library's own use: what the program set, else
/// the system's clock.
pub fn wall_clock_ms() -> u64 {
    // SAFETY: as in `mg_now`.
    if unsafe { mg_boot_timestamp_ms } != 0 {
        return mg_now();
    }
    clock_ms(libc::CLOCK_REALTIME).unwrap_or(0)
}

/// Reads a literal address into `addr`: a dotted quad, an IPv6 address, with or without brackets and
/// with or without a numeric `%scope`, or `localhost`. An empty string is 0.0.0.0.
///
/// Sets the address bytes (4 of them for IPv4) and `is_ip6`, for IPv6 also `scope_id`; never the port.
/// False, with `addr` unchanged, for anything else. No names are looked up. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_aton(str: mg_str, addr: *mut mg_addr) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let text = unsafe { str.as_bytes() };
        let Some(parsed) = addr::parse(text).filter(|_| !addr.is_null()) else {
            return false;
        };
        let used = if parsed.is_ip6 || text.is_empty() {
            16
        } else {
            4
        };
        // SAFETY: pointer contract; the members are written one by one because the others may be
        // uninitialised.
        unsafe {
            let to = &raw mut (*addr).addr;
            to.cast::<u8>()
                .copy_from_nonoverlapping(parsed.bytes.as_ptr(), used);
            (&raw mut (*addr).is_ip6).write(parsed.is_ip6);
            if parsed.is_ip6 {
                (&raw mut (*addr).scope_id).write(parsed.scope_id);
            }
        }
        true
    })
}
