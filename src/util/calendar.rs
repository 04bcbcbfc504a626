//! Dates of the Gregorian calendar.
#![forbid(unsafe_code)]

/// Seconds from 1970-01-01 00:00:00 UTC to a date. Only the month is checked; a too large day,
/// hour, minute or second leads that much further, as far as 32 bits hold its days or seconds.
///
/// `None` for years before 1970 and for months that do not exist.
pub fn unix_seconds(
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
) -> Option<u64> {
    const DAYS_BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let years = u64::from(year.checked_sub(1970)?);
    let before_month = *DAYS_BEFORE.get(month.checked_sub(1)? as usize)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let before_year = u64::from(year - 1);
    let leap_days = before_year / 4 - before_year / 100 + before_year / 400 - 477;
    let day_of_year = before_month
        .wrapping_add(u32::from(is_leap && month > 2))
        .wrapping_add(day)
        .wrapping_sub(1);
    let time = [hour.wrapping_mul(3600), minute.wrapping_mul(60), second]
        .map(u64::from)
        .iter()
        .sum::<u64>();
    Some((years * 365 + leap_days + u64::from(day_of_year)) * 86400 + time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for ((y, mo, d, h, mi, s), expected) in [
            ((1970, 1, 1, 0, 0, 0), Some(0)),
            ((2000, 2, 29, 0, 0, 0), Some(951782400)),
            ((2000, 3, 1, 0, 0, 0), Some(951868800)),
            ((2038, 1, 19, 3, 14, 8), Some(2147483648)),
            ((2100, 3, 1, 0, 0, 0), Some(4107542400)),
            ((9999, 12, 31, 23, 59, 59), Some(253402300799)),
            ((2024, 2, 30, 25, 61, 61), Some(1709344921)),
            ((1969, 12, 31, 0, 0, 0), None),
            ((0, 1, 1, 0, 0, 0), None),
            ((2024, 0, 1, 0, 0, 0), None),
            ((2024, 13, 1, 0, 0, 0), None),
            ((2024, u32::MAX, 1, 0, 0, 0), None),
        ] {
            assert_eq!(
                unix_seconds(y, mo, d, h, mi, s),
                expected,
                "{y}-{mo}-{d} {h}:{mi}:{s}"
            );
        }
    }

    #[test]
    fn every_day_of_a_thousand_years_follows_the_day_before() {
        let mut expected = 0;
        for year in 1970..2970 {
            for month in 1..=12 {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let days = match month {
                    2 => 28 + u32::from(leap),
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                for day in 1..=days {
                    assert_eq!(unix_seconds(year, month, day, 0, 0, 0), Some(expected));
                    expected += 86400;
                }
            }
        }
    }
}
