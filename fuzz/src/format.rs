//! Formats.

use std::ffi::{CString, c_char};

unsafe extern "C" {
    fn mg_snprintf(buf: *mut c_char, len: usize, fmt: *const c_char, ...) -> usize;
    fn mg_mprintf(fmt: *const c_char, ...) -> *mut c_char;
}

/// Most directives that have an argument below.
const DIRECTIVES: usize = 12;

/// A format that every argument fits: no printers, no `*`, no paddings beyond patience.
fn harmless(data: &[u8]) -> CString {
    let (mut text, mut directives, mut digits) = (Vec::new(), 0, 0);
    for &b in data.iter().take(200) {
        digits = if b.is_ascii_digit() { digits + 1 } else { 0 };
        directives += usize::from(b == b'%');
        match b {
            0 | b'M' | b'm' | b'*' => text.push(b'.'),
            b'%' if directives > DIRECTIVES => text.push(b'.'),
            _ if digits > 3 => {}
            _ => text.push(b),
        }
    }
    CString::new(text).unwrap()
}

/// Formats into buffers of all sizes: the length does not depend on the room, what fits is the same,
/// and nothing is written behind it. Every argument is both a string and a number.
pub fn format(data: &[u8]) {
    crate::silence();
    let fmt = harmless(data);
    let s = c"ab\"\\\n\xc3\xbc<&".as_ptr();
    let x = -1234.567_f64;
    macro_rules! with_arguments {
        ($f:ident, $($first:expr),*) => {
            // SAFETY: integers, strings and floating-point numbers suffice for any harmless format.
            unsafe {
                $f($($first,)* fmt.as_ptr(), s, s, s, s, s, s, s, s, s, s, s, s, x, 0.0, 1e300, f64::NAN, 5e-324, x, x, x, s, s, s, s)
            }
        };
    }
    let len = with_arguments!(mg_snprintf, std::ptr::null_mut(), 0);
    let mut whole = vec![0xaa_u8; len + 2];
    assert_eq!(
        with_arguments!(mg_snprintf, whole.as_mut_ptr().cast(), len + 1),
        len
    );
    assert_eq!(whole[len..], [0, 0xaa]);
    for room in [1, len / 2 + 1] {
        let mut part = vec![0xaa_u8; room + 1];
        assert_eq!(
            with_arguments!(mg_snprintf, part.as_mut_ptr().cast(), room),
            len
        );
        assert_eq!(part[room], 0xaa, "written behind the buffer");
        assert_eq!(part[room - 1], 0, "not terminated");
        assert_eq!(part[..room - 1], whole[..room - 1]);
    }
    let copy = with_arguments!(mg_mprintf,);
    if len == 0 {
        assert!(copy.is_null());
        return;
    }
    // SAFETY: a block of `len` characters and a NUL, which is ours.
    unsafe {
        assert_eq!(
            std::slice::from_raw_parts(copy.cast::<u8>(), len + 1),
            &whole[..=len]
        );
        mongoose::ffi::alloc::mg_free(copy.cast());
    }
}
