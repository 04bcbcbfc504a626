//! The time in the Date field (RFC 9110, 5.6.7).
#![forbid(unsafe_code)]

use std::cell::Cell;

/// Length of "Sun, 06 Nov 1994 08:49:37 GMT".
pub const LEN: usize = 29;

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

/// A time as IMF-fixdate. Times for which that has no room are cut.
pub fn imf_fixdate(unix_seconds: u64) -> [u8; LEN] {
    const DAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
    const MONTHS: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let unix_seconds = unix_seconds.min(LAST);
    let (days, seconds) = (unix_seconds / 86400, unix_seconds % 86400);
    let (year, month, day) = civil(days);
    let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    text[..3].copy_from_slice(DAYS[days as usize % 7]);
    text[8..11].copy_from_slice(MONTHS[month]);
    for (at, value) in [
        (5, day),
        (12, year / 100),
        (14, year % 100),
        (17, seconds / 3600),
        (20, seconds / 60 % 60),
        (23, seconds % 60),
    ] {
        text[at] = b'0' + (value / 10) as u8;
        text[at + 1] = b'0' + (value % 10) as u8;
    }
    text
}

/// Year, month (from 0) and day (from 1), so many days after 1970-01-01. Works on years that begin in
/// March, whose leap day is the last one, in cycles of 400 years.
fn civil(days: u64) -> (u64, usize, u64) {
    const CYCLE: u64 = 146_097;
    // From 0000-03-01.
    let days = days + 719_468;
    let (cycle, day) = (days / CYCLE, days % CYCLE);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let january_or_february = month >= 10;
    let year = cycle * 400 + year + u64::from(january_or_february);
    (year, ((month + 2) % 12) as usize, day)
}

/// The text of the present second.
pub struct Clock {
    second: Cell<u64>,
    text: Cell<[u8; LEN]>,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock {
            second: Cell::new(0),
            text: Cell::new(imf_fixdate(0)),
        }
    }
}

impl Clock {
    #[inline]
    pub fn at(&self, unix_seconds: u64) -> [u8; LEN] {
        if self.second.replace(unix_seconds) != unix_seconds {
            self.text.set(imf_fixdate(unix_seconds));
        }
        self.text.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::unix_seconds;
    use proptest::prelude::*;

    #[test]
    fn dates() {
        for (seconds, want) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            // RFC 9110, 5.6.7.
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (LAST, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (u64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            let text = imf_fixdate(seconds);
            assert_eq!(std::str::from_utf8(&text), Ok(want));
        }
    }

    #[test]
    fn a_clock_moves_both_ways() {
        let clock = Clock::default();
        for seconds in [0, 784_111_777, 784_111_777, 784_111_778, 5] {
            assert_eq!(clock.at(seconds), imf_fixdate(seconds));
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_calendar(days in 0u64..=LAST / 86400) {
            let (year, month, day) = civil(days);
            let seconds = unix_seconds(year as u32, month as u32 + 1, day as u32, 0, 0, 0);
            prop_assert_eq!(seconds, Some(days * 86400));
        }
    }
}
