//! When timers are due.
#![forbid(unsafe_code)]

/// The timer fires again and again.
pub const REPEAT: u32 = 1;
/// The timer fires at the first poll, without waiting for a period.
pub const RUN_NOW: u32 = 2;
/// The timer was due once. Set by the library.
pub const CALLED: u32 = 4;
/// The memory belongs to the library.
pub const AUTODELETE: u32 = 8;

/// Advances a periodic deadline: whether it has passed, and the next one.
///
/// A deadline of 0 is not set yet; it starts to run now. Deadlines stay in phase while they are
/// at most one period late, otherwise they start anew from `now`: missed periods are not made up.
/// A clock that went back by more than a period starts anew, too.
pub fn advance(deadline: u64, period: u64, now: u64) -> (bool, u64) {
    let next = now.wrapping_add(period);
    let deadline = if deadline == 0 || next < deadline {
        next
    } else {
        deadline
    };
    if deadline > now {
        (false, deadline)
    } else if now - deadline > period {
        (true, next)
    } else {
        (true, deadline.wrapping_add(period))
    }
}

/// One look at a timer: whether it is due, and its next deadline.
pub fn due(flags: u32, deadline: u64, period: u64, now: u64) -> (bool, u64) {
    let at_once = deadline == 0 && flags & RUN_NOW != 0 && flags & CALLED == 0;
    let (passed, next) = advance(deadline, period, now);
    (at_once || passed, next)
}

/// When to look at a timer next, if its function is to be called then; 0 when a look would set its
/// deadline first.
pub fn next(flags: u32, deadline: u64, period: u64, now: u64) -> Option<u64> {
    let is_set = deadline != 0 && now.wrapping_add(period) >= deadline;
    fires(flags).then_some(if is_set { deadline } else { 0 })
}

/// Whether a due timer's function is called: one-shot timers only once.
pub fn fires(flags: u32) -> bool {
    flags & REPEAT != 0 || flags & CALLED == 0
}

/// Whether a timer that was due is finished and its memory to be released.
pub fn finished(flags: u32) -> bool {
    flags & REPEAT == 0 && flags & AUTODELETE != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn deadlines_follow_the_table() {
        for (deadline, period, now, expected) in [
            (0, 10, 0, (false, 10)),
            (10, 10, 5, (false, 10)),
            (10, 10, 10, (true, 20)),
            (30, 10, 31, (true, 40)),
            (40, 10, 100, (true, 110)),
            (1000, 10, 5, (false, 15)),
            (0, 0, 5, (true, 5)),
            (5, 10, 15, (true, 15)),
            (5, 10, 16, (true, 26)),
        ] {
            assert_eq!(
                advance(deadline, period, now),
                expected,
                "{deadline} {period} {now}"
            );
        }
    }

    #[test]
    fn wrapping_arithmetic_does_not_panic() {
        let edges = [0, 1, 2, u64::MAX / 2, u64::MAX - 1, u64::MAX];
        for deadline in edges {
            for period in edges {
                for now in edges {
                    advance(deadline, period, now);
                }
            }
        }
    }

    /// The moments out of `times` at which a timer fires, and its last deadline.
    fn fired(mut flags: u32, period: u64, times: &[u64]) -> (Vec<u64>, u64) {
        let mut deadline = 0;
        let mut moments = Vec::new();
        for &now in times {
            let is_due;
            (is_due, deadline) = due(flags, deadline, period, now);
            if is_due {
                if fires(flags) {
                    moments.push(now);
                }
                flags |= CALLED;
            }
        }
        (moments, deadline)
    }

    #[test]
    fn the_period_counts_from_the_first_poll() {
        let every_5: Vec<u64> = (100..=140).step_by(5).collect();
        assert_eq!(fired(0, 10, &every_5), (vec![110], 150));
        assert_eq!(fired(RUN_NOW, 10, &every_5).0, [100]);
        assert_eq!(
            fired(REPEAT | RUN_NOW, 10, &every_5).0,
            [100, 110, 120, 130, 140]
        );
        let every_7: Vec<u64> = (1..=71).step_by(7).collect();
        assert_eq!(fired(REPEAT, 10, &every_7).0, [15, 22, 36, 43, 57, 64, 71]);
    }

    #[test]
    fn the_next_look() {
        for (flags, deadline, period, now, expected) in [
            (0, 0, 10, 5, Some(0)),
            (RUN_NOW, 0, 10, 5, Some(0)),
            (REPEAT, 15, 10, 5, Some(15)),
            (0, 15, 10, 20, Some(15)),
            // The period became shorter.
            (REPEAT, 15, 1, 5, Some(0)),
            (CALLED, 15, 10, 5, None),
            (CALLED | REPEAT, 15, 10, 5, Some(15)),
        ] {
            assert_eq!(next(flags, deadline, period, now), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_fires_before_the_next_look(flags in 0u32..8, deadline in 0u64..50, period in 0u64..30, now in 1u64..40) {
            let at = next(flags, deadline, period, now).unwrap_or(u64::MAX).min(200);
            for t in now..at {
                let (is_due, _) = due(flags, deadline, period, t);
                prop_assert!(!(is_due && fires(flags)), "at {}", t);
            }
            if at > now && at < 200 {
                prop_assert!(due(flags, deadline, period, at).0);
            }
        }
    }

    #[test]
    fn only_finished_one_shot_timers_of_the_library_are_released() {
        assert!(finished(AUTODELETE | CALLED));
        assert!(!finished(AUTODELETE | REPEAT | CALLED));
        assert!(!finished(CALLED));
    }
}
