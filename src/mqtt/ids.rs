//! Packet identifiers (section 2.2.1).
#![forbid(unsafe_code)]

/// A set of packet identifiers.
#[derive(Default)]
pub struct Ids {
    bits: Vec<u64>,
}

impl Ids {
    /// Makes room for all of them. False when memory is exhausted.
    pub fn make(&mut self) -> bool {
        const WORDS: usize = (u16::MAX as usize + 1) / u64::BITS as usize;
        if self.bits.is_empty() && self.bits.try_reserve_exact(WORDS).is_ok() {
            self.bits.resize(WORDS, 0);
        }
        !self.bits.is_empty()
    }

    fn place(id: u16) -> (usize, u64) {
        (usize::from(id / 64), 1 << (id % 64))
    }

    pub fn contains(&self, id: u16) -> bool {
        let (at, bit) = Ids::place(id);
        self.bits.get(at).is_some_and(|word| word & bit != 0)
    }

    pub fn set(&mut self, id: u16, on: bool) {
        let (at, bit) = Ids::place(id);
        if let Some(word) = self.bits.get_mut(at) {
            *word = if on { *word | bit } else { *word & !bit };
        }
    }
}

#[cfg(test)]
impl Ids {
    pub fn len(&self) -> usize {
        self.bits
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }
}
