//! Requests, replies, and the time they tell. Times are in milliseconds.
#![forbid(unsafe_code)]

use std::ops::RangeInclusive;

pub const LEN: usize = 48;

/// 1970-01-01 in seconds since 1900-01-01, where NTP begins to count.
const UNIX_EPOCH: u32 = 2_208_988_800;
/// What a fraction is a part of.
const SECOND: u64 = u32::MAX as u64;

const CLIENT: u8 = 3;
const VERSION: u8 = 4;
const REPLY_MODES: RangeInclusive<u8> = 4..=5;
const REPLY_VERSIONS: RangeInclusive<u8> = 3..=4;
/// Stratum 0 is a kiss of death, 16 and more is a server without time.
const STRATA: RangeInclusive<u8> = 1..=15;
const UNSYNCHRONISED: u8 = 3;

/// A reply that took longer says nothing about the way it took.
const LONGEST_ROUND_TRIP: i64 = 16_000;

/// The transmit timestamp of a request sent at `now`. What is finer than a millisecond is random,
/// so that only who saw the request can answer it.
pub fn stamp(now: u64, random: u32) -> u64 {
    let seconds = (now / 1000) as u32;
    let fraction = (now % 1000 * SECOND).div_ceil(1000) + u64::from(random) % (SECOND / 1000);
    u64::from(seconds.wrapping_add(UNIX_EPOCH)) << 32 | fraction
}

fn is_set(stamp: u64) -> bool {
    stamp >> 32 != 0
}

/// Milliseconds since 1970, up to the year 2106.
fn milliseconds(stamp: u64) -> i64 {
    let (seconds, fraction) = ((stamp >> 32) as u32, stamp & u64::from(u32::MAX));
    i64::from(seconds.wrapping_sub(UNIX_EPOCH)) * 1000 + (fraction * 1000 / SECOND) as i64
}

/// A request with a transmit timestamp.
pub fn request(stamp: u64) -> [u8; LEN] {
    let mut message = [0; LEN];
    message[0] = VERSION << 3 | CLIENT;
    message[40..].copy_from_slice(&stamp.to_be_bytes());
    message
}

/// What a server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// The transmit timestamp of the request.
    origin: u64,
    received: u64,
    sent: u64,
}

/// The transmit timestamp of the request that a message answers, if it is long enough to be one.
pub fn origin(message: &[u8]) -> Option<u64> {
    field(message, 24).filter(|_| message.len() >= LEN)
}

fn field(message: &[u8], at: usize) -> Option<u64> {
    let bytes = message.get(at..)?.first_chunk()?;
    Some(u64::from_be_bytes(*bytes))
}

/// Reads a reply. `None` for anything that does not tell the time (RFC 4330 section 5).
pub fn parse(message: &[u8]) -> Option<Reply> {
    let &[flags, stratum, ..] = message else {
        return None;
    };
    let (leap, version, mode) = (flags >> 6, flags >> 3 & 7, flags & 7);
    let reply = Reply {
        origin: origin(message)?,
        received: field(message, 32)?,
        sent: field(message, 40)?,
    };
    let usable = REPLY_MODES.contains(&mode)
        && STRATA.contains(&stratum)
        && REPLY_VERSIONS.contains(&version)
        && leap != UNSYNCHRONISED
        && is_set(reply.sent);
    usable.then_some(reply)
}

impl Reply {
    /// The time since 1970 at `now` on the clock that stamped the request.
    ///
    /// Half of the way there and back is added to the server's time, unless the timestamps cannot
    /// tell how long it was.
    pub fn time(&self, now: u64) -> i64 {
        let sent = milliseconds(self.sent);
        let elapsed = (now as i64).wrapping_sub(milliseconds(self.origin));
        let known = is_set(self.origin) && is_set(self.received);
        if !known || !(0..=LONGEST_ROUND_TRIP).contains(&elapsed) {
            return sent;
        }
        let processing = (sent - milliseconds(self.received)).clamp(0, elapsed);
        sent + (elapsed - processing) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T: i64 = 1_700_000_000_000;

    fn ntp(ms: i64) -> u64 {
        stamp(ms as u64, 0)
    }

    fn message(flags: u8, stratum: u8, origin: u64, received: u64, sent: u64) -> Vec<u8> {
        let mut message = vec![0; LEN];
        (message[0], message[1]) = (flags, stratum);
        for (at, stamp) in [(24, origin), (32, received), (40, sent)] {
            message[at..at + 8].copy_from_slice(&stamp.to_be_bytes());
        }
        message
    }

    fn time(now: u64, origin: u64, received: u64, sent: u64) -> i64 {
        parse(&message(0x24, 1, origin, received, sent))
            .unwrap()
            .time(now)
    }

    #[test]
    fn a_request_is_empty_but_for_version_mode_and_time() {
        let request = request(0x83aa_8d2d_3168_72af);
        assert_eq!(request[0], 0x23);
        assert!(request[1..40].iter().all(|&b| b == 0));
        assert_eq!(
            request[40..],
            [0x83, 0xaa, 0x8d, 0x2d, 0x31, 0x68, 0x72, 0xaf]
        );
    }

    #[test]
    fn half_of_the_way_is_added() {
        // 100 ms in all, 40 of them in the server.
        assert_eq!(time(5100, ntp(5000), ntp(T), ntp(T + 40)), T + 70);
        assert_eq!(time(5000, ntp(5000), ntp(T), ntp(T)), T);
        // A server cannot have had the request for longer than it was away.
        assert_eq!(time(5100, ntp(5000), ntp(T - 500), ntp(T)), T);
        assert_eq!(time(5100, ntp(5000), 0, ntp(T)), T);
        assert_eq!(time(5100, ntp(5000), ntp(T + 9), ntp(T)), T + 50);
    }

    #[test]
    fn a_foreign_origin_does_not_shift_the_time() {
        for origin in [0, u64::MAX, ntp(T), ntp(5001), 1] {
            assert_eq!(time(5000, origin, ntp(T), ntp(T)), T, "{origin:x}");
        }
        assert_eq!(time(3_757_193, 0, ntp(T), ntp(T)), T);
    }

    #[test]
    fn what_tells_no_time() {
        let good = message(0x24, 1, ntp(1), ntp(T), ntp(T));
        assert!(parse(&good).is_some());
        assert!(parse(&good[..47]).is_none());
        assert!(parse(&[]).is_none());
        let with = |i: usize, value: u8| {
            let mut bad = good.clone();
            bad[i] = value;
            parse(&bad).is_some()
        };
        for flags in [0x24, 0x25, 0x1c, 0x1d, 0x64, 0xa4] {
            assert!(with(0, flags), "{flags:x}");
        }
        for flags in [0x23, 0x26, 0x14, 0x2c, 0xe4, 0] {
            assert!(!with(0, flags), "{flags:x}");
        }
        assert!(with(1, 15) && !with(1, 0) && !with(1, 16));
        assert!(parse(&message(0x24, 1, 1, 1, 0)).is_none());
        assert_eq!(origin(&good), Some(ntp(1)));
        assert_eq!(origin(&good[..47]), None);
    }

    #[test]
    fn seconds_wrap_around_in_2036() {
        assert_eq!(milliseconds(1 << 32), 2_085_978_497_000);
        assert_eq!(milliseconds(u64::from(UNIX_EPOCH) << 32), 0);
        assert_eq!(milliseconds(u64::MAX), 2_085_978_495_000 + 1000);
    }

    proptest! {
        #[test]
        fn a_stamp_tells_its_millisecond(now in 0u64..4_000_000_000_000, random: u32) {
            prop_assert_eq!(milliseconds(stamp(now, random)), now as i64);
        }

        #[test]
        fn the_time_is_near_the_servers(now: u64, origin: u64, received: u64, sent: u64) {
            let reply = Reply { origin, received, sent };
            let shift = reply.time(now) - milliseconds(sent);
            prop_assert!((0..=LONGEST_ROUND_TRIP / 2).contains(&shift));
        }

        #[test]
        fn any_bytes_parse(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if parse(&bytes).is_some() {
                prop_assert!(bytes.len() >= LEN);
            }
        }
    }
}
