//! A heap of deadlines, one per key.
#![forbid(unsafe_code)]

/// Keys are small numbers that are used again, such as indices of a table.
#[derive(Default)]
pub struct Deadlines {
    /// No entry is due before its parent, which stands at `(i - 1) / 2`.
    heap: Vec<Entry>,
    /// Where the entry of each key stands, plus one; 0 for none.
    places: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    at: u64,
    key: u32,
}

impl Deadlines {
    /// The earliest deadline.
    pub fn next(&self) -> Option<u64> {
        self.heap.first().map(|entry| entry.at)
    }

    /// Sets the deadline of a key, unless it has an earlier one. False when memory is exhausted.
    pub fn advance(&mut self, key: u32, at: u64) -> bool {
        if let Some(i) = self.place(key) {
            if at < self.heap[i].at {
                self.heap[i].at = at;
                self.rise(i);
            }
            return true;
        }
        let missing = (key as usize + 1).saturating_sub(self.places.len());
        if self.places.try_reserve(missing).is_err() || self.heap.try_reserve(1).is_err() {
            return false;
        }
        self.places.resize(self.places.len() + missing, 0);
        self.heap.push(Entry { at, key });
        self.rise(self.heap.len() - 1);
        true
    }

    pub fn remove(&mut self, key: u32) {
        let Some(i) = self.place(key) else { return };
        self.places[key as usize] = 0;
        let Some(last) = self.heap.pop() else { return };
        if i < self.heap.len() {
            self.heap[i] = last;
            self.rise(i);
            self.sink(i);
        }
    }

    /// Takes out a key whose deadline is not after `now`.
    pub fn pop(&mut self, now: u64) -> Option<u32> {
        let Entry { at, key } = *self.heap.first()?;
        if at > now {
            return None;
        }
        self.remove(key);
        Some(key)
    }

    fn place(&self, key: u32) -> Option<usize> {
        let place = *self.places.get(key as usize)?;
        place.checked_sub(1).map(|i| i as usize)
    }

    /// Moves the entry at `i` up until it is in order, and notes where it stands.
    fn rise(&mut self, mut i: usize) {
        let entry = self.heap[i];
        while i > 0 && entry.at < self.heap[(i - 1) / 2].at {
            self.put(i, self.heap[(i - 1) / 2]);
            i = (i - 1) / 2;
        }
        self.put(i, entry);
    }

    /// Moves the entry at `i` down until it is in order.
    fn sink(&mut self, mut i: usize) {
        let entry = self.heap[i];
        loop {
            let children = [2 * i + 1, 2 * i + 2];
            let least = children
                .into_iter()
                .filter(|&child| child < self.heap.len())
                .min_by_key(|&child| self.heap[child].at);
            match least {
                Some(child) if self.heap[child].at < entry.at => {
                    self.put(i, self.heap[child]);
                    i = child;
                }
                _ => break,
            }
        }
        self.put(i, entry);
    }

    fn put(&mut self, i: usize, entry: Entry) {
        self.heap[i] = entry;
        self.places[entry.key as usize] = i as u32 + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_deadline_only_moves_forward_in_time() {
        let mut deadlines = Deadlines::default();
        assert!(deadlines.advance(3, 50));
        assert!(deadlines.advance(3, 70));
        assert_eq!(deadlines.next(), Some(50));
        assert!(deadlines.advance(3, 20));
        assert_eq!(deadlines.next(), Some(20));
        assert_eq!(deadlines.pop(19), None);
        assert_eq!(deadlines.pop(20), Some(3));
        assert_eq!(deadlines.pop(u64::MAX), None);
        assert!(deadlines.advance(3, 70));
        assert_eq!(deadlines.next(), Some(70));
    }

    #[derive(Debug, Clone)]
    enum Action {
        Advance(u32, u64),
        Remove(u32),
        Pop(u64),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            4 => (0u32..40, 0u64..100).prop_map(|(key, at)| Action::Advance(key, at)),
            1 => (0u32..50).prop_map(Action::Remove),
            2 => (0u64..100).prop_map(Action::Pop),
        ]
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(actions in proptest::collection::vec(action(), 0..300)) {
            let mut deadlines = Deadlines::default();
            let mut model = BTreeMap::new();
            for action in actions {
                match action {
                    Action::Advance(key, at) => {
                        prop_assert!(deadlines.advance(key, at));
                        let known = model.entry(key).or_insert(at);
                        *known = at.min(*known);
                    }
                    Action::Remove(key) => {
                        deadlines.remove(key);
                        model.remove(&key);
                    }
                    Action::Pop(now) => {
                        let earliest = model.values().min().copied();
                        match deadlines.pop(now) {
                            // Which of several with the same deadline comes first is open.
                            Some(key) => {
                                prop_assert_eq!(model.remove(&key), earliest);
                                prop_assert!(earliest <= Some(now));
                            }
                            None => prop_assert!(earliest.is_none_or(|at| at > now)),
                        }
                    }
                }
                prop_assert_eq!(deadlines.next(), model.values().min().copied());
            }
        }
    }
}
