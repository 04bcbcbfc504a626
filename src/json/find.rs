//! The way from a path to a value.
#![forbid(unsafe_code)]

use super::is_space;
use super::number::token_len;
use super::text::string_len;
use std::ops::Range;

/// How deep objects and arrays may be nested.
const MAX_DEPTH: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// The path does not begin with `$`, or the text up to the value is not JSON.
    Invalid,
    /// There is no such value, or the text ends too early.
    NotFound,
}

/// What may come next, apart from white space.
#[derive(Clone, Copy)]
enum Next {
    Value,
    /// A name, or the end of the object.
    Name,
    Colon,
    /// A comma, or the end of the object or array.
    Comma,
}

/// Where the value is that `path` leads to: `$` is all of the text, `.name` steps into an object,
/// `[1]` into an array.
///
/// The text is read once, up to the end of the value; what is behind is not looked at. Names are
/// compared as they stand in the text, and the first of equal names counts. A comma may stand
/// before the end of an object or array.
pub fn find(json: &[u8], path: &[u8]) -> Result<Range<usize>, Error> {
    let mut walk = Walk::new(path)?;
    let mut next = Next::Value;
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let mut end = at + 1;
        let mut complete = false;
        match (next, byte) {
            _ if is_space(byte) => {}
            (Next::Value, b'{') => {
                walk.begin(at);
                walk.open(b'{')?;
                next = Next::Name;
            }
            (Next::Value, b'[') => {
                walk.begin(at);
                walk.open(b'[')?;
            }
            (Next::Value | Next::Comma, b']') if walk.depth > 0 => {
                walk.close(b'[')?;
                complete = true;
            }
            (Next::Value, _) => {
                walk.begin(at);
                end = at + scalar_len(&json[at..]).ok_or(Error::Invalid)?;
                complete = true;
            }
            (Next::Name, b'"') => {
                end = at + string_len(&json[at..]).ok_or(Error::Invalid)?;
                walk.name(&json[at + 1..end - 1])?;
                next = Next::Colon;
            }
            (Next::Comma, b'}') if walk.depth > 0 && walk.misses_name() => {
                return Err(Error::NotFound);
            }
            (Next::Name | Next::Comma, b'}') if walk.depth > 0 => {
                walk.close(b'{')?;
                complete = true;
            }
            (Next::Colon, b':') => next = Next::Value,
            (Next::Comma, b',') if walk.depth > 0 => next = walk.behind_comma(),
            _ => return Err(Error::Invalid),
        }
        if complete {
            if walk.is_there() {
                return Ok(walk.candidate..end);
            }
            walk.step();
            next = Next::Comma;
        }
        at = end;
    }
    Err(Error::NotFound)
}

/// The length of the string, number, true, false or null at the front.
fn scalar_len(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_len(text),
        b'-' | b'0'..=b'9' => Some(token_len(text)),
        _ => {
            let words: [&[u8]; 3] = [b"true", b"false", b"null"];
            let word = words.iter().find(|word| text.starts_with(word))?;
            Some(word.len())
        }
    }
}

/// How far text and path have been followed.
struct Walk<'a> {
    path: &'a [u8],
    /// How much of the path has been used.
    used: usize,
    /// The opening brackets of the objects and arrays around the current position.
    open: [u8; MAX_DEPTH],
    depth: usize,
    /// The depth of the values that the used part of the path may lead to.
    target: usize,
    /// The index that the path asks for at that depth, and the index of the current element.
    wanted: Option<usize>,
    index: Option<usize>,
    /// Start of the last value at that depth.
    candidate: usize,
}

impl<'a> Walk<'a> {
    fn new(path: &'a [u8]) -> Result<Walk<'a>, Error> {
        if path.first() != Some(&b'$') {
            return Err(Error::Invalid);
        }
        Ok(Walk {
            path,
            used: 1,
            open: [0; MAX_DEPTH],
            depth: 0,
            target: 0,
            wanted: None,
            index: None,
            candidate: 0,
        })
    }

    fn at_target(&self) -> bool {
        self.depth == self.target
    }

    /// A value begins.
    fn begin(&mut self, at: usize) {
        if self.at_target() {
            self.candidate = at;
        }
    }

    /// Whether the value that ends here is what the path leads to.
    fn is_there(&self) -> bool {
        self.at_target() && self.used == self.path.len() && self.index == self.wanted
    }

    /// A value ended.
    fn step(&mut self) {
        if self.at_target()
            && let Some(index) = &mut self.index
        {
            *index += 1;
        }
    }

    /// Enters an object or array, and takes the step of the path that leads into it.
    fn open(&mut self, bracket: u8) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        if self.at_target() && self.index == self.wanted {
            match (bracket, self.path.get(self.used)) {
                (b'{', Some(b'.')) => {
                    self.used += 1;
                    self.target += 1;
                    (self.wanted, self.index) = (None, None);
                }
                (b'[', Some(b'[')) => {
                    self.target += 1;
                    (self.wanted, self.index) = (Some(self.take_index()), Some(0));
                }
                _ => {}
            }
        }
        self.open[self.depth] = bracket;
        self.depth += 1;
        Ok(())
    }

    /// Takes `[index]` off the path, where the bracket may be missing at the end. What is not a
    /// number gives one that no element has.
    fn take_index(&mut self) -> usize {
        let rest = &self.path[self.used + 1..];
        let len = memchr::memchr(b']', rest).unwrap_or(rest.len());
        self.used = (self.used + len + 2).min(self.path.len());
        rest[..len]
            .iter()
            .try_fold(0usize, |value, &byte| {
                let digit = char::from(byte).to_digit(10)?;
                value.checked_mul(10)?.checked_add(digit as usize)
            })
            .unwrap_or(usize::MAX)
    }

    fn close(&mut self, bracket: u8) -> Result<(), Error> {
        if self.at_target() && self.index != self.wanted {
            return Err(Error::NotFound);
        }
        if self.open[self.depth - 1] != bracket {
            return Err(Error::Invalid);
        }
        self.depth -= 1;
        Ok(())
    }

    fn behind_comma(&self) -> Next {
        match self.open[self.depth - 1] {
            b'{' => Next::Name,
            _ => Next::Value,
        }
    }

    /// Compares a name with the path.
    fn name(&mut self, name: &[u8]) -> Result<(), Error> {
        if self.depth > self.target {
            return Ok(());
        }
        // The object that the path led to is over, or the member with the wanted name is, and
        // its value did not fit the rest of the path.
        if self.depth < self.target || !self.expects_name() {
            return Err(Error::NotFound);
        }
        let rest = &self.path[self.used..];
        if rest.starts_with(name) && matches!(rest.get(name.len()), None | Some(b'.' | b'[')) {
            self.used += name.len();
        }
        Ok(())
    }

    fn expects_name(&self) -> bool {
        self.path[self.used - 1] == b'.'
    }

    /// Whether the object that ends here has no member with the wanted name.
    fn misses_name(&self) -> bool {
        self.at_target() && self.expects_name()
    }
}

#[cfg(test)]
mod tests {
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
            let nested = |n| open.repeat(n) + "1" + &close.repeat(n);
            let fits = nested(MAX_DEPTH);
            assert_eq!(found(&fits, "$"), Ok((0, fits.len())));
            assert_eq!(found(&nested(MAX_DEPTH + 1), "$"), Err(Error::TooDeep));
            assert_eq!(found(&open.repeat(10_000), "$"), Err(Error::TooDeep));
        }
    }
}
