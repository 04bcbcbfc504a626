//! `%`-formatting: one formatter for every printing function of the API.
//!
//! [`directive`] reads the format; [`pad`], [`hex`] and [`double`] turn numbers into text;
//! [`ffi`] takes the arguments and knows where text goes.

pub mod address;
pub mod directive;
pub mod double;
pub mod escape;
pub mod ffi;
pub mod hex;
pub mod pad;
pub mod stack;

/// Where formatted text goes.
pub trait Sink {
    /// Appends `bytes`.
    fn put(&mut self, bytes: &[u8]);

    /// Appends `byte` `count` times.
    fn fill(&mut self, byte: u8, mut count: usize) {
        let run = [byte; 32];
        while count > 0 {
            let n = count.min(run.len());
            self.put(&run[..n]);
            count -= n;
        }
    }
}

#[cfg(test)]
impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}
