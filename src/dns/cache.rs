//! Addresses found, for as long as their servers say and at most an hour.
#![forbid(unsafe_code)]

use super::Name;
use std::net::IpAddr;

/// Names kept.
const CAPACITY: usize = 128;
const MAX_SECONDS: u32 = 3600;

struct Entry {
    name: Name,
    rtype: u16,
    addresses: Vec<IpAddr>,
    /// Milliseconds, on the clock of the caller.
    expires: u64,
}

#[derive(Default)]
pub struct Cache {
    entries: Vec<Entry>,
}

impl Cache {
    /// The addresses of `name` that are good at the time `now`.
    pub fn get(&self, name: &Name, rtype: u16, now: u64) -> Option<&[IpAddr]> {
        let entry = self
            .entries
            .iter()
            .find(|e| e.rtype == rtype && e.name == *name)?;
        (now < entry.expires).then_some(&entry.addresses)
    }

    /// Keeps addresses. When there is no room, those that expire first have to go.
    pub fn put(&mut self, name: &Name, rtype: u16, addresses: &[IpAddr], seconds: u32, now: u64) {
        self.entries
            .retain(|e| now < e.expires && (e.rtype != rtype || e.name != *name));
        if seconds == 0 {
            return;
        }
        if self.entries.len() >= CAPACITY {
            let oldest = (0..self.entries.len()).min_by_key(|&i| self.entries[i].expires);
            oldest.map(|i| self.entries.swap_remove(i));
        }
        self.entries.push(Entry {
            name: name.clone(),
            rtype,
            addresses: addresses.to_vec(),
            expires: now.saturating_add(u64::from(seconds.min(MAX_SECONDS)) * 1000),
        });
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::rtype::{A, AAAA};

    fn name(text: &str) -> Name {
        Name::from_text(text.as_bytes()).unwrap()
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn an_entry_lives_as_long_as_told() {
        let mut cache = Cache::default();
        cache.put(&name("foo"), A, &[ip(1), ip(2)], 2, 1000);
        assert_eq!(cache.get(&name("FOO"), A, 2999), Some(&[ip(1), ip(2)][..]));
        assert_eq!(cache.get(&name("foo"), A, 3000), None);
        assert_eq!(cache.get(&name("foo"), AAAA, 1000), None);
        assert_eq!(cache.get(&name("bar"), A, 1000), None);
    }

    #[test]
    fn an_hour_is_the_most() {
        let mut cache = Cache::default();
        cache.put(&name("foo"), A, &[ip(1)], u32::MAX, 0);
        assert!(cache.get(&name("foo"), A, 3_599_999).is_some());
        assert!(cache.get(&name("foo"), A, 3_600_000).is_none());
    }

    #[test]
    fn a_new_answer_replaces_the_old_one() {
        let mut cache = Cache::default();
        cache.put(&name("foo"), A, &[ip(1)], 60, 0);
        cache.put(&name("foo"), A, &[ip(2)], 60, 0);
        assert_eq!(cache.get(&name("foo"), A, 1), Some(&[ip(2)][..]));
        cache.put(&name("foo"), A, &[ip(3)], 0, 0);
        assert_eq!(cache.get(&name("foo"), A, 1), None);
    }

    #[test]
    fn what_expires_first_makes_room() {
        let mut cache = Cache::default();
        for i in 0..1000 {
            cache.put(&name(&format!("n{i}")), A, &[ip(1)], 1000 + i, 0);
        }
        assert_eq!(cache.entries.len(), CAPACITY);
        assert!(cache.get(&name("n999"), A, 0).is_some());
        assert!(cache.get(&name("n0"), A, 0).is_none());
        cache.put(&name("late"), A, &[ip(1)], 1, 10_000_000);
        assert_eq!(cache.entries.len(), 1);
        cache.clear();
        assert!(cache.get(&name("late"), A, 0).is_none());
    }
}
