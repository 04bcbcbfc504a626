//! Positions in a ring of messages. A message is a 32-bit length and that many bytes; length 0
//! means that the next one stands at the start of the ring.
#![forbid(unsafe_code)]

/// Size of the length in front of a message.
pub const PREFIX: usize = 4;
/// Room for a message's own length and for the one behind it.
const OVERHEAD: usize = 2 * PREFIX;

/// Where a producer may write its next message.
#[derive(Debug, PartialEq, Eq)]
pub struct Booking {
    /// Offset of the message; 0 after a `wrap`.
    pub head: usize,
    /// A length of 0 goes to the old head, and the head moves to 0. So it is even when the
    /// message does not fit yet: there is more room to come at the start.
    pub wrap: bool,
    /// Longest message that fits; 0 when the wanted one does not.
    pub space: usize,
}

/// Looks for room for `len` bytes.
pub fn book(head: usize, tail: usize, size: usize, len: usize) -> Booking {
    let mut booking = Booking {
        head,
        wrap: false,
        space: 0,
    };
    let Some(needed) = len.checked_add(OVERHEAD) else {
        return booking;
    };
    if head >= tail {
        if head.checked_add(needed).is_some_and(|end| end <= size) {
            booking.space = size - head - OVERHEAD;
            return booking;
        }
        if tail <= OVERHEAD || !holds_prefix(head, size) {
            return booking;
        }
        booking.wrap = true;
        booking.head = 0;
    }
    if booking
        .head
        .checked_add(needed)
        .is_some_and(|end| end < tail.min(size))
    {
        booking.space = tail.min(size) - booking.head - OVERHEAD;
    }
    booking
}

/// Whether a length at `offset` lies inside the ring.
pub fn holds_prefix(offset: usize, size: usize) -> bool {
    offset.checked_add(PREFIX).is_some_and(|end| end <= size)
}

/// The offset behind a message of `len` bytes at `offset`; `None` if it does not fit into the
/// ring.
pub fn behind(offset: usize, size: usize, len: usize) -> Option<usize> {
    let end = offset.checked_add(PREFIX)?.checked_add(len)?;
    (end <= size && u32::try_from(len).is_ok()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(head: usize, tail: usize, len: usize) -> usize {
        book(head, tail, 64, len).space
    }

    #[test]
    fn room_in_64_bytes() {
        assert_eq!(space(0, 0, 56), 56);
        assert_eq!(space(0, 0, 57), 0);
        assert_eq!(space(14, 0, 42), 42);
        assert_eq!(space(14, 0, 43), 0);
        assert_eq!(space(38, 0, 20), 0);
        assert_eq!(
            book(38, 14, 64, 20),
            Booking {
                head: 0,
                wrap: true,
                space: 0
            }
        );
        assert_eq!(
            book(0, 14, 64, 5),
            Booking {
                head: 0,
                wrap: false,
                space: 6
            }
        );
        assert_eq!(space(0, 14, 6), 0);
        assert_eq!(space(0, 0, usize::MAX), 0);
        assert_eq!(space(usize::MAX, 9, 1), 0);
    }

    #[test]
    fn messages_end_inside_the_ring() {
        assert_eq!(behind(0, 64, 60), Some(64));
        assert_eq!(behind(0, 64, 61), None);
        assert_eq!(behind(usize::MAX, 64, 1), None);
        assert!(holds_prefix(60, 64) && !holds_prefix(61, 64));
    }

    proptest::proptest! {
        /// A booked message never reaches the oldest one, and leaves room for a length behind it.
        #[test]
        fn bookings_overlap_nothing(
            size in 0usize..100, head in 0usize..100, tail in 0usize..100, len in 0usize..100,
        ) {
            let b = book(head, tail, size, len);
            if b.space > 0 {
                proptest::prop_assert!(b.space >= len);
                let end = b.head + OVERHEAD + b.space;
                proptest::prop_assert!(end <= size);
                proptest::prop_assert!(b.head >= tail || end <= tail);
            }
            if b.wrap {
                proptest::prop_assert!(head >= tail && head + PREFIX <= size);
            }
        }
    }
}
