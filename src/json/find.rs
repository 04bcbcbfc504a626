//! The way from a path to a value.
#![forbid(unsafe_code)]

use super::scan::{Container, Error, Goal, Scanner};
use std::ops::Range;

/// Where the value is that `path` leads to: `$` is all of the text, `.name` steps into an object,
/// `[1]` into an array.
///
/// The text is read once, up to the end of the value; what is behind is not looked at. Names are
/// compared as they stand in the text, and the first of equal names counts. A comma may stand
/// before the end of an object or array.
pub fn find(json: &[u8], path: &[u8]) -> Result<Range<usize>, Error> {
    let mut path = Path::new(path)?;
    let end = Scanner::new(json).scan(&mut path)?.at;
    Ok(path.candidate..end)
}

/// How far a path has been followed. The path never leads back up: what ends is not what it leads
/// to.
struct Path<'a> {
    path: &'a [u8],
    /// How much of the path has been used.
    used: usize,
    /// The depth of the values that the used part leads to.
    target: u32,
    /// The index that the path asks for at that depth, and the index of the current element; both
    /// stay 0 outside of an array.
    wanted: usize,
    index: usize,
    in_array: bool,
    /// Start of the last value at that depth.
    candidate: usize,
}

impl<'a> Path<'a> {
    fn new(path: &'a [u8]) -> Result<Path<'a>, Error> {
        if path.first() != Some(&b'$') {
            return Err(Error::Invalid);
        }
        Ok(Path {
            path,
            used: 1,
            target: 0,
            wanted: 0,
            index: 0,
            in_array: false,
            candidate: 0,
        })
    }

    /// Takes `[index]` off the path, where the bracket may be missing at the end. What is not a
    /// number gives one that no element has.
    fn take_index(&mut self) -> usize {
        let mut index = Some(0usize);
        self.used += 1;
        while let Some(&byte) = self.path.get(self.used) {
            self.used += 1;
            if byte == b']' {
                break;
            }
            index = index.and_then(|value| {
                let digit = char::from(byte).to_digit(10)?;
                value.checked_mul(10)?.checked_add(digit as usize)
            });
        }
        index.unwrap_or(usize::MAX)
    }

    fn expects_name(&self) -> bool {
        self.path[self.used - 1] == b'.'
    }
}

impl Goal for Path<'_> {
    #[inline(always)]
    fn begins(&mut self, depth: u32, at: usize) {
        if depth == self.target {
            self.candidate = at;
        }
    }

    fn name(&mut self, depth: u32, name: &[u8]) -> Result<(), Error> {
        // The object that the path led to is over, or the member with the wanted name is, and
        // its value did not fit the rest of the path.
        if depth < self.target || !self.expects_name() {
            return Err(Error::NotFound);
        }
        let rest = &self.path[self.used..];
        // Most names differ early on, so no library function is called.
        let begins = name.len() <= rest.len() && rest.iter().zip(name).all(|(a, b)| a == b);
        if begins && matches!(rest.get(name.len()), None | Some(b'.' | b'[')) {
            self.used += name.len();
        }
        Ok(())
    }

    #[inline(always)]
    fn enters(&mut self, depth: u32, container: Container) -> bool {
        if depth < self.target {
            return true;
        }
        if self.index != self.wanted {
            return false;
        }
        match (container, self.path.get(self.used)) {
            (Container::Object, Some(b'.')) => {
                self.used += 1;
                self.wanted = 0;
            }
            (Container::Array, Some(b'[')) => self.wanted = self.take_index(),
            _ => return false,
        }
        self.in_array = container == Container::Array;
        self.index = 0;
        self.target += 1;
        true
    }

    fn no_more_members(&self, depth: u32) -> Result<(), Error> {
        match depth == self.target && self.expects_name() {
            true => Err(Error::NotFound),
            false => Ok(()),
        }
    }

    fn leaves(&self, depth: u32) -> Result<(), Error> {
        match depth == self.target && self.index != self.wanted {
            true => Err(Error::NotFound),
            false => Ok(()),
        }
    }

    #[inline(always)]
    fn ends(&mut self, depth: u32) -> bool {
        if depth < self.target {
            return false;
        }
        if self.used == self.path.len() && self.index == self.wanted {
            return true;
        }
        self.index += usize::from(self.in_array);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::scan::MAX_DEPTH;
    use super::*;

    fn found(json: &str, path: &str) -> Result<(usize, usize), Error> {
        find(json.as_bytes(), path.as_bytes()).map(|range| (range.start, range.len()))
    }

    #[test]
    fn paths() {
        for (json, path, expected) in [
            (" 1 ", "$", Ok((1, 1))),
            ("", "$", Err(Error::NotFound)),
            (" ", "$", Err(Error::NotFound)),
            ("1", "", Err(Error::Invalid)),
            ("1", "a", Err(Error::Invalid)),
            ("1", "$.a", Err(Error::NotFound)),
            ("1 2", "$", Ok((0, 1))),
            ("1 2", "$.a", Err(Error::Invalid)),
            ("{} junk", "$", Ok((0, 2))),
            ("[1,2,3]", "$[2]", Ok((5, 1))),
            ("[1,2,3]", "$[3]", Err(Error::NotFound)),
            ("[1,2,3]", "$[]", Ok((1, 1))),
            ("[1,2,3]", "$[1", Ok((3, 1))),
            ("[1,2,3]", "$[-1]", Err(Error::NotFound)),
            ("[1,2,3]", "$[99999999999999999999]", Err(Error::NotFound)),
            ("[1,2,3]", "$.0", Err(Error::NotFound)),
            ("[1,]", "$", Ok((0, 4))),
            ("{\"a\":1,}", "$", Ok((0, 8))),
            ("{\"a\":{\"b\":[10,{\"c\":3}]}}", "$.a.b[1].c", Ok((19, 1))),
            ("{\"a\":{\"b\":[10,{\"c\":3}]}}", "$.a.b[1]", Ok((14, 7))),
            (
                "{\"a\":{\"b\":[10,{\"c\":3}]}}",
                "$.a.d",
                Err(Error::NotFound),
            ),
            ("{\"a\":1,\"a\":2}", "$.a", Ok((5, 1))),
            ("{\"a\":1,\"a\":{\"b\":2}}", "$.a.b", Err(Error::NotFound)),
            ("{\"a.b\":1}", "$.a.b", Ok((7, 1))),
            ("{\"\":1}", "$.", Ok((4, 1))),
            ("[[],[5]]", "$[1][0]", Ok((5, 1))),
            ("[{\"a\":[1,2]},{\"a\":[3,4]}]", "$[1].a[1]", Ok((21, 1))),
            ("[1}", "$", Err(Error::Invalid)),
            ("{]", "$", Err(Error::Invalid)),
            ("]", "$", Err(Error::Invalid)),
            ("}", "$", Err(Error::Invalid)),
            ("{\"a\"::1}", "$", Err(Error::Invalid)),
        ] {
            assert_eq!(found(json, path), expected, "{json} {path}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |n| open.repeat(n as usize) + "1" + &close.repeat(n as usize);
            let fits = nested(MAX_DEPTH);
            assert_eq!(found(&fits, "$"), Ok((0, fits.len())));
            assert_eq!(found(&nested(MAX_DEPTH + 1), "$"), Err(Error::TooDeep));
            assert_eq!(found(&open.repeat(10_000), "$"), Err(Error::TooDeep));
        }
    }
}
