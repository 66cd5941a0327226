//! How far a stream is in a list that is paged by time.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use siphasher::sip::SipHasher24;

use super::page::ListPage;

/// The time of the last item, and which items of that time were given.
///
/// Others may come to stand between them, so that to count them is not enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub last: Option<i64>,
    /// How many equal items were given, by their digest: items may be long, and are not to be kept.
    #[serde(deserialize_with = "counts")]
    given: BTreeMap<u64, u64>,
}

impl Cursor {
    /// Takes note of an item that is given.
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

    /// Leaves out of a page what was given before it.
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

/// The same for equal items in every process; what cannot be written as JSON counts as equal.
///
/// It has 64 bits, from which an item can only be guessed, and need not withstand forgers: who can change a
/// resume point can start the list anywhere.
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
