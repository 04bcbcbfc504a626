//! The grammar.
#![forbid(unsafe_code)]

use super::is_space;
use super::number::token_len;
use super::text::string_len;
use std::ops::Range;

/// How deep objects and arrays may be nested.
pub const MAX_DEPTH: u32 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// The path does not begin with `$`, or the text up to the value is not JSON.
    Invalid,
    /// There is no such value, or the text ends too early.
    NotFound,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Container {
    Array = 0,
    Object = 1,
}

/// What is looked for in a text, and is told what is there. Depths are those of the value at hand,
/// of the object or array that is entered, and of the members and elements of the one that ends.
pub trait Goal {
    /// A value begins at an offset.
    fn begins(&mut self, _depth: u32, _at: usize) {}
    fn name(&mut self, _depth: u32, _name: &[u8]) -> Result<(), Error> {
        Ok(())
    }
    /// Whether the contents of an object or array matter.
    fn enters(&mut self, _depth: u32, _container: Container) -> bool {
        true
    }
    /// An object ends behind a member.
    fn no_more_members(&self, _depth: u32) -> Result<(), Error> {
        Ok(())
    }
    fn leaves(&self, _depth: u32) -> Result<(), Error> {
        Ok(())
    }
    /// Whether the value that ends here is what is looked for.
    fn ends(&mut self, depth: u32) -> bool;
}

/// The end of a value at this depth.
struct End(u32);

impl Goal for End {
    fn ends(&mut self, depth: u32) -> bool {
        depth == self.0
    }
}

/// Where the value at the front of a text is.
pub fn first_value(json: &[u8]) -> Option<Range<usize>> {
    let mut first = First { start: 0 };
    let end = Scanner::new(json).scan(&mut first).ok()?.at;
    Some(first.start..end)
}

/// The end of the first value.
struct First {
    start: usize,
}

impl Goal for First {
    #[inline(always)]
    fn begins(&mut self, _depth: u32, at: usize) {
        self.start = at;
    }
    #[inline(always)]
    fn enters(&mut self, _depth: u32, _container: Container) -> bool {
        // It is skipped as a whole.
        false
    }
    #[inline(always)]
    fn ends(&mut self, _depth: u32) -> bool {
        true
    }
}

/// A position in a text.
#[derive(Clone, Copy)]
pub struct Scanner<'a> {
    json: &'a [u8],
    pub at: usize,
    /// A bit for each object or array around the position, 1 for an object. The lowest is the
    /// innermost.
    containers: u32,
    depth: u32,
}

impl<'a> Scanner<'a> {
    pub fn new(json: &'a [u8]) -> Scanner<'a> {
        Scanner {
            json,
            at: 0,
            containers: 0,
            depth: 0,
        }
    }

    /// Goes on to the end of what is looked for.
    #[inline(always)]
    pub fn scan(mut self, goal: &mut impl Goal) -> Result<Scanner<'a>, Error> {
        loop {
            let complete = self.in_object() && self.name(goal)? || self.value(goal)?;
            if complete && self.behind_value(goal)? {
                return Ok(self);
            }
        }
    }

    /// Goes on to the end of the innermost object or array. This is where most of a text is read,
    /// with little to remember.
    #[inline(never)]
    fn skip(self) -> Result<Scanner<'a>, Error> {
        self.scan(&mut End(self.depth - 1))
    }

    /// The next byte that is not white space.
    #[inline(always)]
    fn peek(&mut self) -> Result<u8, Error> {
        loop {
            match self.json.get(self.at) {
                Some(&byte) if is_space(byte) => {
                    self.at += 1;
                    // Indentation.
                    while self.json[self.at..].starts_with(b"    ") {
                        self.at += 4;
                    }
                }
                Some(&byte) => return Ok(byte),
                None => return Err(Error::NotFound),
            }
        }
    }

    #[inline(always)]
    fn in_object(&self) -> bool {
        self.containers & 1 == Container::Object as u32
    }

    /// Takes a name and its colon, or the end of the object. Returns whether it was the end.
    #[inline(always)]
    fn name(&mut self, goal: &mut impl Goal) -> Result<bool, Error> {
        match self.peek()? {
            b'"' => {
                let text = &self.json[self.at..];
                let len = string_len(text).ok_or(Error::Invalid)?;
                goal.name(self.depth, &text[1..len - 1])?;
                self.at += len;
            }
            b'}' => {
                self.leave(goal, Container::Object)?;
                return Ok(true);
            }
            _ => return Err(Error::Invalid),
        }
        if self.peek()? != b':' {
            return Err(Error::Invalid);
        }
        self.at += 1;
        Ok(false)
    }

    /// Takes a value, or only its bracket if its contents matter, or the end of the array. Returns
    /// whether something is complete.
    #[inline(always)]
    fn value(&mut self, goal: &mut impl Goal) -> Result<bool, Error> {
        let byte = self.peek()?;
        goal.begins(self.depth, self.at);
        match byte {
            b'{' | b'[' => {
                let is_object = byte == b'{';
                let container = [Container::Array, Container::Object][usize::from(is_object)];
                return self.enter(goal, container);
            }
            b']' if self.depth > 0 => self.leave(goal, Container::Array)?,
            _ => self.at += scalar_len(&self.json[self.at..]).ok_or(Error::Invalid)?,
        }
        Ok(true)
    }

    /// Takes what is behind a value, up to and with a comma. Returns whether this value, or one
    /// that ends behind it, is what is looked for.
    #[inline(always)]
    fn behind_value(&mut self, goal: &mut impl Goal) -> Result<bool, Error> {
        while !goal.ends(self.depth) {
            match self.peek()? {
                _ if self.depth == 0 => return Err(Error::Invalid),
                b',' => {
                    self.at += 1;
                    return Ok(false);
                }
                b']' => self.leave(goal, Container::Array)?,
                b'}' => {
                    goal.no_more_members(self.depth)?;
                    self.leave(goal, Container::Object)?;
                }
                _ => return Err(Error::Invalid),
            }
        }
        Ok(true)
    }

    /// Enters an object or array, and leaves it too if its contents do not matter. Returns whether
    /// it did.
    #[inline(always)]
    fn enter(&mut self, goal: &mut impl Goal, container: Container) -> Result<bool, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        let matters = goal.enters(self.depth, container);
        self.containers = self.containers << 1 | container as u32;
        self.depth += 1;
        self.at += 1;
        if !matters {
            *self = self.skip()?;
        }
        Ok(!matters)
    }

    #[inline(always)]
    fn leave(&mut self, goal: &mut impl Goal, container: Container) -> Result<(), Error> {
        goal.leaves(self.depth)?;
        if self.containers & 1 != container as u32 {
            return Err(Error::Invalid);
        }
        self.containers >>= 1;
        self.depth -= 1;
        self.at += 1;
        Ok(())
    }
}

/// The length of the string, number, true, false or null at the front.
#[inline(always)]
fn scalar_len(text: &[u8]) -> Option<usize> {
    let word: &[u8] = match text.first()? {
        b'"' => return string_len(text),
        b'-' | b'0'..=b'9' => return Some(token_len(text)),
        b't' => b"true",
        b'f' => b"false",
        _ => b"null",
    };
    text.starts_with(word).then_some(word.len())
}
