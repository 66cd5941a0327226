//! Changes on the wire, which the crate `drift` finds.

use drift::{ChangeClass, ChangeComparison};
use serde_json::Value;

use crate::error::Error;

/// A change in what is sent or received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireChange {
    /// JSON pointer into the OpenAPI 3.0 form of the new version, or of the old one for removed
    /// parts.
    pub place: String,
    /// The change itself.
    pub message: String,
    /// Whether clients of the old version may fail.
    pub breaks_old_clients: bool,
}

impl WireChange {
    pub(super) fn line(&self) -> String {
        let breaking = if self.breaks_old_clients {
            " (breaks old clients)"
        } else {
            ""
        };
        format!("`{}`: {}{breaking}", self.place, self.message)
    }
}

pub(super) fn changes(file: &str, old: &Value, new: &Value) -> Result<Vec<WireChange>, Error> {
    let found = drift::compare(old, new).map_err(|error| {
        Error::one(
            file,
            "",
            format!("the documents cannot be compared: {error:#}"),
            "this is a bug in the comparison; report it together with both documents",
        )
    })?;
    let mut changes = Vec::new();
    for group in found {
        let Some(path) = group.paths.first() else {
            continue;
        };
        let breaks_input = group
            .paths
            .iter()
            .any(|path| path.comparison != ChangeComparison::Output);
        for change in group.changes {
            let breaks_old_clients = match change.class {
                ChangeClass::Trivial => continue,
                ChangeClass::BackwardIncompatible | ChangeClass::Incompatible => true,
                ChangeClass::ForwardIncompatible => false,
                ChangeClass::Unhandled => breaks_input,
            };
            let (side, subpath) = if change.new_subpath.is_empty() {
                (&path.old, &change.old_subpath)
            } else {
                (&path.new, &change.new_subpath)
            };
            let (base, _) = side.base_and_subpath();
            let mut place = base.to_owned();
            if !subpath.is_empty() {
                place = format!("{place}/{subpath}");
            }
            changes.push(WireChange {
                place,
                message: change.message,
                breaks_old_clients,
            });
        }
    }
    Ok(changes)
}
