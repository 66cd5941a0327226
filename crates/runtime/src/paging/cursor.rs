//! The position of a stream in a list that is paged by time.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use siphasher::sip::SipHasher24;

use super::page::ListPage;

/// The time of the last item, and the items of that time that have been yielded.
///
/// Counting them is not enough, because new items may be inserted between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub last: Option<i64>,
    /// Number of equal items that have been yielded, by their digest. Items may be long and are not
    /// stored.
    #[serde(deserialize_with = "counts")]
    given: BTreeMap<u64, u64>,
}

impl Cursor {
    /// Records an item that is yielded.
    pub fn pass<P: ListPage>(&mut self, item: &P::Item) {
        let Some(time) = P::time(item) else { return };
        if self.last.is_none_or(|last| time > last) {
            self.last = Some(time);
            self.given.clear();
        }
        if self.last == Some(time) {
            let count = self.given.entry(digest(item)).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Removes the items that have been yielded before from a page.
    pub fn leave_out_given<P: ListPage>(&self, page: &mut P) {
        let Some(last) = self.last else { return };
        let mut given = self.given.clone();
        page.retain_items(|item| match P::time(item) {
            Some(time) if time < last => false,
            Some(time) if time == last => match given.get_mut(&digest(item)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            },
            _ => true,
        });
    }
}

/// Returns a digest that is the same for equal items in every process. Values that cannot be
/// written as JSON count as equal.
///
/// It has 64 bits, from which an item can only be guessed. It need not resist forgery: anyone who
/// can change a resume point can start the list anywhere.
fn digest(item: &impl Serialize) -> u64 {
    let mut value = serde_json::to_value(item).unwrap_or_default();
    value.sort_all_objects();
    SipHasher24::new().hash(value.to_string().as_bytes())
}

fn counts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<u64, u64>, D::Error> {
    BTreeMap::deserialize(deserializer).map_err(|error| {
        D::Error::custom(format!(
            "the resume point does not say which items of its time were given, since it is damaged or of another version ({error}); start the list anew"
        ))
    })
}
