//! What the file helpers decide.
#![forbid(unsafe_code)]

use super::path::CPath;
use crate::util::random::ALPHABET;

/// Walks a directory that is listed anew for each step: finds the name that follows `after`.
pub struct NextName<'a> {
    after: &'a [u8],
    passed: bool,
    found: Option<CPath>,
}

impl<'a> NextName<'a> {
    /// `after` is the name found last; empty to begin.
    pub fn new(after: &'a [u8]) -> NextName<'a> {
        NextName {
            after,
            passed: after.is_empty(),
            found: None,
        }
    }

    /// Takes the next name of the listing.
    pub fn visit(&mut self, name: &[u8]) {
        if self.found.is_some() {
            return;
        }
        if self.passed {
            self.found = Some(CPath::from_bytes(name).unwrap_or_default());
        } else {
            self.passed = name == self.after;
        }
    }

    /// The name found, unless it is longer than `max` bytes.
    pub fn finish(self, max: usize) -> Option<CPath> {
        self.found
            .filter(|name| (1..=max).contains(&name.as_bytes().len()))
    }
}

/// A name beside `path` for a file that will take its place.
pub fn temporary_name(path: &[u8], random: [u8; 9]) -> Option<CPath> {
    let suffix = random.map(|b| ALPHABET[usize::from(b) % ALPHABET.len()]);
    let mut name = CPath::from_bytes(path)?;
    (name.push(b"..") && name.push(&suffix)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(after: &str, max: usize) -> Option<String> {
        let mut walk = NextName::new(after.as_bytes());
        for name in ["one", "three", "two"] {
            walk.visit(name.as_bytes());
        }
        walk.finish(max)
            .map(|name| String::from_utf8(name.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn names_come_in_the_order_of_the_listing() {
        assert_eq!(next("", 9).as_deref(), Some("one"));
        assert_eq!(next("one", 9).as_deref(), Some("three"));
        assert_eq!(next("three", 9).as_deref(), Some("two"));
        assert_eq!(next("two", 9), None);
    }

    #[test]
    fn names_that_are_gone_or_do_not_fit_end_the_walk() {
        assert_eq!(next("gone", 9), None);
        assert_eq!(next("one", 4), None);
        assert_eq!(next("one", 5).as_deref(), Some("three"));
    }

    #[test]
    fn temporary_names_stand_beside_the_file() {
        let name = temporary_name(b"dir/pf.txt", [0, 1, 25, 26, 51, 52, 61, 62, 255]).unwrap();
        assert_eq!(name.as_bytes(), b"dir/pf.txt..abzAZ09ah");
        assert!(temporary_name(&[b'x'; 4090], [0; 9]).is_none());
    }
}
