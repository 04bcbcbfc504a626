//! Structs that begin with their size, so that a program and a library of different age understand each other: members that
//! one of them does not know are 0.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

/// More than any version of a struct will have.
pub const MAX_SIZE: usize = 4096;

fn is_sane(size: usize) -> bool {
    (size_of::<usize>()..=MAX_SIZE).contains(&size)
}

/// Copies a struct of a program that may be older or newer than this library. `None` when the size is absurd,
/// or a member is set that this version does not have.
///
/// # Safety
/// `from` is readable over the size that it says. `T` is `repr(C)`, begins with that size as a `usize`, and may be
/// all zeros.
pub unsafe fn read<T>(from: *const T) -> Option<T> {
    // SAFETY: forwarded from the caller.
    let size = unsafe { from.cast::<usize>().read() };
    if !is_sane(size) {
        return None;
    }
    // SAFETY: forwarded from the caller.
    let bytes = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), size) };
    let known = size.min(size_of::<T>());
    if bytes[known..].iter().any(|&b| b != 0) {
        return None;
    }
    let mut copy = MaybeUninit::<T>::zeroed();
    // SAFETY: `known` bytes are readable at one place and inside the struct at the other; the rest is zero.
    unsafe {
        copy.as_mut_ptr()
            .cast::<u8>()
            .copy_from(bytes.as_ptr(), known);
        Some(copy.assume_init())
    }
}

/// Fills in as many members as the size at `to` says, and leaves that. False when it is absurd.
///
/// # Safety
/// `to` is writable over the size that it says, and `T` is as for [`read`].
pub unsafe fn write<T>(to: *mut T, from: &T) -> bool {
    const HEAD: usize = size_of::<usize>();
    // SAFETY: forwarded from the caller.
    let size = unsafe { to.cast::<usize>().read() };
    if !is_sane(size) {
        return false;
    }
    let known = size.min(size_of::<T>());
    let from = std::ptr::from_ref(from).cast::<u8>();
    // SAFETY: forwarded from the caller; `known` bytes are in both structs, and HEAD of them are the size.
    unsafe {
        let to = to.cast::<u8>();
        to.add(HEAD).copy_from(from.add(HEAD), known - HEAD);
        to.add(known).write_bytes(0, size - known);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Debug, PartialEq, Eq, Clone, Copy)]
    struct Known {
        size: usize,
        a: usize,
        b: usize,
        c: usize,
    }

    /// The struct in another version.
    #[repr(C)]
    struct Other<const N: usize> {
        size: usize,
        members: [usize; N],
    }

    fn read_other<const N: usize>(size: usize, members: [usize; N]) -> Option<Known> {
        let other = Other { size, members };
        // SAFETY: the sizes tested are those of the struct, or refused without a look.
        unsafe { read((&raw const other).cast()) }
    }

    #[test]
    fn reads_older_and_newer_structs() {
        let older = read_other(24, [11, 22]).unwrap();
        assert_eq!((older.a, older.b, older.c), (11, 22, 0));
        let mut members = [0; 40];
        members[2] = 33;
        assert_eq!(read_other(41 * 8, members).unwrap().c, 33);
        members[39] = 1;
        assert_eq!(read_other(41 * 8, members), None);
        for absurd in [0, 7, MAX_SIZE + 1, usize::MAX] {
            assert_eq!(read_other(absurd, [0; 2]), None, "{absurd}");
        }
    }

    #[test]
    fn writes_only_what_the_program_knows() {
        let known = Known {
            size: size_of::<Known>(),
            a: 5,
            b: 6,
            c: 7,
        };
        let mut small = Other {
            size: 16,
            members: [1, 2],
        };
        // SAFETY: the struct is larger than it says.
        assert!(unsafe { write((&raw mut small).cast(), &known) });
        assert_eq!((small.size, small.members), (16, [5, 2]));
        let mut large = Other {
            size: 41 * 8,
            members: [9; 40],
        };
        // SAFETY: the struct has the size that it says.
        assert!(unsafe { write((&raw mut large).cast(), &known) });
        assert_eq!(large.size, 41 * 8);
        assert_eq!(large.members[..4], [5, 6, 7, 0]);
        for absurd in [0, 7, MAX_SIZE + 1] {
            large.size = absurd;
            // SAFETY: refused without a look.
            assert!(!unsafe { write((&raw mut large).cast(), &known) });
        }
    }
}
