//! A cache of filtered lists, so that the next page is not filtered again.

use std::cell::RefCell;
use std::sync::Arc;

/// Maximum number of lists in the cache.
const MOST: usize = 8;

#[derive(Default)]
pub(super) struct Selections {
    /// The selections, newest last.
    held: RefCell<Vec<Selection>>,
}

struct Selection {
    changes: u64,
    identity: String,
    numbers: Arc<Vec<u64>>,
}

impl Selections {
    /// Returns the selection with that identity. It is made again if anything has changed since.
    pub(super) fn get(
        &self,
        changes: u64,
        identity: &str,
        make: impl FnOnce() -> Vec<u64>,
    ) -> Arc<Vec<u64>> {
        let mut held = self.held.borrow_mut();
        held.retain(|selection| selection.changes == changes);
        let known = held.iter().find(|selection| selection.identity == identity);
        if let Some(known) = known {
            return Arc::clone(&known.numbers);
        }
        if held.len() == MOST {
            held.remove(0);
        }
        let numbers = Arc::new(make());
        held.push(Selection {
            changes,
            identity: identity.to_owned(),
            numbers: Arc::clone(&numbers),
        });
        numbers
    }
}
