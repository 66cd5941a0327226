//! Where a list goes on.

use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::page::ListPage;
use crate::error::Error;
use crate::operation::Operation;
use crate::request::Request;

/// A place in a list, to be kept and gone on from, also by another process.
///
/// It belongs to one operation, and to the filters and the order that were set; give the same to the
/// stream that goes on from it. It holds no item and no credential; in a list that is paged by time it
/// holds digests of the items that share the time of the last one.
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
    /// A digest of the filter and the order, where the token at the position holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<u64>,
    /// How many items of the page at the position were given already.
    #[serde(default)]
    pub(super) given_of_page: u64,
    /// How many items were given in all.
    #[serde(default)]
    pub(super) given: u64,
}

/// Which page comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Position {
    Token(Option<String>),
    Number {
        page: u64,
        /// The size that was set; with another, the number means other items.
        size: Option<String>,
    },
    Time(Cursor),
}

impl ResumePoint {
    pub(super) fn new(request: &Request, position: Position, given: u64) -> Self {
        Self {
            operation: request.operation().id.to_owned(),
            position,
            held: request.held_by_token(),
            given_of_page: 0,
            given,
        }
    }

    /// Moves behind an item of the page that is here.
    pub(super) fn pass<P: ListPage>(&mut self, item: &P::Item) {
        match &mut self.position {
            Position::Time(cursor) => cursor.pass::<P>(item),
            Position::Token(_) | Position::Number { .. } => {
                self.given_of_page = self.given_of_page.saturating_add(1);
            }
        }
        self.given = self.given.saturating_add(1);
    }

    /// The position, if it is one of this list.
    pub(super) fn of(self, request: &Request) -> Result<Self, Error> {
        let operation = request.operation();
        if self.operation != operation.id {
            return Err(Error::invalid(format!(
                "the resume point is one of `{}`, not of `{}`; nothing was sent",
                self.operation, operation.id
            )));
        }
        if self.held != request.held_by_token() {
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
