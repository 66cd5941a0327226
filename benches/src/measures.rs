//! What is measured, in the order of the results.

mod allocations;
mod calls;
mod generation;
mod layers;
mod lists;
mod operations_linked;
mod prefetch;
mod start;
mod token;
mod upload;
mod user_build;
mod waiting;

use crate::report::Report;
use crate::{Bench, Result};

type Measure = fn(&Bench, &mut Report) -> Result<()>;

/// What takes long, and is left out of a quick run.
pub const LONG: &[&str] = &["waiting", "user-build", "operations-linked"];

/// The measures by name.
pub const ALL: &[(&str, Measure)] = &[
    ("calls", calls::measure),
    ("layers", layers::measure),
    ("allocations", allocations::measure),
    ("lists", lists::measure),
    ("prefetch", prefetch::measure),
    ("token", token::measure),
    ("upload", upload::measure),
    ("waiting", waiting::measure),
    ("generation", generation::measure),
    ("user-build", user_build::measure),
    ("start", start::measure),
    ("operations-linked", operations_linked::measure),
];
