//! The point from which a list can be resumed.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use siphasher::sip::SipHasher24;

/// A position in a list that can be stored and resumed from, also by another process.
///
/// It belongs to one operation and to the filters and the order that were set. Set the same for the
/// stream that resumes from it. It contains no item and no credential. In a list that is paged by
/// time it contains digests of the items that have the same time as the last one.
///
/// ```
/// use compute_kfp_runtime::paging::ResumePoint;
///
/// # fn example(point: ResumePoint) -> serde_json::Result<()> {
/// let stored = serde_json::to_string(&point)?;
/// let point: ResumePoint = serde_json::from_str(&stored)?;
/// # drop(point);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumePoint {
    pub(crate) operation: String,
    pub(crate) position: Position,
    /// Digest of the filter and the order, if the token at the position contains them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held: Option<u64>,
    /// Number of items of the page at the position that have been yielded already.
    #[serde(default)]
    pub(crate) given_of_page: u64,
    /// Number of items that have been yielded in total.
    #[serde(default)]
    pub(crate) given: u64,
}

/// The position of the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Position {
    Token(Option<String>),
    Number {
        page: u64,
        /// Page size that was set; with another size, the page number refers to other items.
        size: Option<String>,
    },
    Time(Cursor),
}

/// The position in a list that is paged by time: the time of the last item, and the items of that
/// time that have been yielded.
///
/// Counting them is not enough, because new items may be inserted between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub last: Option<i64>,
    /// Number of equal items that have been yielded, by their digest. Items may be long and are not
    /// stored.
    #[serde(deserialize_with = "counts")]
    given: BTreeMap<u64, u64>,
}

impl ResumePoint {
    /// Moves past an item of the current page, which has a time in a list that is paged by time.
    pub(crate) fn pass(&mut self, item: &impl Serialize, time: Option<i64>) {
        match &mut self.position {
            Position::Time(cursor) => cursor.pass(item, time),
            Position::Token(_) | Position::Number { .. } => {
                self.given_of_page = self.given_of_page.saturating_add(1);
            }
        }
        self.given = self.given.saturating_add(1);
    }
}

impl Cursor {
    /// Records an item that is yielded.
    pub fn pass(&mut self, item: &impl Serialize, time: Option<i64>) {
        let Some(time) = time else { return };
        if self.last.is_none_or(|last| time > last) {
            self.last = Some(time);
            self.given.clear();
        }
        if self.last == Some(time) {
            let count = self.given.entry(digest(item)).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Returns whether an item has been yielded before, and counts it down if it has.
    pub fn take_given(&mut self, item: &impl Serialize, time: Option<i64>) -> bool {
        match (time, self.last) {
            (Some(time), Some(last)) if time < last => true,
            (Some(time), Some(last)) if time == last => match self.given.get_mut(&digest(item)) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    true
                }
                _ => false,
            },
            _ => false,
        }
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
            "the resume point is damaged or of another version ({error}); start the list from the beginning"
        ))
    })
}
