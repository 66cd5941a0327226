//! The point from which a list can be resumed.

use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::page::ListPage;
use crate::error::Error;
use crate::operation::Operation;

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
/// let kept = serde_json::to_string(&point)?;
/// let point: ResumePoint = serde_json::from_str(&kept)?;
/// # drop(point);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumePoint {
    operation: String,
    pub(super) position: Position,
    /// Digest of the filter and the order, if the token at the position contains them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<u64>,
    /// Number of items of the page at the position that have been yielded already.
    #[serde(default)]
    pub(super) given_of_page: u64,
    /// Number of items that have been yielded in total.
    #[serde(default)]
    pub(super) given: u64,
}

/// The position of the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Position {
    Token(Option<String>),
    Number {
        page: u64,
        /// Page size that was set; with another size, the page number refers to other items.
        size: Option<String>,
    },
    Time(Cursor),
}

/// The list that a point belongs to.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub operation: &'static Operation,
    /// A digest of the values that its page tokens hold.
    pub held: Option<u64>,
}

impl ResumePoint {
    pub(super) fn new(list: List, position: Position, given: u64) -> Self {
        Self {
            operation: list.operation.id.to_owned(),
            position,
            held: list.held,
            given_of_page: 0,
            given,
        }
    }

    /// Moves past an item of the current page.
    pub(super) fn pass<P: ListPage>(&mut self, item: &P::Item) {
        match &mut self.position {
            Position::Time(cursor) => cursor.pass::<P>(item),
            Position::Token(_) | Position::Number { .. } => {
                self.given_of_page = self.given_of_page.saturating_add(1);
            }
        }
        self.given = self.given.saturating_add(1);
    }

    /// Checks that the position belongs to this list.
    pub(super) fn of(self, list: List) -> Result<Self, Error> {
        let operation = list.operation;
        if self.operation != operation.id {
            return Err(Error::invalid(format!(
                "the resume point is one of `{}`, not of `{}`; nothing was sent",
                self.operation, operation.id
            )));
        }
        if self.held != list.held {
            return Err(Error::invalid(
                "the resume point is one of a list with another filter or order, which have to be \
                 set again; nothing was sent",
            ));
        }
        Ok(self)
    }

    pub(super) fn foreign(operation: &'static Operation) -> Error {
        Error::invalid(format!(
            "the resume point does not fit how `{}` is paged; nothing was sent",
            operation.id
        ))
    }
}
