//! Random bytes in small pieces.
#![forbid(unsafe_code)]

use super::ffi::{forks, random_bytes};
use std::cell::RefCell;

const POOL: usize = 1024;

/// Random bytes in stock, because the system's generator costs more than a short WebSocket frame.
struct Stock {
    bytes: [u8; POOL],
    used: usize,
    /// A child process must not use what its parent uses, too.
    forks: u32,
}

impl Stock {
    fn take(&mut self) -> Option<[u8; 4]> {
        if self.forks != forks() {
            return None;
        }
        let bytes = self.bytes.get_mut(self.used..)?.first_chunk_mut()?;
        self.used += 4;
        // What was used says nothing about what is to come, but need not lie around.
        Some(std::mem::take(bytes))
    }
}

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; POOL], used: POOL, forks: 0 }) };
}

/// Four bytes nobody can predict.
#[inline]
pub fn random_word() -> [u8; 4] {
    STOCK.with_borrow_mut(Stock::take).unwrap_or_else(restock)
}

#[cold]
fn restock() -> [u8; 4] {
    super::ffi::count_forks();
    let mut bytes = [0; POOL];
    random_bytes(&mut bytes);
    STOCK.with_borrow_mut(|stock| {
        *stock = Stock {
            bytes,
            used: 0,
            forks: forks(),
        };
        stock.take().expect("just filled")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_do_not_repeat() {
        let words: HashSet<_> = (0..POOL).map(|_| random_word()).collect();
        // 1024 words of 32 bits: two equal ones happen once in 8,000 runs, four never.
        assert!(words.len() > POOL - 3);
    }
}
