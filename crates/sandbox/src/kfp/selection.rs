//! A cache of lists, so that the next page is not filtered and sorted again.

use std::cell::RefCell;
use std::sync::Arc;

use crate::collection::{Key, Rank};

/// Position of an object in an order: by the sort value, then by the key.
pub(super) type Place = (Rank, Key);

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
    places: Arc<Vec<Place>>,
}

impl Selections {
    /// Returns the selection with that identity. It is made again if anything has changed since.
    pub(super) fn get(
        &self,
        changes: u64,
        identity: &str,
        make: impl FnOnce() -> Vec<Place>,
    ) -> Arc<Vec<Place>> {
        let mut held = self.held.borrow_mut();
        held.retain(|selection| selection.changes == changes);
        let known = held.iter().find(|selection| selection.identity == identity);
        if let Some(known) = known {
            return Arc::clone(&known.places);
        }
        if held.len() == MOST {
            held.remove(0);
        }
        let places = Arc::new(make());
        held.push(Selection {
            changes,
            identity: identity.to_owned(),
            places: Arc::clone(&places),
        });
        places
    }
}
