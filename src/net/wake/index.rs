//! Where connections are, by identifier: which of thousands an item is for must not take a walk over all.

use crate::ffi::heap::strictly;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_ulong;

/// Identifiers, and places in the manager's table of registered connections. It is a hint: programs may
/// write identifiers, and without memory an entry is missing.
#[derive(Default)]
pub struct Index(RefCell<Option<HashMap<c_ulong, u32>>>);

impl Index {
    /// Begins to take entries. Without that, nothing is kept.
    pub fn open(&self) {
        *self.0.borrow_mut() = Some(HashMap::new());
    }

    pub fn close(&self) {
        *self.0.borrow_mut() = None;
    }

    pub fn insert(&self, id: c_ulong, slot: u32) {
        if let Some(slots) = &mut *self.0.borrow_mut()
            && strictly(|| slots.try_reserve(1)).is_ok()
        {
            slots.insert(id, slot);
        }
    }

    pub fn remove(&self, id: c_ulong) {
        if let Some(slots) = &mut *self.0.borrow_mut() {
            slots.remove(&id);
        }
    }

    pub fn get(&self, id: c_ulong) -> Option<usize> {
        let slots = self.0.borrow();
        slots.as_ref()?.get(&id).map(|slot| *slot as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn entries_are_kept_while_it_is_open() {
        let index = Index::default();
        index.insert(1, 10);
        assert_eq!(index.get(1), None);
        index.open();
        index.insert(1, 10);
        index.insert(2, 20);
        index.insert(1, 11);
        index.remove(2);
        index.remove(3);
        assert_eq!((index.get(1), index.get(2)), (Some(11), None));
        index.close();
        assert_eq!(index.get(1), None);
    }
}
